package stig.ndm.v250996_test

import data.stig.ndm.v250996 as rule

_messages := {v.message | some v in rule.violations}

_timeout(minutes) := {"mics": {"cli": {"session_timeout_minutes": minutes}}}

_literal := {"literal_readings": ["V-250996"]}

test_compliant if count(rule.violations) == 0 with input as _timeout(10) with data.site as {}

test_too_long if {
	rule.violations == {{
		"fact": "mics.cli.session_timeout_minutes",
		"expected": "1..10",
		"message": "CLI session timeout in minutes is 30, must be 1 to 10",
	}} with input as _timeout(30) with data.site as {}
}

test_boundaries if {
	every minutes in [1, 10] {
		count(rule.violations) == 0 with input as _timeout(minutes) with data.site as {}
	}
	every minutes in [0, 11] {
		count(rule.violations) == 1 with input as _timeout(minutes) with data.site as {}
	}
}

test_literal_reading_wants_more_than_10 if {
	rule.violations == {{
		"fact": "mics.cli.session_timeout_minutes",
		"expected": ">= 11",
		"message": "CLI session timeout in minutes is 10, must be at least 11",
	}} with input as _timeout(10) with data.site as _literal
	count(rule.violations) == 0 with input as _timeout(11) with data.site as _literal
	count(rule.violations) == 1 with input as _timeout(0) with data.site as _literal
}

test_absent if {
	_messages == {"CLI session timeout in minutes is not set, must be 1 to 10"} with input as _timeout(null)
		with data.site as {}
	_messages == {"CLI session timeout in minutes is not set, must be at least 11"} with input as _timeout(null)
		with data.site as _literal
}

test_undefined if {
	count(rule.violations) == 0 with input as {} with data.site as {}
	count(rule.violations) == 0 with input as {} with data.site as _literal
}

test_s3_03_system_manager_over_10_is_a_remark if {
	count(rule.remarks) == 1 with input as {"mics": {"portal": {"idle_timeout_minutes": 15}}}
	count(rule.remarks) == 0 with input as {"mics": {"portal": {"idle_timeout_minutes": 10}}}
	count(rule.violations) == 0 with input as {"mics": {"portal": {"idle_timeout_minutes": 15}}} with data.site as {}
}

test_s3_01_ten_passes_and_literally_more_than_ten if {
	every minutes in [1, 10] {
		count(rule.violations) == 0 with input as _timeout(minutes) with data.site as {}
		count(rule.violations) == 1 with input as _timeout(minutes) with data.site as _literal
	}
	count(rule.violations) == 1 with input as _timeout(11) with data.site as {}
	count(rule.violations) == 0 with input as _timeout(11) with data.site as _literal
	every minutes in [0, null] {
		count(rule.violations) == 1 with input as _timeout(minutes) with data.site as {}
		count(rule.violations) == 1 with input as _timeout(minutes) with data.site as _literal
	}
}
