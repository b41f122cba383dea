package stig.ndm.v250983_test

import data.stig.ndm.v250983 as rule

_messages := {v.message | some v in rule.violations}

_site := {"management_address": "198.51.100.10", "management_ranges": ["198.51.100.0/24"]}

_interfaces(addresses) := {"mics": {"interface_addresses": addresses}}

_two := _interfaces(["192.0.2.10", "198.51.100.10", "0.0.0.0"])

_firewall(policy, rules) := object.union(_two, {"firewall": {"input_policy": policy, "input_rules": rules}})

_allowed := {"source": "198.51.100.0/25", "protocol": "tcp", "ports": "8443", "target": "ACCEPT"}

_anyone := {"protocol": "tcp", "ports": "8443", "target": "ACCEPT"}

test_compliant if count(rule.violations) == 0 with input as _two with data.site as _site

test_one_interface if {
	rule.violations == {{
		"fact": "mics.interface_addresses",
		"expected": ">= 2 interfaces with an address",
		"message": "number of interfaces with an address is 1, must be at least 2",
	}} with input as _interfaces(["198.51.100.10"]) with data.site as _site
}

test_boundaries if {
	count(rule.violations) == 0 with input as _interfaces(["192.0.2.10", "198.51.100.10"]) with data.site as _site
	count(rule.violations) == 0 with data.site as _site
		with input as _interfaces(["192.0.2.10", "198.51.100.10", "203.0.113.10"])
	count(rule.violations) == 2 with input as _interfaces([]) with data.site as _site
}

test_unused_and_equal_addresses_are_no_interfaces_of_their_own if {
	every other in ["0.0.0.0", "127.0.0.1", "", "::", "198.51.100.10"] {
		_messages == {"number of interfaces with an address is 1, must be at least 2"} with data.site as _site
			with input as _interfaces(["198.51.100.10", other])
	}
}

test_management_address_is_on_no_interface if {
	rule.violations == {{
		"fact": "mics.interface_addresses",
		"expected": "198.51.100.10",
		"message": "no interface has the management address 198.51.100.10",
	}} with input as _interfaces(["192.0.2.10", "198.51.100.1"]) with data.site as _site
}

test_unused_address_is_no_management_address if {
	_messages == {"no interface has the management address 0.0.0.0"} with input as _two
		with data.site as {"management_address": "0.0.0.0"}
}

test_management_address_in_another_spelling if {
	count(rule.violations) == 0 with data.site as {"management_address": "2001:db8:0::10"}
		with input as _interfaces(["192.0.2.10", "2001:DB8::10"])
}

test_absent if {
	_messages == {"list of interfaces is not set, must have at least one item"} with input as _interfaces(null)
		with data.site as _site
}

test_undefined if {
	count(rule.violations) == 0 with input as {} with data.site as _site
	count(rule.remarks) == 0 with input as {} with data.site as _site
}

test_s3_13_without_the_site_only_the_number_is_judged if {
	count(rule.violations) == 0 with input as _interfaces(["192.0.2.10", "203.0.113.10"]) with data.site as {}
	_messages == {"number of interfaces with an address is 1, must be at least 2"} with data.site as {}
		with input as _interfaces(["192.0.2.10"])
}

test_s3_14_second_interface_decides_and_the_allow_list_is_a_remark if {
	open := _firewall("ACCEPT", [_anyone])
	count(rule.violations) == 0 with input as open with data.site as _site
	count(rule.remarks) == 2 with input as open with data.site as _site
	closed := object.union(_firewall("DROP", [_allowed]), _interfaces(["198.51.100.10"]))
	count(rule.violations) == 1 with input as closed with data.site as _site
	rule.remarks == {"the firewall keeps port 8443 to the management ranges"} with input as closed with data.site as _site
}

test_remarks_a_kept_port if {
	every given in [
		_firewall("DROP", [_allowed]),
		_firewall("DROP", []),
		_firewall("ACCEPT", [_allowed, {"target": "REJECT"}, _anyone]),
		_firewall(null, [_allowed, {"target": "DROP"}]),
	] {
		rule.remarks == {"the firewall keeps port 8443 to the management ranges"} with input as given with data.site as _site
	}
}

test_remarks_the_rule_that_lets_others_in if {
	rule.remarks == {"firewall rule 2 of INPUT may let others than the management ranges reach port 8443"} with data.site as _site
		with input as _firewall("DROP", [_allowed, _anyone])
}

test_remarks_an_open_end if {
	rule.remarks == {"the firewall lets everybody reach port 8443: INPUT ends in ACCEPT"} with data.site as _site
		with input as _firewall("ACCEPT", [_allowed])
}

test_unknown_policy_is_not_told_as_kept if {
	count(rule.remarks) == 0 with input as _firewall(null, [_allowed]) with data.site as _site
}

test_absent_firewall_is_no_remark if {
	count(rule.remarks) == 0 with input as _firewall("ACCEPT", null) with data.site as _site
	count(rule.remarks) == 0 with input as _firewall("DROP", null) with data.site as _site
}

test_no_ranges_to_compare_with if {
	rule.remarks == {"who may reach port 8443 was not compared: management_ranges is not set"} with data.site as {}
		with input as _firewall("DROP", [_anyone])
}

_iptables(active) := {"services": {"firewall": [{"unit": "iptables.service", "load": "loaded", "active": active, "sub": "exited", "pending": false}]}}

test_rules_that_are_not_in_force_keep_nobody_out if {
	given := _firewall("DROP", [_allowed])
	rule.remarks == {"no firewall service runs: the firewall's rules keep nobody from port 8443"} with data.site as _site
		with input as object.union(given, _iptables("inactive"))
	rule.remarks == {"the firewall keeps port 8443 to the management ranges"} with data.site as _site
		with input as object.union(given, _iptables("active"))
	count(rule.violations) == 0 with input as object.union(given, _iptables("inactive")) with data.site as _site
}
