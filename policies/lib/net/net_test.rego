package lib.net_test

import data.lib.net

test_used if {
	every address in ["192.0.2.10", "10.0.0.1", "2001:db8::1"] {
		net.used(address)
	}
}

test_not_used if {
	every address in ["0.0.0.0", "127.0.0.1", "::", "::1", "", "dhcp", "192.0.2.0/24", "192.0.2.256"] {
		not net.used(address)
	}
}

test_covers if {
	net.covers("192.0.2.0/24", "192.0.2.10")
	net.covers("192.0.2.0/24", "192.0.2.128/25")
	net.covers("192.0.2.10", "192.0.2.10/32")
	net.covers("2001:db8::/32", "2001:db8:1::1")
	net.covers("2001:DB8::1", "2001:db8:0::1")
}

test_covers_boundaries if {
	net.covers("192.0.2.0/25", "192.0.2.127")
	not net.covers("192.0.2.0/25", "192.0.2.128")
	not net.covers("192.0.2.0/25", "192.0.2.0/24")
}

test_covers_with_a_mask if {
	net.covers("192.0.2.0/255.255.255.0", "192.0.2.10")
	net.covers("192.0.2.0/24", "192.0.2.16/255.255.255.240")
	not net.covers("192.0.2.0/255.255.255.128", "192.0.2.128")
	net.covers("0.0.0.0/0.0.0.0", "192.0.2.10")
	net.covers("192.0.2.10/255.255.255.255", "192.0.2.10")
	net.covers("10.0.0.0/255.128.0.0", "10.127.0.1")
}

test_malformed_covers_and_is_covered_by_nothing if {
	every text in ["", "/", "/24", "x", "192.0.2.0/33", "192.0.2.0/255.0.255.0", "2001:db8::/255.0.0.0", "192.0.2/24", "192.0.2.0/24/24"] {
		not net.covers(text, "192.0.2.10")
		not net.covers("192.0.2.0/24", text)
	}
}

test_families_do_not_mix if {
	not net.covers("0.0.0.0/0", "2001:db8::1")
	not net.covers("::/0", "192.0.2.10")
}

test_same_name_covers_itself if {
	net.covers("Core.lab.example", "core.lab.example")
	not net.covers("core.lab.example", "core2.lab.example")
}

test_outside if {
	net.outside(["192.0.2.0/24", "core.lab.example"], ["192.0.2.1", "core.lab.example", "192.0.3.1"]) == {"192.0.3.1"}
	net.outside(null, ["192.0.2.1"]) == {"192.0.2.1"}
	net.outside(["192.0.2.0/24"], []) == set()
}

test_everything if {
	net.everything("0.0.0.0/0")
	net.everything("0.0.0.0/0.0.0.0")
	net.everything("::/0")
	not net.everything("10.0.0.0/8")
	not net.everything("128.0.0.0/1")
	not net.everything("any/0")
}

_ranges := ["198.51.100.0/24"]

_inside := {"source": "198.51.100.0/25", "protocol": "tcp", "ports": "8443", "target": "ACCEPT"}

_leaks(fields) := net.leaks([object.union(_inside, fields)], 8443, _ranges)

_open(fields) := net.leaks([object.union({"target": "ACCEPT"}, fields)], 8443, _ranges)

test_source_inside_the_ranges_leaks_nothing if {
	_leaks({}) == set()
	_leaks({"source": "198.51.100.7"}) == set()
	_leaks({"source": "198.51.100.0/255.255.255.0"}) == set()
}

test_source_beyond_the_ranges_leaks if {
	_leaks({"source": "198.51.100.0/23"}) == {0}
	_leaks({"source": "203.0.113.1"}) == {0}
	_leaks({"source": "admin.lab.example"}) == {0}
	_open({}) == {0}
}

test_no_ranges_leak_everything if net.leaks([_inside], 8443, []) == {0}

test_ports if {
	every ports in ["8443", "8000:9000", "8443:8443", ":9000", "8000:", "22,8443", "22,8000:9000", "pcsync-https"] {
		_open({"protocol": "tcp", "ports": ports}) == {0}
	}
	every ports in ["443", "84430", "8444:9000", "8000:8442", ":8442", "8444:", "22,443"] {
		_open({"protocol": "tcp", "ports": ports}) == set()
	}
}

