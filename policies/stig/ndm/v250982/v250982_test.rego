package stig.ndm.v250982_test

import data.stig.ndm.v250982 as rule

_messages := {v.message | some v in rule.violations}

_site := {"max_ssh_sessions": 3}

_sessions(number) := {"mics": {"cli": {"max_ssh_sessions": number}}}

_limits(system, user) := object.union(_sessions(3), {"limits": {"max_system_logins": system, "max_logins": user}})

test_compliant if count(rule.violations) == 0 with input as _limits(3, 1) with data.site as _site

test_over_the_site_number if {
	rule.violations == {{
		"fact": "mics.cli.max_ssh_sessions",
		"expected": "1..3",
		"message": "maximum of SSH sessions is 4, must be 1 to 3",
	}} with input as _sessions(4) with data.site as _site
}

test_boundaries if {
	every number in [1, 3] {
		count(rule.violations) == 0 with input as _sessions(number) with data.site as _site
	}
	every number in [0, 4] {
		count(rule.violations) == 1 with input as _sessions(number) with data.site as _site
	}
}

test_over_ten_needs_no_site_number if {
	_messages == {"maximum of SSH sessions is 11, must be 1 to 10"} with input as _sessions(11) with data.site as {}
	count(rule.violations) == 0 with input as _sessions(10) with data.site as {}
}

test_site_number_over_ten_allows_ten if {
	count(rule.violations) == 1 with input as _sessions(11) with data.site as {"max_ssh_sessions": 20}
}

test_absent if {
	_messages == {"maximum of SSH sessions is not set, must be 1 to 3"} with input as _sessions(null) with data.site as _site
}

test_undefined if count(rule.violations) == 0 with input as {} with data.site as _site

test_limits_corroborate if {
	_messages == {
		"limit of sign-ins to the system is 4, must be 0 to 3",
		"limit of sign-ins of one user is -1, must be 0 to 3",
	} with input as _limits(4, -1) with data.site as _site
}

test_absent_limits_say_nothing if count(rule.violations) == 0 with input as _limits(null, null) with data.site as _site

test_sshd_max_sessions_is_a_remark_only if {
	count(rule.violations) == 0 with input as {"sshd": {"max_sessions": 100}} with data.site as _site
	rule.remarks == {_counted} with input as {"sshd": {"max_sessions": 3}}
	count(rule.remarks) == 0 with input as {"sshd": {"max_sessions": null}}
}

test_s3_13_without_the_site_only_what_is_wrong_everywhere_is_judged if {
	every number in [1, 4, 10] {
		count(rule.violations) == 0 with input as _sessions(number) with data.site as {}
	}
	every number in [0, 11, null] {
		count(rule.violations) == 1 with input as _sessions(number) with data.site as {}
	}
}

_counted := "sshd MaxSessions is 3 and counts channels in one connection, not sign-ins, so it is not judged"

test_remedies if {
	{[r.fact, r.value] | some r in rule.remediation} == {
		["limits.max_system_logins", 3],
		["limits.max_logins", 3],
	} with input as _limits(4, -1) with data.site as _site
	count(rule.remediation) == 0 with input as _limits(3, 1) with data.site as _site
}
