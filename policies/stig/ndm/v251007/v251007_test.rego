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

test_nine_is_remarked if {
	count(rule.remarks) == 1 with input as _release("9.20.2")
	count(rule.remarks) == 0 with input as _release("10.7.1")
	count(rule.remarks) == 0 with input as _release(null)
	count(rule.remarks) == 0 with input as _release("unknown")
}
