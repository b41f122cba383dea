package lib.firewall_test

import data.lib.firewall

_approved := [
	{"protocol": "tcp", "port": 22},
	{"protocol": "tcp", "port": 443},
	{"protocol": "tcp", "port": 8000},
	{"protocol": "tcp", "port": 8001},
	{"protocol": "udp", "port": 161},
]

_accept(fields) := object.union({"target": "ACCEPT"}, fields)

_tcp(ports) := _accept({"protocol": "tcp", "ports": ports})

_limits := {"source": "192.0.2.0/24", "protocol": "tcp", "ports": "22", "interface": "eth0", "state": "NEW", "negated": true}

_unlimited(rule) := firewall.unlimited("a.b", 0, rule).message

_unapproved(rule) := firewall.unapproved("a.b", 0, rule, _approved).message

_stray(socket) := firewall.stray("a.b", 0, socket, _approved).message

test_closed_by_policy if {
	not firewall.unclosed("a.b", "DROP", [])
	not firewall.unclosed("a.b", "drop", null)
	not firewall.unclosed("a.b", "REJECT", [])
}

test_closed_by_the_last_rule if {
	not firewall.unclosed("a.b", "ACCEPT", [_tcp("22"), {"target": "DROP"}])
	not firewall.unclosed("a.b", "ACCEPT", [{
		"target": "REJECT", "protocol": "all",
		"source": "0.0.0.0/0", "negated": false,
	}])
}

test_not_closed if {
	firewall.unclosed("a.b", "ACCEPT", [{"target": "DROP"}, _tcp("22")]) == {
		"fact": "a.b",
		"expected": "DROP",
		"message": "INPUT policy is ACCEPT, must be DROP, or the last rule has to drop everything",
	}
	every rules in [[], null, [{"protocol": "tcp"}], [{"target": "LOG"}]] {
		firewall.unclosed("a.b", "ACCEPT", rules)
	}
}

test_last_rule_that_does_not_drop_all_closes_nothing if {
	every name, value in _limits {
		firewall.unclosed("a.b", "ACCEPT", [{"target": "DROP", name: value}])
	}
}

test_absent_policy_is_told_by_the_rule if not firewall.unclosed("a.b", null, [])

test_accepts_everything if {
	firewall.unlimited("a.b", 3, {"target": "ACCEPT"}) == {
		"fact": "a.b",
		"item": 3,
		"expected": "approved ports only",
		"message": "firewall accepts everything from everywhere, must name approved ports",
	}
	_unlimited(_accept({"protocol": "all"})) == _unlimited({"target": "ACCEPT"})
	_unlimited(_accept({"interface": "eth0"})) == _unlimited({"target": "ACCEPT"})
}

test_accepts_all_of_a_protocol_or_a_source if {
	_unlimited(_accept({"protocol": "udp"})) == "firewall accepts all udp from everywhere, must name approved ports"
	_unlimited(_accept({"protocol": "47"})) == "firewall accepts all 47 from everywhere, must name approved ports"
	_unlimited(_accept({"source": "192.0.2.0/24"})) == "firewall accepts everything from 192.0.2.0/24, must name approved ports"
}

test_loopback_may_do_everything if {
	not firewall.unlimited("a.b", 0, _accept({"interface": "lo"}))
	not firewall.unlimited("a.b", 0, _accept({"source": "127.0.0.0/8"}))
	not firewall.unapproved("a.b", 0, _accept({"interface": "lo", "protocol": "tcp", "ports": "9"}), _approved)
}

test_near_loopback if {
	firewall.unlimited("a.b", 0, _accept({"interface": "lo1"}))
	firewall.unlimited("a.b", 0, _accept({"source": "127.0.0.0/1"}))
	firewall.unlimited("a.b", 0, _accept({"interface": "lo", "negated": true}))
	firewall.unlimited("a.b", 0, _accept({"source": "127.0.0.0/8", "negated": true}))
}

test_replies_may_come_back if {
	every state in ["ESTABLISHED", "RELATED,ESTABLISHED", "established"] {
		not firewall.unlimited("a.b", 0, _accept({"state": state}))
	}
	every state in ["NEW,ESTABLISHED", "NEW", "INVALID", "UNTRACKED"] {
		firewall.unlimited("a.b", 0, _accept({"state": state}))
	}
	firewall.unlimited("a.b", 0, _accept({"state": "ESTABLISHED", "negated": true}))
}

test_control_messages_have_no_ports if {
	not firewall.unlimited("a.b", 0, _accept({"protocol": "icmp"}))
	not firewall.unlimited("a.b", 0, _accept({"protocol": "ICMPv6"}))
	firewall.unlimited("a.b", 0, _accept({"protocol": "icmp", "negated": true}))
}

