package stig.alg.v251022_test

import data.stig.alg.v251022 as rule

_messages := {v.message | some v in rule.violations}

_site := {"listening_ports": [
	{"protocol": "tcp", "port": 22},
	{"protocol": "tcp", "port": 443},
	{"protocol": "tcp", "port": 8443},
]}

_rules := [
	{"interface": "lo", "target": "ACCEPT"},
	{"state": "RELATED,ESTABLISHED", "target": "ACCEPT"},
	{"protocol": "icmp", "target": "ACCEPT"},
	{"protocol": "tcp", "ports": "443", "target": "ACCEPT"},
	{"source": "198.51.100.0/24", "protocol": "tcp", "ports": "22,8443", "state": "NEW", "target": "ACCEPT"},
]

_sockets := [
	{"protocol": "tcp", "address": "0.0.0.0", "port": 443},
	{"protocol": "tcp", "address": "::", "port": 22},
	{"protocol": "tcp", "address": "192.0.2.10", "port": 8443},
	{"protocol": "tcp", "address": "127.0.0.1", "port": 8005},
	{"protocol": "udp", "address": "::1", "port": 323},
]

_input(policy, rules, sockets) := {
	"firewall": {"input_policy": policy, "input_rules": rules},
	"sockets": {"listening": sockets},
}

_with(extra) := _input("DROP", array.concat(_rules, [extra]), _sockets)

test_compliant if {
	count(rule.violations) == 0 with input as _input("DROP", _rules, _sockets) with data.site as _site
	count(rule.violations) == 0 with input as _input("DROP", [], []) with data.site as _site
}

test_last_rule_may_close_instead_of_the_policy if {
	closing := {"target": "REJECT"}
	count(rule.violations) == 0 with input as _input("ACCEPT", array.concat(_rules, [closing]), _sockets)
		with data.site as _site
	_messages == {"INPUT policy is ACCEPT, must be DROP, or the last rule has to drop everything"} with data.site as _site
		with input as _input("ACCEPT", array.concat([closing], _rules), _sockets)
}

test_everything_accepted if {
	rule.violations == {{
		"fact": "firewall.input_rules",
		"item": 5,
		"expected": "approved ports only",
		"message": "firewall accepts everything from everywhere, must name approved ports",
	}} with input as _with({"target": "ACCEPT"}) with data.site as _site
}

test_unapproved_port_accepted if {
	_messages == {"firewall accepts tcp port 9090, which is not approved"} with data.site as _site
		with input as _with({"source": "192.0.2.20", "protocol": "tcp", "ports": "9090", "target": "ACCEPT"})
}

test_boundaries_of_a_range if {
	ports := {"listening_ports": [{"protocol": "tcp", "port": port} | some port in numbers.range(8000, 8010)]}
	every range in ["8000:8010", "8000", "8010"] {
		given := _input("DROP", [{"protocol": "tcp", "ports": range, "target": "ACCEPT"}], [])
		count(rule.violations) == 0 with input as given with data.site as ports
	}
	every range in ["7999:8010", "8000:8011", "7999", "8011"] {
		given := _input("DROP", [{"protocol": "tcp", "ports": range, "target": "ACCEPT"}], [])
		count(rule.violations) == 1 with input as given with data.site as ports
	}
}

test_unapproved_port_refused_is_fine if {
	count(rule.violations) == 0 with input as _with({"protocol": "tcp", "ports": "9090", "target": "DROP"})
		with data.site as _site
}

test_stray_socket if {
	rule.violations == {{
		"fact": "sockets.listening",
		"item": 1,
		"expected": "an approved port",
		"message": "udp port 161 listens on 0.0.0.0, which is not approved",
	}} with data.site as _site
		with input as _input("DROP", _rules, [_sockets[0], {"protocol": "udp", "address": "0.0.0.0", "port": 161}])
}

test_near_miss_approved_port_of_the_other_protocol if {
	count(rule.violations) == 2 with data.site as _site with input as _input(
		"DROP", [{"protocol": "udp", "ports": "443", "target": "ACCEPT"}],
		[{"protocol": "udp", "address": "0.0.0.0", "port": 443}],
	)
}

test_s3_13_without_the_list_of_ports_only_what_is_wrong_everywhere_shows if {
	strange := {"protocol": "tcp", "address": "0.0.0.0", "port": 31337}
	count(rule.violations) == 0 with input as _input("DROP", _rules, [strange]) with data.site as {}
	count(rule.violations) == 2 with input as _input("ACCEPT", [{"target": "ACCEPT"}], [strange]) with data.site as {}
}

test_s3_13_nothing_approved if {
	count(rule.violations) == 5 with input as _input("DROP", _rules, _sockets) with data.site as {"listening_ports": []}
}

test_absent if {
	every site in [_site, {}] {
		_messages == {
			"INPUT policy is not set, must be DROP",
			"INPUT rule list is not set, must be known",
			"list of listening sockets is not set, must be known",
		} with input as _input(null, null, null) with data.site as site
	}
}

test_known_bad_beats_unknown if {
	count(rule.violations) == 1 with input as {"firewall": {"input_rules": [{"target": "ACCEPT"}]}} with data.site as _site
}

test_undefined if count(rule.violations) == 0 with input as {} with data.site as _site

_iptables(active) := {"services": {"firewall": [{"unit": "iptables.service", "load": "loaded", "active": active, "sub": "dead", "pending": false}]}}

test_rules_that_are_not_in_force_are_no_firewall if {
	rule.violations == {{
		"fact": "services.firewall",
		"item": 0,
		"expected": "active",
		"message": "iptables.service is inactive: no firewall service runs, one must",
	}} with input as object.union(_input("DROP", _rules, _sockets), _iptables("inactive")) with data.site as _site
	count(rule.violations) == 0 with data.site as _site
		with input as object.union(_input("DROP", _rules, _sockets), _iptables("active"))
}