test_protocols if {
	every protocol in ["tcp", "TCP", "6", "all", "0"] {
		_open({"protocol": protocol}) == {0}
	}
	every protocol in ["udp", "icmp"] {
		_open({"protocol": protocol}) == set()
	}
}

test_states if {
	_open({"state": "NEW,ESTABLISHED"}) == {0}
	_open({"state": "RELATED,ESTABLISHED"}) == set()
}

test_interfaces if {
	_open({"interface": "lo"}) == set()
	_open({"interface": "eth0"}) == {0}
}

test_targets if {
	every target in ["ACCEPT", "MI-INPUT", "RETURN"] {
		_open({"target": target}) == {0}
	}
	every target in ["DROP", "reject", "LOG"] {
		_open({"target": target}) == set()
	}
	net.leaks([{"protocol": "tcp"}], 8443, _ranges) == set()
}

test_negation_may_leak if {
	_leaks({"negated": true}) == {0}
	every fields in [{"interface": "lo"}, {"state": "NEW"}, {"protocol": "udp"}, {"ports": "443"}] {
		_open(object.union(fields, {"negated": true})) == {0}
	}
}

test_own_traffic_leaks_nothing if {
	_open({"source": "127.0.0.1"}) == set()
	_open({"source": "127.0.0.0/8", "negated": false}) == set()
}

test_what_comes_after_a_refusal_leaks_nothing if {
	refusal := {"protocol": "tcp", "ports": "8443", "target": "REJECT"}
	net.leaks([_inside, refusal, {"target": "ACCEPT"}], 8443, _ranges) == set()
	net.leaks([{"target": "ACCEPT"}, refusal], 8443, _ranges) == {0}
}

test_sealed if {
	every rule in [{"target": "DROP"}, {"target": "DROP", "source": "0.0.0.0/0", "negated": false}, {"target": "reject", "protocol": "tcp", "ports": "8000:9000"}] {
		net.sealed([_inside, rule], 8443)
	}
}

test_not_sealed if {
	every fields in [
		{"target": "ACCEPT"},
		{"source": "203.0.113.0/24"},
		{"interface": "eth0"},
		{"state": "INVALID"},
		{"negated": true},
		{"protocol": "udp"},
		{"ports": "443"},
		{"ports": "pcsync-https"},
	] {
		not net.sealed([object.union({"target": "DROP"}, fields)], 8443)
	}
	not net.sealed([], 8443)
}

_anyone := {"target": "ACCEPT"}

_kept := {"the firewall keeps port 8443 to the management ranges"}

_open_end := "the firewall lets everybody reach port 8443: INPUT ends in ACCEPT"

_leak := "firewall rule 2 of INPUT may let others than the management ranges reach port 8443"

test_reach_kept if {
	net.reach([_inside], "DROP", 8443, _ranges) == _kept
	net.reach([], "REJECT", 8443, _ranges) == _kept
	net.reach([_inside, {"target": "REJECT"}, _anyone], "ACCEPT", 8443, _ranges) == _kept
	net.reach([_inside, {"target": "DROP"}], null, 8443, _ranges) == _kept
}

test_reach_let_in if net.reach([_inside, _anyone], "DROP", 8443, _ranges) == {_leak}

test_reach_open_end if {
	net.reach([_inside], "ACCEPT", 8443, _ranges) == {_open_end}
	net.reach([_inside, _anyone], "ACCEPT", 8443, _ranges) == {_leak, _open_end}
}

test_reach_unknown_end if net.reach([_inside], null, 8443, _ranges) == set()

test_reach_absent_rules if {
	every policy in ["ACCEPT", "DROP", null] {
		net.reach(null, policy, 8443, _ranges) == set()
	}
}

test_undefined_is_no_answer if {
	{x | some x in net.reach(input.firewall.input_rules, input.firewall.input_policy, 8443, _ranges)} == set() with input as {}
	{x | x := net.leaks(input.firewall.input_rules, 8443, _ranges)} == set() with input as {}
	net.leaks(null, 8443, _ranges) == set()
	not net.sealed(null, 8443)
}

test_a_last_drop_with_more_conditions_seals_nothing if {
	net.sealed([{"target": "DROP", "negated": false}], 8443)
	not net.sealed([{"target": "DROP", "negated": false, "more": true}], 8443)
}