test_what_lets_nothing_in if {
	every rule in [{"target": "DROP"}, {"target": "reject"}, {"target": "LOG"}, {"protocol": "tcp", "ports": "9"}] {
		not firewall.unlimited("a.b", 0, rule)
		not firewall.unapproved("a.b", 0, rule, _approved)
	}
}

test_jump_counts_as_accepting if {
	firewall.unlimited("a.b", 0, {"target": "ACL_1"})
	not firewall.unapproved("a.b", 0, {"target": "ACL_1", "protocol": "tcp", "ports": "443"}, _approved)
	firewall.unapproved("a.b", 0, {"target": "ACL_1", "protocol": "tcp", "ports": "444"}, _approved)
}

test_approved_ports if {
	every ports in ["443", "22,443", "8000:8001", "22,8000:8001", "443:443"] {
		not firewall.unapproved("a.b", 0, _tcp(ports), _approved)
		not firewall.unlimited("a.b", 0, _tcp(ports))
	}
	not firewall.unapproved("a.b", 0, _accept({"protocol": "6", "ports": "443"}), _approved)
	not firewall.unapproved("a.b", 0, _accept({"protocol": "UDP", "ports": "161"}), _approved)
}

test_unapproved_port if {
	firewall.unapproved("a.b", 2, _tcp("444"), _approved) == {
		"fact": "a.b",
		"item": 2,
		"expected": "an approved port",
		"message": "firewall accepts tcp port 444, which is not approved",
	}
	_unapproved(_tcp("22,444")) == "firewall accepts tcp port 22,444, which is not approved"
	_unapproved(_accept({"protocol": "udp", "ports": "443"})) == "firewall accepts udp port 443, which is not approved"
	_unapproved(_accept({"ports": "443"})) == "firewall accepts any port 443, which is not approved"
	firewall.unapproved("a.b", 0, _tcp("443"), [])
}

test_range_with_one_port_too_many if {
	every ports in ["7999:8001", "8000:8002", "8001:8000", "0:65535", ":22", "22:", "22:x", "ssh", "", "443,"] {
		firewall.unapproved("a.b", 0, _tcp(ports), _approved)
	}
}

test_rule_that_says_more_than_its_record_names_no_port if {
	negated := object.union(_tcp("22"), {"negated": true})
	_unlimited(negated) == "firewall accepts by a negation or a condition that is not read, must name approved ports"
	not firewall.unapproved("a.b", 0, negated, _approved)
}

test_sockets if {
	every address in ["0.0.0.0", "::", "192.0.2.10"] {
		not firewall.stray("a.b", 0, {"protocol": "tcp", "address": address, "port": 443}, _approved)
		firewall.stray("a.b", 0, {"protocol": "udp", "address": address, "port": 443}, _approved)
	}
	firewall.stray("a.b", 1, {"protocol": "tcp", "address": "0.0.0.0", "port": 444}, _approved) == {
		"fact": "a.b",
		"item": 1,
		"expected": "an approved port",
		"message": "tcp port 444 listens on 0.0.0.0, which is not approved",
	}
	not firewall.stray("a.b", 0, {"protocol": "tcp6", "address": "::", "port": 443}, _approved)
}

test_sockets_on_loopback if {
	every address in ["127.0.0.1", "127.0.1.53", "::1", "::ffff:127.0.0.1"] {
		not firewall.stray("a.b", 0, {"protocol": "tcp", "address": address, "port": 9}, _approved)
	}
	every address in ["128.0.0.1", "12.7.0.1", "::", "::12", "::ffff:192.0.2.10"] {
		firewall.stray("a.b", 0, {"protocol": "tcp", "address": address, "port": 9}, _approved)
	}
}

test_socket_that_says_little_is_stray if {
	_stray({"protocol": "tcp"}) == "tcp port unknown listens on every address, which is not approved"
}

test_undefined_is_no_violation if {
	{v | v := firewall.unclosed("a.b", input.firewall.input_policy, [])} == set() with input as {}
	{v | v := firewall.unapproved("a.b", 0, _tcp("9"), data.site.listening_ports)} == set() with data.site as {}
	{v | v := firewall.stray("a.b", 0, {"port": 9}, data.site.listening_ports)} == set() with data.site as {}
}

test_more_conditions_narrow_a_named_port_and_no_last_drop if {
	approved := [{"protocol": "tcp", "port": 22}]
	limited := {"target": "ACCEPT", "protocol": "tcp", "ports": "22", "negated": false, "more": true}
	not firewall.unlimited("f", 0, limited)
	not firewall.unapproved("f", 0, limited, approved)
	firewall.unlimited("f", 0, {"target": "ACCEPT", "negated": false, "more": true})
	firewall.unclosed("f", "ACCEPT", [{"target": "DROP", "negated": false, "more": true}])
	not firewall.unclosed("f", "ACCEPT", [{"target": "DROP", "negated": false}])
}
