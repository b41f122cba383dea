#!/bin/sh
# Writes SHA256SUMS over the files of the folder $DIST, and with STIGWATCH_SIGNING_KEY,
# the file of an OpenPGP secret key (NFPM_PASSPHRASE opens it), its signature
# SHA256SUMS.asc and the key to check that with, stigwatch-signing-key.asc.
set -eu
cd "${DIST:?}"
export LC_ALL=C
rm -f SHA256SUMS SHA256SUMS.asc stigwatch-signing-key.asc

key=${STIGWATCH_SIGNING_KEY:-}
if [ -n "$key" ]; then
	GNUPGHOME=$(mktemp -d)
	export GNUPGHOME
	trap 'gpgconf --kill all >/dev/null 2>&1; rm -rf "$GNUPGHOME"' EXIT
	gpg --batch --quiet --pinentry-mode loopback --passphrase "" --import "$key"
	n=$(gpg --batch --with-colons --list-secret-keys | grep -c '^sec:') || true
	[ "$n" = 1 ] || { echo "cannot sign: $key holds ${n:-0} secret keys, not one" >&2; exit 1; }
	gpg --batch --quiet --armor --export >stigwatch-signing-key.asc
fi

find . -maxdepth 1 -type f ! -name 'SHA256SUMS*' ! -name .sums | sed 's|^\./||' | sort | xargs -d '\n' sha256sum >.sums
[ -s .sums ] || { echo "cannot sum up: there is nothing in $DIST" >&2; rm -f .sums; exit 1; }
if [ -n "$key" ]; then
	printf %s "${NFPM_PASSPHRASE:-}" | gpg --batch --quiet --pinentry-mode loopback --passphrase-fd 0 \
		--armor --digest-algo SHA256 --detach-sign --output SHA256SUMS.asc .sums || { rm -f .sums stigwatch-signing-key.asc; echo "cannot sign SHA256SUMS" >&2; exit 1; }
	gpg --batch --quiet --verify SHA256SUMS.asc .sums 2>/dev/null
fi
mv .sums SHA256SUMS
