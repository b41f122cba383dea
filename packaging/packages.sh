#!/bin/sh
# Makes the packages in $DIST from what `make binaries manual` made there. The same
# commit gives the same bytes, wherever it lies: every time in a package is
# SOURCE_DATE_EPOCH. With STIGWATCH_SIGNING_KEY, the file of an OpenPGP secret key
# (NFPM_PASSPHRASE opens it), the packages are signed.
set -eu
: "${DIST:?}" "${VERSION:?}" "${SOURCE_DATE_EPOCH:?}" "${ARCHES:?}"
export DIST VERSION BINARY ARCH STIGWATCH_SIGNING_KEY="${STIGWATCH_SIGNING_KEY:-}"
export MAINTAINER="${MAINTAINER:-stigwatch maintainers <maintainers@stigwatch.invalid>}"
export HOMEPAGE="${HOMEPAGE:-https://stigwatch.invalid/}" LICENSE="${LICENSE:-see copyright}"

gzip -9n >"$DIST/tree/changelog.Debian.gz" <<EOF
stigwatch ($VERSION-1) stable; urgency=medium

  * What changed: /usr/share/doc/stigwatch/CHANGELOG.md

 -- $MAINTAINER  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")
EOF
find "$DIST/tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
find "$DIST/tree" -type d -exec chmod 0755 {} +
find "$DIST/tree" -type f -exec chmod 0644 {} +

pack() { # CONFIGURATION PACKAGER ARCH
	ARCH=$3 BINARY=$DIST/stigwatch-$VERSION-$3
	said=$(go tool -modfile=packaging/tools/go.mod nfpm package --config "$1" --packager "$2" --target "$DIST/" 2>&1) || {
		echo "cannot make the $2 of $1: $said" >&2
		exit 1
	}
}
for packager in rpm deb; do
	for arch in $ARCHES; do
		pack nfpm.yaml $packager "$arch"
		pack packaging/enforcer/nfpm.yaml $packager "$arch"
	done
done
ls -l "$DIST"/*.rpm "$DIST"/*.deb
