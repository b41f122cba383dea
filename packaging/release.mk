# What a release consists of, all of it in dist/ and the same bytes whenever and
# wherever it is made of the same commit with the same Go: SOURCE_DATE_EPOCH is
# the only time that anything is dated with.
ARCHES = amd64 arm64
TOOL = go tool -modfile=packaging/tools/go.mod

# Nothing of the environment may change a release. The FIPS module is the
# validated one, and on by default in what is built with it.
RELEASE = GOFLAGS= GOEXPERIMENT= GOAMD64=v1 GOARM64=v8.0 GOFIPS140=v1.0.0 CGO_ENABLED=0 GOOS=linux
RELEASED = $(foreach arch,$(ARCHES),dist/stigwatch-$(VERSION)-$(arch))

.PHONY: binaries manual rigs-release

rigs: rigs-release
rigs-release:
	@{ command -v mandoc && command -v groff && command -v zsh && command -v fish; } >/dev/null 2>&1 || { \
		command -v apt-get >/dev/null || { echo "install mandoc, groff, zsh and fish: the tests have them read what is packaged" >&2; exit 1; }; \
		sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
		$$sudo apt-get update -q && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -yq --no-install-recommends mandoc groff-base zsh fish; }

# Go looks itself what is old.
binaries: $(RELEASED)
.PHONY: $(RELEASED)
$(RELEASED): dist/stigwatch-$(VERSION)-%:
	$(RELEASE) GOARCH=$* go build -trimpath -buildvcs=false -ldflags "$(LINKER)" -o $@ .

manual:
	rm -rf dist/tree/man dist/tree/completions
	go run ./packaging/manual -version "$(VERSION)" -out dist/tree
