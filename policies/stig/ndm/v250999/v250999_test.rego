package stig.ndm.v250999_test

import data.stig.ndm.v250999 as rule

_messages := {v.message | some v in rule.violations}

_a := {"host": "192.0.2.123", "kind": "server"}

_b := {"host": "198.51.100.123", "kind": "server"}

_chrony(servers) := {"chrony": {"servers": servers}}

_site := {"ntp_servers": ["192.0.2.123", "198.51.100.123", "Time.lab.example"]}

_literal := {"literal_readings": ["V-250999"]}

test_compliant if count(rule.violations) == 0 with input as _chrony([_a, _b]) with data.site as {}

test_ntpd_alone if count(rule.violations) == 0 with input as {"ntp": {"servers": [_a, _b]}} with data.site as {}

test_one_server if {
	rule.violations == {{
		"fact": "chrony.servers",
		"expected": ">= 2 hosts",
		"message": "number of chrony time sources is 1, must be at least 2",
	}} with input as _chrony([_a]) with data.site as {}
	_messages == {"number of ntpd time sources is 1, must be at least 2"} with input as {"ntp": {"servers": [_b]}}
		with data.site as {}
}

test_same_server_twice if count(rule.violations) == 1 with input as _chrony([_a, _a]) with data.site as {}

test_pool_is_one if {
	count(rule.violations) == 1 with input as _chrony([{"host": "pool.example", "kind": "pool"}]) with data.site as {}
}

test_both_programs_are_judged if {
	count(rule.violations) == 1 with input as {"chrony": {"servers": [_a, _b]}, "ntp": {"servers": [_a]}} with data.site as {}
}

test_s3_11_two_servers_are_needed_and_literally_one if {
	count(rule.violations) == 0 with input as _chrony([_a, _b]) with data.site as {}
	count(rule.violations) == 1 with input as _chrony([_a]) with data.site as {}
	count(rule.violations) == 0 with input as _chrony([_a]) with data.site as _literal
	count(rule.violations) == 1 with input as _chrony([]) with data.site as _literal
}

test_absent if {
	_messages == {
		"chrony time sources are not set, must be at least 2",
		"ntpd time sources are not set, must be at least 2",
	} with input as {"chrony": {"servers": null}, "ntp": {"servers": null}} with data.site as {}
}

test_undefined if count(rule.violations) == 0 with input as {} with data.site as {}

test_approved_servers if {
	count(rule.violations) == 0 with input as _chrony([_a, _b, {"host": "time.LAB.example.", "kind": "server"}]) with data.site as _site
	count(rule.violations) == 0 with input as {"ntp": {"servers": [_b, _a]}} with data.site as _site
}

test_unapproved_server if {
	other := {"host": "203.0.113.123", "kind": "server"}
	rule.violations == {{
		"fact": "chrony.servers",
		"item": 2,
		"expected": "an approved time source of chrony",
		"message": "time source of chrony \"203.0.113.123\" is not approved",
	}} with input as _chrony([_a, _b, other]) with data.site as _site
	_messages == {"time source of ntpd \"203.0.113.123\" is not approved"} with data.site as _site
		with input as {"ntp": {"servers": [other, _a]}}
	count(rule.violations) == 0 with input as _chrony([_a, other]) with data.site as {}
}

test_unapproved_near_miss if {
	near := [{"host": "192.0.2.12", "kind": "server"}, {"host": "time.lab.example.org", "kind": "pool"}]
	count(rule.violations) == 2 with input as _chrony(near) with data.site as _site
}

test_approval_does_not_make_up_for_number if {
	_messages == {"number of chrony time sources is 1, must be at least 2"} with input as _chrony([_a]) with data.site as _site
}

test_literal_reading_approves_nothing if {
	both := object.union(_literal, _site)
	count(rule.violations) == 1 with input as _chrony([{"host": "203.0.113.123", "kind": "server"}]) with data.site as both
}

test_own_clock_needs_no_approval if {
	count(rule.violations) == 0 with data.site as _site
		with input as {"ntp": {"servers": [_a, _b, {"host": "127.127.1.0", "kind": "server"}]}}
}

test_nothing_to_approve if {
	count(rule.violations) == 2 with input as {"chrony": {"servers": null}, "ntp": {"servers": []}} with data.site as _site
	count(rule.violations) == 0 with input as {} with data.site as _site
}

_unit(name, load, active) := {"unit": name, "load": load, "active": active, "sub": "dead", "pending": false}

_time(chronyd, ntpd) := object.union(_chrony([_a, _b]), {"services": {"time": [chronyd, ntpd]}})

test_a_stopped_clock_follows_nobody if {
	given := _time(_unit("chronyd.service", "loaded", "failed"), _unit("ntpd.service", "not-found", "inactive"))
	rule.violations == {{
		"fact": "services.time",
		"item": 0,
		"expected": "active",
		"message": "chronyd.service is failed: no time service runs, one must",
	}} with input as given with data.site as {}
}

test_either_service_is_enough if {
	count(rule.violations) == 0 with data.site as {}
		with input as _time(_unit("chronyd.service", "loaded", "inactive"), _unit("ntpd.service", "loaded", "active"))
	count(rule.violations) == 0 with data.site as {}
		with input as _time(_unit("chronyd.service", "not-found", "inactive"), _unit("ntpd.service", "not-found", "inactive"))
}

test_remedies if {
	wanted := [{"host": "192.0.2.1", "kind": "server"}, {"host": "192.0.2.2", "kind": "server"}]
	{[r.fact, r.value] | some r in rule.remediation} == {["chrony.servers", wanted], ["ntp.servers", wanted]} with input as {
		"chrony": {"servers": null},
		"ntp": {"servers": [{"host": "x", "kind": "pool"}]},
	}
		with data.site as {"ntp_servers": ["192.0.2.1", "192.0.2.2"]}
}

test_no_remedy_without_the_site if {
	count(rule.remediation) == 0 with input as {"chrony": {"servers": null}} with data.site as {}
}
