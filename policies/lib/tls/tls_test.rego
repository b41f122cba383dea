package lib.tls_test

import data.lib.tls

_messages(protocols, allowed) := {v.message | some v in tls.faults("a.b", "Incoming", protocols, allowed)}

test_exactly_12 if {
	_messages(["TLSv1.2"], tls.only_12) == set()
	_messages(["TLS 1.2"], tls.only_12) == set()
}

test_older_besides if {
	tls.faults("a.b", "Incoming", ["TLSv1.2", "TLSv1.1"], tls.with_13) == {{
		"fact": "a.b",
		"item": 1,
		"expected": "TLSv1.2",
		"message": "Incoming has TLSv1.1 on, must be off",
	}}
}

test_13_besides if {
	_messages(["TLSv1.2", "TLSv1.3"], tls.only_12) == {"Incoming has TLSv1.3 on, must be off"}
	_messages(["TLSv1.2", "TLSv1.3"], tls.with_13) == set()
}

test_13_alone if _messages(["TLSv1.3"], tls.with_13) == {"Incoming has TLSv1.2 off, must be on"}

test_nothing_on if _messages([], tls.only_12) == {"Incoming has TLSv1.2 off, must be on"}

test_absent if _messages(null, tls.only_12) == {"Incoming protocol list is not set, must be TLSv1.2"}

test_near_miss if {
	_messages(["TLSv1.20"], tls.only_12) == {
		"Incoming has TLSv1.20 on, must be off",
		"Incoming has TLSv1.2 off, must be on",
	}
}

test_undefined_is_no_fault if {v | v := tls.faults("a.b", "Incoming", input.mics.tls.incoming.protocols, tls.only_12)} == set() with input as {}

test_beyond if {
	tls.beyond(["TLSv1.2", " TLSv1.1"], tls.only_12)
	not tls.beyond([" TLSv1.2"], tls.only_12)
	not tls.beyond(null, tls.only_12)
}

_legs(protocols) := {"mics": {"tls": {
	"incoming": {"protocols": protocols},
	"outgoing": {"protocols": protocols},
	"uem": {"protocols": protocols},
	"access": {"protocols": protocols},
}}}

test_weak_legs if {
	count(tls.weak_legs) == 0 with input as _legs(["TLSv1.2"])
	count(tls.weak_legs) == 0 with input as _legs(["TLSv1.3", "TLSv1.2"])
	{v.fact | some v in tls.weak_legs} == {
		"mics.tls.incoming.protocols", "mics.tls.outgoing.protocols",
		"mics.tls.uem.protocols", "mics.tls.access.protocols",
	} with input as _legs(["TLSv1.1", "TLSv1.2"])
	count(tls.weak_legs) == 4 with input as _legs(["TLSv1.3"])
	count(tls.weak_legs) == 4 with input as _legs(null)
	count(tls.weak_legs) == 0 with input as {}
}

test_seen if {
	count(tls.seen(tls.only_12)) == 0 with input as {"probe": {"incoming_on": ["TLSv1.2"], "incoming_off": ["TLSv1", "TLSv1.1"]}}
	count(tls.seen(tls.only_12)) == 0 with input as {"probe": {"incoming_on": null, "incoming_off": null}}
	count(tls.seen(tls.only_12)) == 0 with input as {}
	{v.message | some v in tls.seen(tls.only_12)} == {
		"port 443 speaks TLSv1, must refuse it",
		"port 443 speaks TLSv1.3, must refuse it",
		"port 443 refuses TLSv1.2, must speak it",
	} with input as {"probe": {"incoming_on": ["TLSv1", "TLSv1.3"], "incoming_off": ["TLSv1.2"]}}
	{v.item | some v in tls.seen(tls.with_13)} == {0} with input as {"probe": {"incoming_on": ["TLSv1", "TLSv1.3"]}}
}

test_what_a_port_shows_counts_for_the_weak_legs if {
	{v.fact | some v in tls.weak_legs} == {"probe.incoming_on"} with input as object.union(_legs(["TLSv1.2"]), {"probe": {"incoming_on": ["TLSv1.1", "TLSv1.2"]}})
}
