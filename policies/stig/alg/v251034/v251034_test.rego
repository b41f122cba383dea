package stig.alg.v251034_test

import data.stig.alg.v251034 as rule

_messages := {v.message | some v in rule.violations}

_site := {"approved_routes": [
	{"destination": "0.0.0.0/0", "via": "192.0.2.1"},
	{"destination": "203.0.113.0/24", "via": "198.51.100.1"},
]}

_default := {"destination": "0.0.0.0/0", "via": "192.0.2.1", "device": "eth0"}

_other := {"destination": "203.0.113.0/24", "via": "198.51.100.1", "device": "eth1"}

_input(kernel, gateways, static) := {
	"kernel": {"routes": kernel},
	"mics": {"route_gateways": gateways},
	"net": {"static_routes": static},
}

test_compliant if {
	count(rule.violations) == 0 with data.site as _site
		with input as _input([_default, _other], ["192.0.2.1", "198.51.100.1"], [_other])
}

test_fewer_than_approved if {
	count(rule.violations) == 0 with input as _input([_default], ["192.0.2.1"], []) with data.site as _site
}

test_unapproved_route if {
	rule.violations == {{
		"fact": "kernel.routes",
		"item": 1,
		"expected": "an approved route",
		"message": "route to 203.0.113.0/25 via 198.51.100.1 is not approved",
	}} with data.site as _site
		with input as _input([_default, {"destination": "203.0.113.0/25", "via": "198.51.100.1"}], ["192.0.2.1"], null)
}

test_approved_destination_by_another_gateway if {
	_messages == {"route to 0.0.0.0/0 via 198.51.100.1 is not approved"} with data.site as _site
		with input as _input([{"destination": "0.0.0.0/0", "via": "198.51.100.1"}], ["192.0.2.1"], null)
}

test_unapproved_gateway if {
	rule.violations == {{
		"fact": "mics.route_gateways",
		"item": 0,
		"expected": "the gateway of an approved route",
		"message": "gateway 192.0.2.2 belongs to no approved route",
	}} with input as _input([_default], ["192.0.2.2"], null) with data.site as _site
}

test_static_routes_corroborate if {
	_messages == {"route to 10.0.0.0/8 via 192.0.2.1 is not approved"} with data.site as _site
		with input as _input([_default], ["192.0.2.1"], [_other, {"destination": "10.0.0.0/8", "via": "192.0.2.1"}])
}

test_static_route_without_gateway_is_not_judged if {
	count(rule.violations) == 0 with data.site as _site
		with input as _input([_default], ["192.0.2.1"], [{"destination": "10.0.0.0/8", "device": "eth1"}])
}

test_no_site_value if {
	count(rule.violations) == 0 with data.site as {}
		with input as _input([{"destination": "10.0.0.0/8", "via": "192.0.2.9"}], ["192.0.2.9"], [])
}

test_nothing_approved if {
	none := {"approved_routes": []}
	count(rule.violations) == 2 with input as _input([_default], ["192.0.2.1"], []) with data.site as none
	count(rule.violations) == 0 with input as _input([], [], []) with data.site as none
}

test_emptied if {
	_messages == {
		"routing table is empty, must have at least one item",
		"gateway list is empty, must have at least one item",
	} with input as _input([], [], []) with data.site as _site
}

test_absent if {
	every site in [_site, {}] {
		_messages == {
			"routing table is not set, must have at least one item",
			"gateway list is not set, must have at least one item",
		} with input as _input(null, null, null) with data.site as site
	}
}

test_undefined if count(rule.violations) == 0 with input as {} with data.site as _site
