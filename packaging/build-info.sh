#!/bin/sh
# Tells how the release in $DIST was built, in lines "word: value". What was left out
# is told too.
set -eu
: "${DIST:?}" "${VERSION:?}" "${SOURCE_DATE_EPOCH:?}" "${ARCHES:?}" "${VULNERABILITIES:?}"
cat <<EOF
name: stigwatch
version: $VERSION
commit: ${COMMIT:-unknown}
source_date_epoch: $SOURCE_DATE_EPOCH
date: $(LC_ALL=C date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
tests: ${TESTS:-not run}
vulnerabilities: $VULNERABILITIES
signed: $([ -n "${STIGWATCH_SIGNING_KEY:-}" ] && echo yes || echo no)
EOF
for arch in $ARCHES; do
	go version -m "$DIST/stigwatch-$VERSION-$arch" | awk -v arch="$arch" '
		NR == 1 { print arch ".go: " $NF }
		$1 == "build" { print arch "." substr($0, index($0, $2)) }' | sed 's/=/: /'
done
go tool -modfile=packaging/tools/go.mod nfpm --version | awk '$1 == "ModuleSum:" { print "nfpm: " $2 }'
