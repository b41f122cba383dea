package stig.ndm.v251007_test

import data.stig.ndm.v251007 as rule

_messages := {v.message | some v in rule.violations}

_table := {"as_of": "2026-06-09", "lines": [{"line": "10.5", "from": "10.5.2"}, {"line": "10.7", "from": "10.7.1"}]}

_release(version) := {"release": {"version": version}}

test_compliant if {
	count(rule.violations) == 0 with input as _release("10.7.1") with data.site as {} with data.catalog as {"support": _table}
}

test_old_line if {
	rule.violations == {{
		"fact": "release.version",
		"expected": "10.5 from 10.5.2, 10.7 from 10.7.1",
		"message": "release 9.20.2 is of no supported line (as of 2026-06-09)",
	}} with input as _release("9.20.2") with data.site as {} with data.catalog as {"support": _table}
}

test_boundaries if {
	every version in ["10.5.2", "10.5.10", "10.7.1.4", "R10.7.1"] {
		count(rule.violations) == 0 with input as _release(version) with data.site as {} with data.catalog as {"support": _table}
	}
	every version in ["10.5.1", "10.7.0", "10.7", "10.6.9", "10.8.0", "1.0.7", "10.50.2"] {
		count(rule.violations) == 1 with input as _release(version) with data.site as {} with data.catalog as {"support": _table}
	}
}

test_below_the_fixed_build if {
	_messages == {"release 10.5.1 is below 10.5.2, the first supported build of its line (as of 2026-06-09)"} with data.site as {}
		with input as _release("10.5.1")
		with data.catalog as {"support": _table}
}

test_site_table_replaces_the_shipped_one if {
	own := {"as_of": "2026-11-01", "lines": [{"line": "9.20", "from": "9.20.2"}]}
	count(rule.violations) == 0 with data.site as {"supported_releases": own}
		with input as _release("9.20.2")
		with data.catalog as {"support": _table}
	_messages == {"release 10.7.1 is of no supported line (as of 2026-11-01)"} with data.site as {"supported_releases": own}
		with input as _release("10.7.1")
		with data.catalog as {"support": _table}
}

test_no_table_supports_nothing if {
	_messages == {"release 10.7.1 is of no supported line (as of no table)"} with input as _release("10.7.1")
		with data.site as {}
		with data.catalog as {}
}

test_not_a_version if count(rule.violations) == 1 with input as _release("unknown") with data.site as {} with data.catalog as {"support": _table}

test_absent if {
	_messages == {"release is not set, must be a supported one"} with input as _release(null)
		with data.site as {}
		with data.catalog as {"support": _table}
}

test_undefined if count(rule.violations) == 0 with input as {} with data.site as {} with data.catalog as {"support": _table}

_holes := object.union(_table, {"vulnerable": [
	{"cve": "CVE-1", "text": "bad", "known_exploited": true, "affected": [{"to": "10.5.1"}], "fixed": []},
	{"cve": "CVE-2", "text": "worse", "known_exploited": false, "affected": [{"from": "9.0", "to": "9.20.1"}], "fixed": ["9.19.9"]},
]})

test_known_exploited_holes_are_in_the_reason if {
	_messages == {"release 9.20.2 is of no supported line (as of 2026-06-09), and open to CVE-1, known to be exploited (as of 2026-06-09)"} with data.site as {}
		with input as _release("9.20.2")
		with data.catalog as {"support": _holes}
}

test_every_hole_on_record_is_remarked if {
	rule.remarks == {
		"CVE-1 is on record for release 9.20.1: bad",
		"CVE-2 is on record for release 9.20.1: worse",
	} with input as _release("9.20.1") with data.catalog as {"support": _holes}
	count(rule.remarks) == 1 with input as _release("9.20.2") with data.catalog as {"support": _holes}
	count(rule.remarks) == 1 with input as _release("R9.19.9") with data.catalog as {"support": _holes}
	count(rule.remarks) == 0 with input as _release("10.7.1") with data.catalog as {"support": _holes}
	count(rule.remarks) == 0 with input as _release(null) with data.catalog as {"support": _holes}
	count(rule.remarks) == 0 with input as _release("unknown") with data.catalog as {"support": _holes}
}

test_s3_18_unknown_version_is_open if {
	every version in ["unknown", "", "9", "10.7-beta", null] {
		count(rule.violations) == 1 with input as _release(version) with data.site as {} with data.catalog as {"support": _table}
	}
}

test_s3_18_result_names_the_date_of_the_table if {
	some message in _messages with input as _release("9.20.2") with data.site as {} with data.catalog as {"support": _table}
	contains(message, "as of 2026-06-09")
}

test_s3_18_no_build_of_nine_is_without_the_holes_of_2026 if {
	fixed := ["10.5.2", "10.6.2", "10.7.1"]
	holes := [{"cve": "CVE-2026-10520", "text": "bad", "known_exploited": true, "affected": [{"to": "10.5.1"}], "fixed": fixed}]
	table := {"support": object.union(_table, {"vulnerable": holes})}
	every version in ["9.8.0", "9.20.2", "9.20.99"] {
		rule.remarks == {sprintf("CVE-2026-10520 is on record for release %s: bad", [version])} with data.catalog as table
			with input as _release(version)
	}
	count(rule.remarks) == 0 with input as _release("10.5.2") with data.catalog as table
}
