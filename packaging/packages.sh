#!/bin/sh
# Makes the packages in $DIST from what `make binaries manual documents selinux` made there. The same
# commit gives the same bytes, wherever it lies: every time in a package is
# SOURCE_DATE_EPOCH. With STIGWATCH_SIGNING_KEY, the file of an OpenPGP secret key
# (NFPM_PASSPHRASE opens it), the packages are signed.
set -eu
: "${DIST:?}" "${VERSION:?}" "${SOURCE_DATE_EPOCH:?}" "${ARCHES:?}"
export DIST VERSION BINARY ARCH STIGWATCH_SIGNING_KEY="${STIGWATCH_SIGNING_KEY:-}"
export MAINTAINER="${MAINTAINER:-stigwatch maintainers <maintainers@stigwatch.invalid>}"
export CONFIGURATION="${CONFIGURATION:-packaging/stigwatch.yaml}"
export HOMEPAGE="${HOMEPAGE:-https://stigwatch.invalid/}"

# The changes, as rpm and as Debian want to have them.
cat >"$DIST/tree/changes.yml" <<EOF
- semver: $VERSION-1
  date: $(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
  packager: $MAINTAINER
  changes:
    - note: "What changed: /usr/share/doc/stigwatch/CHANGELOG.md"
EOF
gzip -9n >"$DIST/tree/changelog.Debian.gz" <<EOF
stigwatch ($VERSION-1) stable; urgency=medium

  * What changed: /usr/share/doc/stigwatch/CHANGELOG.md

 -- $MAINTAINER  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")
EOF
find "$DIST/tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
find "$DIST/tree" -type d -exec chmod 0755 {} +
find "$DIST/tree" -type f -exec chmod 0644 {} +

# fill puts into a configuration what nfpm does not: where the changes are, and a line
# for each file of a folder of documentation.
fill() { # PACKAGER
	while IFS= read -r line; do
		case $line in
		"changelog: CHANGES"*) [ "$1" = deb ] || echo "changelog: $DIST/tree/changes.yml" ;;
		*"type: docs}")
			dst=${line#*dst: } src=${line#*src: \"}
			dst=${dst%%,*} src=${src%%\"*}
			case $src in "\${DIST}"*) src=$DIST${src#"\${DIST}"} ;; esac
			for file in "$src"/*; do
				[ ! -f "$file" ] || echo "  - {src: \"$file\", dst: \"$dst/${file##*/}\", type: doc, packager: rpm, file_info: {mode: 0644}}"
			done
			;;
		*) printf '%s\n' "$line" ;;
		esac
	done
}

pack() { # CONFIGURATION PACKAGER ARCH
	ARCH=$3 BINARY=$DIST/stigwatch-$VERSION-$3
	fill "$2" <"$1" >"$DIST/tree/nfpm.yaml"
	said=$(go tool -modfile=packaging/tools/go.mod nfpm package --config "$DIST/tree/nfpm.yaml" --packager "$2" --target "$DIST/" 2>&1) || {
		echo "cannot make the $2 of $1: $said" >&2
		exit 1
	}
}
for packager in rpm deb; do
	for arch in $ARCHES; do
		pack nfpm.yaml $packager "$arch"
	done
	pack packaging/enforcer/nfpm.yaml $packager all
	pack packaging/selinux/nfpm.yaml $packager all
done
ls -l "$DIST"/*.rpm "$DIST"/*.deb
