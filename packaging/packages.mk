# Packages, and the container that they are tried in: `make test-boot`.
.PHONY: packages documents test-boot rigs-boot

packages: binaries manual documents selinux
	DIST="$(DIST)" VERSION="$(VERSION)" ARCHES="$(ARCHES)" sh packaging/packages.sh

documents:
	mkdir -p $(DIST)/tree/doc
	cp README.md CHANGELOG.md docs/*.md $(DIST)/tree/doc/

rigs-boot:
	@{ command -v systemd-nspawn && command -v mmdebstrap && command -v systemd-analyze && command -v rpm && command -v lintian && command -v rpmlint; } >/dev/null 2>&1 || { \
		command -v apt-get >/dev/null || { echo "install systemd-container, mmdebstrap, rpm, lintian and rpmlint: the tests boot a container and look at packages" >&2; exit 1; }; \
		sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
		$$sudo apt-get update -q && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -yq --no-install-recommends systemd-container mmdebstrap rpm lintian rpmlint; }
	@for suite in bullseye bookworm trixie; do sh testdata/boot/base.sh $$suite; done

# An older version, to upgrade from, with another default configuration, and a newer one.
test-boot: rigs-boot
	mkdir -p dist
	sed 's/^# stigwatch: .*/# stigwatch: how it was before/' packaging/stigwatch.yaml >dist/older.yaml
	CONFIGURATION=dist/older.yaml $(MAKE) packages DIST=dist/boot/0.9.0 VERSION=0.9.0 ARCHES=$$(go env GOARCH)
	$(MAKE) packages DIST=dist/boot/0.9.1 VERSION=0.9.1 ARCHES=$$(go env GOARCH)
	STIGWATCH_BOOT="$(CURDIR)/dist/boot" go test . -run Boot -count 1 -v -timeout 30m
