# METADATA
# scope: package
# title: Texts
package lib.text

import data.lib.violation

# differs is the violation of a text that is not the wanted one, letter case aside.
differs(fact, label, null, want) := violation.unset(fact, want, label, want)

differs(fact, label, value, want) := violation.wrong(fact, want, label, value, want) if {
	value != null
	lower(value) != lower(want)
}

# fold makes one blank of each run of white space and trims the ends. The
# regular expression is dear, so a text without runs goes without it.
fold(value) := trim_space(_squeeze(strings.replace_n(_blanks, value)))

_squeeze(value) := value if not contains(value, "  ")

_squeeze(value) := regex.replace(value, ` {2,}`, " ") if contains(value, "  ")

_blanks := {"\r\n": " ", "\n": " ", "\r": " ", "\t": " ", "\f": " "}
