package stig.ndm.v250984_test

import data.stig.ndm.v250984 as rule

_messages := {v.message | some v in rule.violations}

_idle(minutes) := {"mics": {"portal": {"idle_timeout_minutes": minutes}}}

_literal := {"literal_readings": ["V-250984"]}

test_compliant if count(rule.violations) == 0 with input as _idle(15) with data.site as {}

test_too_long if {
	rule.violations == {{
		"fact": "mics.portal.idle_timeout_minutes",
		"expected": "1..15",
		"message": "idle timeout in minutes is 30, must be 1 to 15",
	}} with input as _idle(30) with data.site as {"literal_readings": []}
}

test_boundaries if {
	every minutes in [1, 14, 15] {
		count(rule.violations) == 0 with input as _idle(minutes) with data.site as {}
	}
	every minutes in [-1, 0, 16] {
		count(rule.violations) == 1 with input as _idle(minutes) with data.site as {}
	}
}

test_shorter_is_remarked if {
	count(rule.remarks) == 1 with input as _idle(14)
	count(rule.remarks) == 0 with input as _idle(15)
	count(rule.remarks) == 0 with input as _idle(0)
	count(rule.remarks) == 0 with input as _idle(null)
}

test_literal_reading_wants_15 if {
	_messages == {"idle timeout in minutes is 14, must be 15"} with input as _idle(14) with data.site as _literal
	count(rule.violations) == 0 with input as _idle(15) with data.site as _literal
}

test_literal_reading_of_another_rule_does_not_count if {
	count(rule.violations) == 0 with input as _idle(14) with data.site as {"literal_readings": ["V-250996"]}
}

test_absent if {
	_messages == {"idle timeout in minutes is not set, must be 1 to 15"} with input as _idle(null) with data.site as {}
}

test_undefined if count(rule.violations) == 0 with input as {} with data.site as _literal

test_s3_03_cli_timeout_is_another_rule if {
	count(rule.violations) == 0 with input as {"mics": {"cli": {"session_timeout_minutes": 60}}} with data.site as {}
}

test_s3_02_shorter_passes_with_a_remark_and_literally_only_15 if {
	count(rule.violations) == 0 with input as _idle(14) with data.site as {}
	count(rule.remarks) == 1 with input as _idle(14) with data.site as {}
	count(rule.violations) == 1 with input as _idle(14) with data.site as _literal
	every site in [{}, _literal] {
		count(rule.violations) == 0 with input as _idle(15) with data.site as site
		count(rule.violations) == 1 with input as _idle(0) with data.site as site
		count(rule.violations) == 1 with input as _idle(16) with data.site as site
	}
}
