# What a release consists of, all of it in dist/ and the same bytes whenever and
# wherever it is made of the same commit with the same Go: SOURCE_DATE_EPOCH is
# the only time that anything is dated with.
ARCHES ?= amd64 arm64
DIST ?= dist

# Nothing of the environment may change a release. The FIPS module is the
# validated one, and on by default in what is built with it.
RELEASE = GOFLAGS= GOEXPERIMENT= GOAMD64=v1 GOARM64=v8.0 GOFIPS140=v1.0.0 CGO_ENABLED=0 GOOS=linux
RELEASED = $(foreach arch,$(ARCHES),$(DIST)/stigwatch-$(VERSION)-$(arch))

.PHONY: binaries manual notices sboms vuln dist release rigs-release

rigs: rigs-release
rigs-release:
	@{ command -v mandoc && command -v groff && command -v zsh && command -v fish && command -v gpg && command -v npm; } >/dev/null 2>&1 || { \
		command -v apt-get >/dev/null || { echo "install mandoc, groff, zsh, fish, gnupg, nodejs and npm: the tests have them read what is packaged" >&2; exit 1; }; \
		sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
		packages="mandoc groff-base zsh fish gnupg"; command -v npm >/dev/null || packages="$$packages nodejs npm"; \
		$$sudo apt-get update -q && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -yq --no-install-recommends $$packages; }
	@[ -d "$(RIGS)/cyclonedx/node_modules/@cyclonedx" ] || { mkdir -p "$(RIGS)/cyclonedx"; \
		npm install --silent --ignore-scripts --no-audit --no-fund --omit=optional --prefix "$(RIGS)/cyclonedx" \
			@cyclonedx/cyclonedx-library@7.1.0 ajv@8.17.1 ajv-formats@3.0.1 ajv-formats-draft2019@1.6.1; }

# Go looks itself what is old.
binaries: $(RELEASED)
.PHONY: $(RELEASED)
$(RELEASED): $(DIST)/stigwatch-$(VERSION)-%:
	$(RELEASE) GOARCH=$* go build -trimpath -buildvcs=false -ldflags "$(LINKER)" -o $@ .
	@go run ./packaging/fips $@ || { rm -f $@; exit 1; }

manual:
	rm -rf $(DIST)/tree/man $(DIST)/tree/completions
	go run ./packaging/manual -version "$(VERSION)" -out $(DIST)/tree

# The licences of what is linked into the binaries. A new one has to be allowed.
documents: notices
notices: binaries
	go run ./packaging/notices -out $(DIST)/tree/doc $(RELEASED)
	cp NOTICE SECURITY.md $(wildcard LICENSE) $(DIST)/tree/doc/

# Beside each binary and each package that is there.
sboms: binaries
	go run ./packaging/sbom -dir $(DIST) -version "$(VERSION)"

# Known vulnerabilities in what is linked. GOVULNDB is another database than Go's
# own, such as a folder; VULN=skip checks nothing, and BUILD-INFO says so.
vuln:
	@mkdir -p $(DIST)/tree
	go run ./packaging/vuln -arches "$(ARCHES)" -result $(DIST)/tree/vulnerabilities $(if $(filter skip,$(VULN)),-skip)

# All files of a release, from nothing; signed with STIGWATCH_SIGNING_KEY.
dist:
	rm -rf $(DIST)
	$(MAKE) vuln
	$(MAKE) packages
	$(MAKE) sboms
	DIST="$(DIST)" VERSION="$(VERSION)" COMMIT="$(COMMIT)" ARCHES="$(ARCHES)" TESTS="$(TESTS)" \
		VULNERABILITIES="$$(cat $(DIST)/tree/vulnerabilities)" sh packaging/build-info.sh >$(DIST)/BUILD-INFO
	DIST="$(DIST)" sh packaging/sums.sh

# What is released is a commit that passed every gate.
release:
	@case "$(COMMIT)" in ""|*-dirty) echo "cannot release: $(or $(COMMIT),this tree) is no commit" >&2; exit 1;; esac
	$(MAKE) vuln
	$(MAKE) test
	$(MAKE) dist TESTS=passed
