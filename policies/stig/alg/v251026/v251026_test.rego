package stig.alg.v251026_test

import data.stig.alg.v251013 as strict
import data.stig.alg.v251026 as rule
import data.stig.alg.v251027 as sibling

_messages := {v.message | some v in rule.violations}

_all(protocols) := _tls(protocols, protocols, protocols, protocols)

_tls(incoming, outgoing, uem, access) := {"mics": {"tls": {
	"incoming": {"protocols": incoming},
	"outgoing": {"protocols": outgoing},
	"uem": {"protocols": uem},
	"access": {"protocols": access},
}}}

_good := ["TLSv1.2"]

test_compliant if count(rule.violations) == 0 with input as _all(_good)

test_one_older_leg if {
	rule.violations == {{
		"fact": "mics.tls.access.protocols",
		"item": 1,
		"expected": "TLSv1.2",
		"message": "Access SSL has TLSv1.1 on, must be off",
	}} with input as _tls(_good, ["TLSv1.3", "TLSv1.2"], _good, ["TLSv1.2", "TLSv1.1"])
}

test_tls12_off_on_one_leg if {
	_messages == {"Incoming SSL has TLSv1.2 off, must be on"} with input as _tls(["TLSv1.3"], _good, _good, _good)
	_messages == {"Outgoing SSL has TLSv1.2 off, must be on"} with input as _tls(_good, [], _good, _good)
}

test_near_miss if {
	_messages == {
		"Access SSL has TLSv1.20 on, must be off",
		"Access SSL has TLSv1.2 off, must be on",
	} with input as _tls(_good, _good, _good, ["TLSv1.20"])
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

test_known_bad_beats_unknown if {
	count(rule.violations) == 1 with input as {"mics": {"tls": {"uem": {"protocols": ["TLSv1.2", "TLSv1"]}}}}
}

test_s3_19_exactly_12_passes_all_three_rules if {
	count(rule.violations) == 0 with input as _all(["TLSv1.2"])
	count(sibling.violations) == 0 with input as _all(["TLSv1.2"])
	count(strict.violations) == 0 with input as _all(["TLSv1.2"]) with data.site as {}
}

test_s3_19_tls13_besides_is_open_in_one_rule_only if {
	both := _all(["TLSv1.2", "TLSv1.3"])
	count(rule.violations) == 0 with input as both
	count(sibling.violations) == 0 with input as both
	count(strict.violations) == 4 with input as both with data.site as {}
	count(strict.violations) == 0 with input as both with data.site as {"accept_tls13": true}
}

test_s3_19_anything_below_12_is_open_in_all_three_rules if {
	every old in ["TLSv1.1", "TLSv1", "SSLv3"] {
		count(rule.violations) == 4 with input as _all(["TLSv1.2", old])
		count(sibling.violations) == 4 with input as _all(["TLSv1.2", old])
		count(strict.violations) == 4 with input as _all(["TLSv1.2", old]) with data.site as {"accept_tls13": true}
	}
}

# One fact, whichever of its two names the page shows.
test_s3_21_uem_leg_is_judged if {
	_messages == {"UEM SSL has TLSv1 on, must be off"} with input as _tls(_good, _good, ["TLSv1.2", "TLSv1"], _good)
}

# Go asks for the attestation: what is not known on the box violates nothing.
test_s3_21_outgoing_of_neurons_is_left_to_an_attestation if {
	here := json.remove(_all(_good), ["mics/tls/outgoing"])
	count(rule.violations) == 0 with input as here with data.site as {"uem_kind": "neurons"}
}
