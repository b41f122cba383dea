# METADATA
# scope: package
# title: Releases and the table of supported ones
package lib.version

import data.lib.violation

# parse gives a release's four numbers, [10, 7, 1, 0] of "10.7.1" or "R10.7.1".
parse(text) := _padded(text) if {
	is_string(text)
	regex.match(`^[Rr]?[0-9]{1,9}(\.[0-9]{1,9}){1,3}$`, text)
}

# unsupported is the violation of a release that the table does not list, or
# lists from a later build on. The table is {as_of, lines: [{line, from}]}.
unsupported(fact, null, _) := violation.unset(fact, "a supported release", "release", "a supported one")

unsupported(fact, value, table) := violation.of(
	fact,
	concat(", ", [sprintf("%s from %s", [entry.line, entry.from]) | some entry in table.lines]),
	sprintf("release %s is %s (as of %s)", [value, _fault(value, table), table.as_of]),
) if {
	value != null
	not _supported(value, table)
}

_supported(value, table) if parse(value) >= parse(_first(value, table))

_fault(value, table) := "not a version number" if {
	not parse(value)
} else := sprintf("below %s, the first supported build of its line", [_first(value, table)]) if {
	parse(_first(value, table))
} else := "of no supported line"

# _first is the first supported build of a release's line; of a line that
# stands there twice, the one that comes first.
_first(value, table) := [entry.from |
	dotted := concat("", [trim_left(value, "Rr"), "."])
	some entry in table.lines
	startswith(dotted, concat("", [entry.line, "."]))
][0]

# known gives, by record, the vulnerabilities of a release: objects of the support
# table. A release that is no version number has none that could be named.
known(value, table) := {entry |
	release := parse(value)
	some entry in table.vulnerable
	some span in entry.affected
	_within(release, span)
	not _normal(value) in entry.fixed
}

# exploited says in a few words which of them are known to be exploited; "" when
# none is.
exploited(value, table) := sprintf(", and open to %s, known to be exploited (as of %s)", [concat(", ", cves), table.as_of]) if {
	cves := sort([entry.cve | some entry in known(value, table); entry.known_exploited])
	count(cves) > 0
} else := ""

_within(release, span) if {
	release <= _padded(span.to)
	release >= _padded(object.get(span, "from", "0.0"))
}

_padded(text) := array.slice(array.concat(_numbers(text), [0, 0]), 0, 4)

_normal(value) := trim_left(value, "Rr")

_numbers(text) := [to_number(part) | some part in split(trim_left(text, "Rr"), ".")]
