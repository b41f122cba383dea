package stig.ndm.v250999_test

import data.stig.ndm.v250999 as rule

_messages := {v.message | some v in rule.violations}

_a := {"host": "192.0.2.123", "kind": "server"}

_b := {"host": "198.51.100.123", "kind": "server"}

_chrony(servers) := {"chrony": {"servers": servers}}

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

test_literal_reading_is_content_with_one if {
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
