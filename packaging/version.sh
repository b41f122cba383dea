#!/bin/sh
# The version of packages: that of the tag v1.2.3; after it 1.2.3+git…, before the first
# one 0.1.0~git…, which rpm and dpkg both sort so.
set -eu
if tag=$(git describe --tags --match 'v[0-9]*' --exact-match 2>/dev/null); then
	echo "${tag#v}"
	exit
fi
commit=git$(git rev-list --count HEAD).$(git rev-parse --short=9 HEAD)
if tag=$(git describe --tags --match 'v[0-9]*' --abbrev=0 2>/dev/null); then
	echo "${tag#v}+$commit"
else
	echo "0.1.0~$commit"
fi
