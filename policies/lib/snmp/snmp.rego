# METADATA
# scope: package
# title: SNMP version 3 users, access and communities
package lib.snmp

import data.lib.violation

# weak_auth is the violation of a user whose messages no SHA protects.
weak_auth(fact, index, user) := violation.item(
	fact, index, "SHA",
	sprintf("SNMP user %q authenticates with %s, must be SHA", [_name(user), _or_nothing(user, "auth")]),
) if {
	not _starts(user, "auth", "SHA")
}

# weak_priv is the violation of a user whose messages AES does not encrypt.
weak_priv(fact, index, user) := violation.item(
	fact, index, "AES",
	sprintf("SNMP user %q encrypts with %s, must be AES", [_name(user), _or_nothing(user, "priv")]),
) if {
	not _starts(user, "priv", "AES")
}

# open_access is the violation of an access line that asks for no authentication.
open_access(fact, index, access) := violation.item(
	fact, index, "auth or priv",
	sprintf("SNMP access of %q is at level %s, must be auth or priv", [_name(access), _or_nothing(access, "level")]),
) if {
	not _protected(access)
}

# community is the violation that any version 1 or 2c access line is.
community(fact, index, line) := violation.item(
	fact, index, "no community",
	sprintf("SNMP v1 or v2c access by %s is on, must be off", [object.get(line, "kind", "a community")]),
)

# guarded are access lines that ask for authentication: as they are, or by
# encryption besides where they ask for nothing.
guarded(lines) := [_guarded(line) | some line in lines]

# plain_trap tells the receivers that get version 1 or 2c messages.
plain_trap(receiver) if lower(receiver.kind) in {"trapsink", "trap2sink", "informsink"}

# A field that is not there fails these, and "not" of them holds; "not" of the
# built-in call itself would be undefined.
_starts(record, field, prefix) if startswith(upper(record[field]), prefix)

_protected(access) if lower(access.level) in {"auth", "priv"}

_name(record) := object.get(record, "name", "")

_or_nothing(record, field) := object.get(record, field, "nothing")

_guarded(access) := access if _protected(access)

_guarded(access) := object.union(access, {"level": "priv"}) if not _protected(access)
