package lib.alerts_test

import data.lib.alerts

_messages := {v.message | some v in alerts.violations}

_site := {"alert_recipients": {
	"isso": ["isso@lab.example"],
	"issm": ["issm@lab.example"],
	"sca": ["sca@lab.example", "sca2@lab.example"],
}}

_everybody := ["isso@lab.example", "issm@lab.example", "sca@lab.example", "sca2@lab.example"]

_input(enabled, recipients) := {"mics": {"alerts": {"enabled": enabled, "recipients": recipients}}}

_roles(fields) := {"alert_recipients": object.union(_site.alert_recipients, fields)}

test_everybody if {
	count(alerts.violations) == 0 with input as _input(true, _everybody) with data.site as _site
	count(alerts.strangers) == 0 with input as _input(true, _everybody) with data.site as _site
}

test_off if {
	alerts.violations == {{
		"fact": "mics.alerts.enabled",
		"expected": "true",
		"message": "alert notification is off, must be on",
	}} with input as _input(false, _everybody) with data.site as _site
}

test_one_of_each_role_is_missing if {
	alerts.violations == {
		{
			"fact": "mics.alerts.recipients",
			"expected": "isso@lab.example",
			"message": "ISSO \"isso@lab.example\" gets no alerts, must be a recipient",
		},
		{
			"fact": "mics.alerts.recipients",
			"expected": "issm@lab.example",
			"message": "ISSM \"issm@lab.example\" gets no alerts, must be a recipient",
		},
		{
			"fact": "mics.alerts.recipients",
			"expected": "sca2@lab.example",
			"message": "SCA \"sca2@lab.example\" gets no alerts, must be a recipient",
		},
	} with input as _input(true, ["sca@lab.example"]) with data.site as _site
}

test_letter_case_and_blanks_do_not_matter if {
	shouted := [sprintf(" %s ", [upper(one)]) | some one in _everybody]
	count(alerts.violations) == 0 with input as _input(true, shouted) with data.site as _site
	count(alerts.strangers) == 0 with input as _input(true, shouted) with data.site as _site
}

test_near_miss if {
	near := ["isso@lab.example.org", "issm@lab.example", "sca@lab.example", "sca2@lab.example"]
	_messages == {"ISSO \"isso@lab.example\" gets no alerts, must be a recipient"} with input as _input(true, near)
		with data.site as _site
	count(alerts.strangers) == 1 with input as _input(true, near) with data.site as _site
}

test_one_person_in_two_roles if {
	both := _roles({"issm": ["isso@lab.example"]})
	count(alerts.violations) == 0 with data.site as both
		with input as _input(true, ["isso@lab.example", "sca@lab.example", "sca2@lab.example"])
}

test_stranger if {
	alerts.strangers == {{
		"fact": "mics.alerts.recipients",
		"item": 4,
		"expected": "an ISSO, ISSM or SCA",
		"message": "alert recipient \"ops@lab.example\" is no ISSO, ISSM or SCA",
	}} with input as _input(true, array.concat(_everybody, ["ops@lab.example"])) with data.site as _site
}

test_stranger_is_told_while_alerts_are_off if {
	count(alerts.strangers) == 1 with input as _input(false, ["ops@lab.example"]) with data.site as _site
}

test_role_of_nobody if {
	_messages == {"the site profile names no SCA, must name at least one"} with input as _input(true, _everybody)
		with data.site as _roles({"sca": []})
	_messages == {"the site profile names no ISSM, must name at least one"} with input as _input(true, _everybody)
		with data.site as {"alert_recipients": object.remove(_site.alert_recipients, ["issm"])}
}

test_s3_10_all_three_roles_get_alerts_and_strangers_are_another_question if {
	given := _input(true, array.concat(_everybody, ["ops@lab.example"]))
	count(alerts.violations) == 0 with input as given with data.site as _site
	count(alerts.strangers) == 1 with input as given with data.site as _site
	every role in ["isso", "issm", "sca"] {
		others := [one | some other, people in _site.alert_recipients; other != role; some one in people]
		count(alerts.violations) == count(_site.alert_recipients[role]) with input as _input(true, others)
			with data.site as _site
	}
}

test_absent if {
	_messages == {
		"alert notification is not set, must be on",
		"alert recipient list is not set, must have at least one item",
	} with input as _input(null, null) with data.site as _site
	count(alerts.strangers) == 0 with input as _input(null, null) with data.site as _site
}

test_empty if {
	_messages == {"alert recipient list is empty, must have at least one item"} with input as _input(true, [])
		with data.site as _site
	count(alerts.strangers) == 0 with input as _input(true, []) with data.site as _site
}

test_undefined if {
	count(alerts.violations) == 0 with input as {} with data.site as _site
	count(alerts.strangers) == 0 with input as {} with data.site as _site
}

test_no_site_profile if {
	count(alerts.violations) == 0 with input as _input(true, ["ops@lab.example"]) with data.site as {}
	count(alerts.strangers) == 0 with input as _input(true, ["ops@lab.example"]) with data.site as {}
}

test_known_bad_without_site_profile if {
	_messages == {
		"alert notification is off, must be on",
		"alert recipient list is empty, must have at least one item",
	} with input as _input(false, []) with data.site as {}
}
