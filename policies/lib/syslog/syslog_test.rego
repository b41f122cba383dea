package lib.syslog_test

import data.lib.syslog

_site := {"syslog_servers": [
	{"host": "192.0.2.51", "port": 6514, "protocol": "tcp"},
	{"host": "logs.example", "port": 514, "protocol": "udp"},
]}

_servers := [
	{"host": "192.0.2.51", "port": 6514, "protocol": "tcp", "enabled": true, "audit": true},
	{"host": "Logs.example", "port": 514, "enabled": true, "audit": true},
]

_forwards := [
	{"host": "192.0.2.51", "port": 6514, "protocol": "TCP", "selector": "*.*", "shadowed": false},
	{"host": "logs.example", "port": 514, "protocol": "udp", "selector": "*.*"},
]

_input(servers, forwards) := {"mics": {"syslog": {"servers": servers}}, "rsyslog": {"forwards": forwards}}

_messages := {v.message | some v in syslog.violations}

# _changed gives the list with some fields of its first item replaced.
_changed(list, fields) := array.concat([object.union(list[0], fields)], array.slice(list, 1, count(list)))

test_all_there if count(syslog.violations) == 0 with input as _input(_servers, _forwards) with data.site as _site

test_absent if {
	_messages == {
		"syslog server list is not set, must have at least one item",
		"rsyslog forwarding list is not set, must have at least one item",
	} with input as _input(null, null) with data.site as _site
}

test_empty if {
	_messages == {
		"syslog server list is empty, must have at least one item",
		"rsyslog forwarding list is empty, must have at least one item",
	} with input as _input([], []) with data.site as _site
}

test_undefined if count(syslog.violations) == 0 with input as {} with data.site as _site

test_no_site_profile if count(syslog.violations) == 0 with input as _input(_servers, _forwards) with data.site as {}

test_known_bad_without_site_profile if {
	_messages == {
		"no syslog server is enabled with Audit, must be at least one",
		"rsyslog discards everything before it forwards, must forward",
	} with input as _input([{"host": "192.0.2.51", "port": 6514}], [{"host": "192.0.2.51", "shadowed": true}])
		with data.site as {}
}

test_disabled if {
	syslog.violations == {{
		"fact": "mics.syslog.servers",
		"item": 0,
		"expected": "enabled, with Audit",
		"message": "log server 192.0.2.51:6514/tcp is disabled, must be enabled",
	}} with input as _input(_changed(_servers, {"enabled": false}), _forwards)
		with data.site as _site
}

test_without_audit if {
	_messages == {"log server 192.0.2.51:6514/tcp is without Audit, must have it"} with data.site as _site
		with input as _input(_changed(_servers, {"audit": false}), _forwards)
}

test_second_entry_of_the_same_server_serves if {
	servers := array.concat(_changed(_servers, {"enabled": false}), [_servers[0]])
	count(syslog.violations) == 0 with data.site as _site with input as _input(servers, _forwards)
}

test_other_port if {
	_messages == {"log server 192.0.2.51:6514/tcp is not listed"} with data.site as _site
		with input as _input(_changed(_servers, {"port": 6515}), _forwards)
}

test_other_protocol if {
	_messages == {"log server 192.0.2.51:6514/tcp is not listed"} with data.site as _site
		with input as _input(_changed(_servers, {"protocol": "udp"}), _forwards)
}

test_one_of_two_forwarded if {
	syslog.violations == {{
		"fact": "rsyslog.forwards",
		"expected": "192.0.2.51:6514/tcp",
		"message": "rsyslog does not forward to 192.0.2.51:6514/tcp",
	}} with input as _input(_servers, [_forwards[1]])
		with data.site as _site
}

test_shadowed_forward_is_none if {
	_messages == {"rsyslog does not forward to 192.0.2.51:6514/tcp"} with data.site as _site
		with input as _input(_servers, _changed(_forwards, {"shadowed": true}))
}

test_forward_by_other_protocol_is_none if {
	_messages == {"rsyslog does not forward to 192.0.2.51:6514/tcp"} with data.site as _site
		with input as _input(_servers, _changed(_forwards, {"protocol": "udp"}))
}

test_plausible_addresses if {
	every bad in [{"host": ""}, {"host": "LOCALHOST"}, {"host": "127.0.0.1"}, {"port": 0}, {"port": 65536}] {
		server := object.union(_servers[0], bad)
		syslog.fault(server) == "has no plausible address"
	}
	every good in [{"port": 1}, {"port": 65535}] {
		syslog.usable(object.union(_servers[0], good))
	}
}

test_server_without_address_is_not_usable if not syslog.usable({"enabled": true, "audit": true})

_rsyslog(active) := {"services": {"syslog": [{"unit": "rsyslog.service", "load": "loaded", "active": active, "sub": "dead", "pending": false}]}}

test_stopped_rsyslog_forwards_nothing if {
	given := object.union(_input(_servers, _forwards), _rsyslog("failed"))
	syslog.violations == {{
		"fact": "services.syslog",
		"item": 0,
		"expected": "active",
		"message": "rsyslog.service is failed: no syslog service runs, one must",
	}} with input as given with data.site as _site
}

test_running_rsyslog_makes_up_for_nothing if {
	count(syslog.violations) == 0 with input as object.union(_input(_servers, _forwards), _rsyslog("active")) with data.site as _site
	count(syslog.violations) == 2 with input as object.union(_input([], []), _rsyslog("active")) with data.site as _site
}

_mine := {"host": "a", "port": 514, "protocol": "tcp"}

_other := {"host": "z", "port": 514, "protocol": "udp", "selector": "*.*", "shadowed": true}

_remedied(forwards) := values if {
	values := {r.value | some r in syslog.remediation} with input as {"rsyslog": {"forwards": forwards}}
		with data.site as {"syslog_servers": [_mine]}
}

test_remedy_adds_the_site_servers_to_what_is_forwarded if {
	_remedied([_other]) == {[_other, _mine]}
	_remedied(null) == {[_mine]}
	_remedied([]) == {[_mine]}
}

test_remedy_moves_a_forward_that_gets_nothing if {
	_remedied([object.union(_mine, {"shadowed": true})]) == {[_mine]}
}

test_no_remedy_while_all_is_forwarded if _remedied([object.union(_mine, {"shadowed": false})]) == set()

test_no_remedy_without_the_site if {
	count(syslog.remediation) == 0 with input as {"rsyslog": {"forwards": null}} with data.site as {}
}
