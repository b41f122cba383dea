package stig.alg.v251035_test

import data.stig.alg.v251035 as rule

_messages := {v.message | some v in rule.violations}

_site := {"alert_recipients": {
	"isso": ["isso@lab.example"],
	"issm": ["issm@lab.example"],
	"sca": ["sca@lab.example"],
}}

_all := ["isso@lab.example", "issm@lab.example", "sca@lab.example"]

_input(enabled, recipients) := {"mics": {"alerts": {"enabled": enabled, "recipients": recipients}}}

test_compliant if count(rule.violations) == 0 with input as _input(true, _all) with data.site as _site

test_off if {
	rule.violations == {{
		"fact": "mics.alerts.enabled",
		"expected": "true",
		"message": "alert notification is off, must be on",
	}} with input as _input(false, _all) with data.site as _site
}

test_one_role_short if {
	rule.violations == {{
		"fact": "mics.alerts.recipients",
		"expected": "sca@lab.example",
		"message": "SCA \"sca@lab.example\" gets no alerts, must be a recipient",
	}} with input as _input(true, array.slice(_all, 0, 2)) with data.site as _site
}

test_stranger if {
	rule.violations == {{
		"fact": "mics.alerts.recipients",
		"item": 3,
		"expected": "an ISSO, ISSM or SCA",
		"message": "alert recipient \"ops@lab.example\" is no ISSO, ISSM or SCA",
	}} with input as _input(true, array.concat(_all, ["ops@lab.example"])) with data.site as _site
}

test_near_miss if {
	count(rule.violations) == 2 with data.site as _site
		with input as _input(true, ["isso@lab.example.org", "issm@lab.example", "sca@lab.example"])
}

test_s3_10_all_of_the_three_roles_and_nobody_else if {
	count(rule.violations) == 0 with input as _input(true, _all) with data.site as _site
	count(rule.violations) == 1 with input as _input(true, array.concat(_all, ["ops@lab.example"])) with data.site as _site
	count(rule.violations) == 1 with input as _input(true, array.slice(_all, 0, 2)) with data.site as _site
}

test_no_site_value if {
	count(rule.violations) == 0 with input as _input(true, ["ops@lab.example"]) with data.site as {}
	count(rule.violations) == 2 with input as _input(false, []) with data.site as {}
}

test_absent if {
	_messages == {
		"alert notification is not set, must be on",
		"alert recipient list is not set, must have at least one item",
	} with input as _input(null, null) with data.site as _site
}

test_undefined if count(rule.violations) == 0 with input as {} with data.site as _site
