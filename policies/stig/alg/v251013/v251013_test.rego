package stig.alg.v251013_test

import data.stig.alg.v251013 as rule

_messages := {v.message | some v in rule.violations}

_all(protocols) := _tls(protocols, protocols, protocols, protocols)

_tls(incoming, outgoing, uem, access) := {"mics": {"tls": {
	"incoming": {"protocols": incoming},
	"outgoing": {"protocols": outgoing},
	"uem": {"protocols": uem},
	"access": {"protocols": access},
}}}

_exactly := ["TLSv1.2"]

test_compliant if count(rule.violations) == 0 with input as _all(_exactly) with data.site as {"accept_tls13": false}

test_each_of_the_four_is_judged if {
	old := ["TLSv1.1", "TLSv1.2"]
	_messages == {"Incoming SSL has TLSv1.1 on, must be off"} with input as _tls(old, _exactly, _exactly, _exactly)
	_messages == {"Outgoing SSL has TLSv1.1 on, must be off"} with input as _tls(_exactly, old, _exactly, _exactly)
	_messages == {"UEM SSL has TLSv1.1 on, must be off"} with input as _tls(_exactly, _exactly, old, _exactly)
	rule.violations == {{
		"fact": "mics.tls.access.protocols",
		"item": 0,
		"expected": "TLSv1.2",
		"message": "Access SSL has TLSv1.1 on, must be off",
	}} with input as _tls(_exactly, _exactly, _exactly, old)
}

test_tls13_is_open_unless_accepted if {
	both := _all(["TLSv1.2", "TLSv1.3"])
	count(rule.violations) == 4 with input as both with data.site as {"accept_tls13": false}
	count(rule.violations) == 0 with input as both with data.site as {"accept_tls13": true}
}

test_accepting_tls13_accepts_nothing_older if {
	count(rule.violations) == 4 with input as _all(["TLSv1.2", "TLSv1.1"]) with data.site as {"accept_tls13": true}
}

test_tls12_has_to_be_on if {
	count(rule.violations) == 4 with input as _all([]) with data.site as {}
	count(rule.violations) == 4 with input as _all(["TLSv1.3"]) with data.site as {"accept_tls13": true}
}

test_known_bad_beats_unknown if {
	count(rule.violations) == 1 with input as {"mics": {"tls": {"uem": {"protocols": ["TLSv1.2", "TLSv1"]}}}}
}

test_absent if {
	_messages == {
		"Incoming SSL protocol list is not set, must be TLSv1.2",
		"Outgoing SSL protocol list is not set, must be TLSv1.2",
		"UEM SSL protocol list is not set, must be TLSv1.2",
		"Access SSL protocol list is not set, must be TLSv1.2",
	} with input as _all(null)
}

test_undefined if count(rule.violations) == 0 with input as {}

_httpd := {
	"httpd": {"portal_protocols": ["TLSv1.1", "TLSv1.2"], "uem_protocols": ["TLSv1", "TLSv1.2"]},
	"captures": {"httpd_protocols": [
		{"port": 8443, "protocols": "TLSv1.1, TLSv1.2"},
		{"port": 9090, "protocols": "TLSv1.2"},
	]},
}

test_httpd_is_a_remark_only if {
	count(rule.violations) == 0 with input as _httpd
	rule.remarks == {
		"httpd has more than TLS 1.2 on for port 8443",
		"httpd has more than TLS 1.2 on for port 9090",
		"\"show httpd protocol\" shows more than TLS 1.2 for port 8443",
	} with input as _httpd
	count(rule.remarks) == 0 with input as {"httpd": {"portal_protocols": ["TLSv1.2"], "uem_protocols": null}}
}

test_what_port_443_speaks_corroborates if {
	good := {"probe": {"incoming_on": ["TLSv1.2"], "incoming_off": ["TLSv1.1"]}}
	bad := {"probe": {"incoming_on": ["TLSv1.1", "TLSv1.2"]}}
	count(rule.violations) == 0 with input as good with data.site.accept_tls13 as false
	{v.fact | some v in rule.violations} == {"probe.incoming_on"} with input as bad with data.site.accept_tls13 as false
}

test_what_8443_and_9090_speak_is_remarked if {
	rule.remarks == {"port 8443 speaks more than TLS 1.2", "port 9090 speaks more than TLS 1.2"} with data.site.accept_tls13 as false
		with input as {"probe": {"portal_on": ["TLSv1", "TLSv1.2"], "uem_on": ["TLSv1.3"]}}
	count(rule.remarks) == 0 with input as {"probe": {"portal_on": ["TLSv1.2"], "uem_on": null}} with data.site.accept_tls13 as false
}
