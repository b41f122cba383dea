package stig.ndm.v250986_test

import data.stig.ndm.v250986 as rule

_messages := {v.message | some v in rule.violations}

_policy(attempts, seconds) := {"mics": {"password_policy": {"max_attempts": attempts, "auto_lock_seconds": seconds}}}

_faillock(deny, seconds) := object.union(_policy(3, 900), {"faillock": {"deny": deny, "unlock_seconds": seconds}})

_literal := {"literal_readings": ["V-250986"]}

test_compliant if count(rule.violations) == 0 with input as _faillock(3, 900) with data.site as {}

test_vendor_default if {
	rule.violations == {
		{
			"fact": "mics.password_policy.max_attempts",
			"expected": "1..3",
			"message": "number of failed attempts is 5, must be 1 to 3",
		},
		{
			"fact": "mics.password_policy.auto_lock_seconds",
			"expected": ">= 900",
			"message": "auto-lock time in seconds is 30, must be at least 900",
		},
	} with input as _policy(5, 30) with data.site as {}
}

test_boundaries if {
	every attempts in [1, 3] {
		count(rule.violations) == 0 with input as _policy(attempts, 901) with data.site as {}
	}
	every attempts in [0, 4] {
		count(rule.violations) == 1 with input as _policy(attempts, 900) with data.site as {}
	}
	count(rule.violations) == 1 with input as _policy(3, 899) with data.site as {}
}

test_auto_lock_of_0_is_open if {
	_messages == {"auto-lock time in seconds is 0, must be at least 900"} with input as _policy(3, 0) with data.site as {}
}

test_fewer_attempts_are_remarked if {
	count(rule.remarks) == 1 with input as _policy(2, 900)
	count(rule.remarks) == 0 with input as _policy(3, 900)
	count(rule.remarks) == 0 with input as _policy(null, 900)
}

test_literal_reading_wants_3 if {
	_messages == {"number of failed attempts is 2, must be 3"} with input as _policy(2, 900) with data.site as _literal
	count(rule.violations) == 0 with input as _policy(3, 900) with data.site as _literal
}

test_absent if {
	_messages == {
		"number of failed attempts is not set, must be 1 to 3",
		"auto-lock time in seconds is not set, must be at least 900",
	} with input as _policy(null, null) with data.site as {}
}

test_undefined if count(rule.violations) == 0 with input as {} with data.site as {}

test_faillock_corroborates if {
	_messages == {
		"faillock deny is 4, must be 1 to 3",
		"faillock unlock_time is 899, must be at least 900",
	} with input as _faillock(4, 899) with data.site as {}
	_messages == {"faillock deny is 0, must be 1 to 3"} with input as _faillock(0, 900) with data.site as {}
}

test_faillock_until_reset_is_good if count(rule.violations) == 0 with input as _faillock(1, 0) with data.site as {}

test_absent_faillock_says_nothing if count(rule.violations) == 0 with input as _faillock(null, null) with data.site as {}

test_s3_04_fewer_pass_with_a_remark_and_literally_only_3 if {
	every attempts in [1, 2] {
		count(rule.violations) == 0 with input as _policy(attempts, 900) with data.site as {}
		count(rule.remarks) == 1 with input as _policy(attempts, 900) with data.site as {}
		count(rule.violations) == 1 with input as _policy(attempts, 900) with data.site as _literal
	}
	every site in [{}, _literal] {
		count(rule.violations) == 0 with input as _policy(3, 900) with data.site as site
	}
}

test_s3_04_zero_is_open_in_the_system_manager_and_good_in_faillock if {
	count(rule.violations) == 1 with input as _policy(3, 0) with data.site as {}
	count(rule.violations) == 0 with input as _faillock(3, 0) with data.site as {}
}

test_remedies if {
	{[r.fact, r.value] | some r in rule.remediation} == {["faillock.deny", 3], ["faillock.unlock_seconds", 900]} with input as {"faillock": {
		"deny": 5,
		"unlock_seconds": 600,
	}}
	count(rule.remediation) == 0 with input as {"faillock": {"deny": null, "unlock_seconds": 0}}
}
