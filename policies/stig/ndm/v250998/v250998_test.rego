package stig.ndm.v250998_test

import data.lib.alerts
import data.stig.ndm.v250998 as rule

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
		"expected": "issm@lab.example",
		"message": "ISSM \"issm@lab.example\" gets no alerts, must be a recipient",
	}} with input as _input(true, ["isso@lab.example", "sca@lab.example"]) with data.site as _site
}

test_near_miss if {
	_messages == {"SCA \"sca@lab.example\" gets no alerts, must be a recipient"} with data.site as _site
		with input as _input(true, ["isso@lab.example", "issm@lab.example", "sca@lab.example.org"])
}

test_no_site_value if {
	count(rule.violations) == 0 with input as _input(true, ["ops@lab.example"]) with data.site as {}
	count(rule.violations) == 2 with input as _input(false, []) with data.site as {}
}

test_s3_10_one_answer_and_strangers_are_not_judged_here if {
	every given in [_input(true, _all), _input(false, []), _input(true, ["ops@lab.example"]), {}] {
		mine := rule.violations with input as given with data.site as _site
		same := alerts.violations with input as given with data.site as _site
		mine == same
	}
	count(rule.violations) == 0 with data.site as _site
		with input as _input(true, array.concat(_all, ["ops@lab.example"]))
}

test_absent if {
	_messages == {
		"alert notification is not set, must be on",
		"alert recipient list is not set, must have at least one item",
	} with input as _input(null, null) with data.site as _site
}

test_undefined if count(rule.violations) == 0 with input as {} with data.site as _site
