package lib.version_test

import data.lib.version

_table := {"as_of": "2026-11-23", "lines": [
	{"line": "10.5", "from": "10.5.2"},
	{"line": "10.10", "from": "10.10.0"},
	{"line": "10.10", "from": "10.10.9"},
	{"line": "11.0", "from": "soon"},
]}

_message(value) := version.unsupported("a.b", value, _table).message

test_parse if {
	version.parse("10.7.1") == [10, 7, 1, 0]
	version.parse("R10.5.2") == [10, 5, 2, 0]
	version.parse("9.20") == [9, 20, 0, 0]
	version.parse("9.20.2.7") == [9, 20, 2, 7]
}

test_not_a_version if {
	every text in ["", "10", "10.", "10.x", "10.7.1.2.3", "10.7 ", "v10.7", "-1.2", null] {
		not version.parse(text)
	}
}

test_supported if {
	not version.unsupported("a.b", "10.5.2", _table)
	not version.unsupported("a.b", "10.5.10", _table)
	not version.unsupported("a.b", "R10.10.0", _table)
}

test_below_the_first_build if {
	_message("10.5.1") == "release 10.5.1 is below 10.5.2, the first supported build of its line (as of 2026-11-23)"
}

test_unknown_line if {
	_message("9.20.2") == "release 9.20.2 is of no supported line (as of 2026-11-23)"
	_message("10.1.9") == "release 10.1.9 is of no supported line (as of 2026-11-23)"
}

test_expected if version.unsupported("a.b", "9.0.0", _table).expected == "10.5 from 10.5.2, 10.10 from 10.10.0, 10.10 from 10.10.9, 11.0 from soon"

test_unreadable_table_line_supports_nothing if _message("11.0.3") == "release 11.0.3 is of no supported line (as of 2026-11-23)"

test_malformed if _message("10.5-beta") == "release 10.5-beta is not a version number (as of 2026-11-23)"

test_absent if _message(null) == "release is not set, must be a supported one"

test_undefined_is_no_violation if {v | v := version.unsupported("a.b", input.release.version, _table)} == set() with input as {}

_recorded := {"as_of": "2026-11-23", "vulnerable": [
	{"cve": "CVE-1", "known_exploited": true, "affected": [{"to": "9.18.0"}, {"from": "10.0.0", "to": "10.0.1"}], "fixed": ["9.17.1"]},
	{"cve": "CVE-2", "known_exploited": true, "affected": [{"to": "9.0.0"}], "fixed": []},
]}

_cves(value) := {entry.cve | some entry in version.known(value, _recorded)}

test_known_holes_by_range if {
	_cves("9.18.0") == {"CVE-1"}
	_cves("8.1") == {"CVE-1", "CVE-2"}
	_cves("10.0.1") == {"CVE-1"}
	every value in ["9.18.1", "10.0.2", "9.17.1", "R9.17.1", "what"] {
		_cves(value) == set()
	}
}

test_exploited_in_words if {
	version.exploited("8.1", _recorded) == ", and open to CVE-1, CVE-2, known to be exploited (as of 2026-11-23)"
	version.exploited("9.19.0", _recorded) == ""
	version.exploited("what", _recorded) == ""
}
