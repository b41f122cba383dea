# make demo   see the main job work, on a private copy of a little appliance
# make test   every gate: tests under the race detector, cryptography in FIPS mode too, Rego tests, format, vet, staticcheck
# make bench  the speed of change → alert, beside its floor
# make soak   minutes of kills, broken receivers and a full disk: nothing may be lost
# make test-vm  a virtual machine: real auditd, a clock that jumps, power cuts, SELinux in Enforcing (minutes)
# make selinux  the SELinux policy module, in dist/selinux/
# make build  the static binary ./stigwatch, with the certified cryptographic module
# make binaries manual  what packages are made of, in dist/
# make vuln   known vulnerabilities in what is linked
# make release  every gate, then all files of a release in dist/: packages, bills of material, checksums (make dist: without the tests)
# make packages   RPM and DEB of the agent, its enforcer and its SELinux module, in dist/
# make test-boot  containers with a real systemd: install, upgrade, kill, remove, purge (minutes)
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
# Wildcards skip testdata, where the little appliances' generator lives.
PACKAGES = ./... ./testdata ./testdata/appliance/gen ./testdata/appliance/gen/certs ./agent/alert/testdata/rig
# Tested again as they are released, in FIPS mode: what uses cryptography, and the daemon as a whole.
CRYPTOGRAPHY = ./agent ./agent/alert ./agent/appliance ./agent/cli ./agent/config ./agent/facts ./agent/fips ./agent/journal ./agent/lens ./agent/probe
VERSION ?= $(shell sh packaging/version.sh 2>/dev/null || echo dev)
COMMIT ?= $(shell git describe --always --dirty --abbrev=40 --exclude '*' 2>/dev/null)
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
LINKER = -s -w -X stigwatch/agent/cli.buildVersion=$(VERSION) -X stigwatch/agent/cli.buildCommit=$(COMMIT) -X stigwatch/agent/cli.buildEpoch=$(SOURCE_DATE_EPOCH)

# Where npm packages lie that only tests use: os.UserCacheDir of Go.
RIGS = $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/stigwatch-rigs

.PHONY: build demo test test-vm bench soak rigs fmt

# A release is built with the certified cryptographic module, and starts in FIPS mode: what the linker left in it has to say so.
build:
	GOFIPS140=v1.0.0 CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "$(LINKER)" -o stigwatch .
	@go run ./packaging/fips stigwatch || { rm -f stigwatch; exit 1; }

demo: build
	./stigwatch demo

# Programs that tests run for real. Nothing is started as a service.
rigs: rigs-selinux
	@{ command -v rsyslogd && command -v openssl && command -v dbus-daemon && command -v lognormalizer && command -v node && command -v npm && \
		[ -n "$$(ls /usr/lib*/rsyslog/imrelp.so /usr/lib/*/rsyslog/imrelp.so)" ]; } >/dev/null 2>&1 || { \
		command -v apt-get >/dev/null || { echo "install rsyslog with gnutls, openssl and relp, openssl, dbus-daemon, liblognorm-utils, nodejs and npm: the tests talk to real ones" >&2; exit 1; }; \
		sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
		packages="rsyslog rsyslog-gnutls rsyslog-openssl rsyslog-relp openssl dbus-daemon liblognorm-utils"; command -v npm >/dev/null || packages="$$packages nodejs npm"; \
		$$sudo apt-get update -q && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -yq --no-install-recommends $$packages; }
	@[ -d "$(RIGS)/formats/node_modules/@elastic/ecs" ] || { mkdir -p "$(RIGS)/formats"; \
		npm install --silent --ignore-scripts --no-audit --no-fund --prefix "$(RIGS)/formats" @elastic/ecs@9.4.0 nsyslog-parser@0.10.1; }
	@sh agent/alert/testdata/rig/syslog-ng.sh

test: rigs
	@bad=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); [ -z "$$bad" ] || { echo "not gofmt-clean: $$bad" >&2; exit 1; }
	go vet $(PACKAGES)
	go tool staticcheck $(PACKAGES)
	STIGWATCH_NEED_RIGS=1 go test -race -timeout 30m $(PACKAGES)
	GOFIPS140=v1.0.0 CGO_ENABLED=0 STIGWATCH_NEED_RIGS=1 go test -timeout 30m $(CRYPTOGRAPHY)

bench:
	go test . -run '^$$' -bench . -benchtime 1x -timeout 20m

soak:
	STIGWATCH_SOAK=1 go test . -run 'NothingIsLost|FullDisk|DiskIsFull' -count 1 -v -timeout 30m

# By emulation: it needs no KVM. As root, for the machine's tree is made as root, once.
test-vm: selinux
	@{ command -v qemu-system-x86_64 && command -v mmdebstrap && command -v mke2fs && command -v debugfs; } >/dev/null 2>&1 || { \
		command -v apt-get >/dev/null || { echo "install qemu-system-x86, mmdebstrap and e2fsprogs: the tests boot a machine" >&2; exit 1; }; \
		sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
		$$sudo apt-get update -q && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -yq --no-install-recommends qemu-system-x86 mmdebstrap e2fsprogs; }
	@sh testdata/vm/base.sh
	@sh testdata/vm/base.sh selinux
	STIGWATCH_VM=1 go test . -run 'RealAuditd|ClockIsSet|PowerIsCut|SELinux' -count 1 -v -timeout 60m

include packaging/release.mk packaging/packages.mk packaging/selinux/selinux.mk

fmt:
	gofmt -w $$(git ls-files -co --exclude-standard '*.go')
