package stig.ndm.v251000_test

import data.stig.ndm.v251000 as rule

_messages := {v.message | some v in rule.violations}

_good := {
	"kernel": {"fips_enabled": true},
	"mics": {"snmp": {"enabled": true, "protocol": "v3"}},
	"snmpd": {
		"users": [{"name": "watch", "auth": "SHA-256", "priv": "AES"}],
		"access": [{"name": "watch", "level": "priv"}],
		"communities": [],
		"trap_receivers": [{"kind": "trapsess", "host": "192.0.2.52"}],
	},
}

_snmpd(fields) := object.union(_good, {"snmpd": fields})

test_compliant if count(rule.violations) == 0 with input as _good

test_level_auth_is_enough if {
	count(rule.violations) == 0 with input as _snmpd({"access": [{"name": "watch", "level": "auth"}]})
}

test_switched_off if {
	rule.violations == {
		{"fact": "mics.snmp.enabled", "expected": "true", "message": "SNMP is off, must be on"},
		{"fact": "mics.snmp.protocol", "expected": "v3", "message": "SNMP protocol is v2c, must be v3"},
	} with input as object.union(_good, {"mics": {"snmp": {"enabled": false, "protocol": "v2c"}}})
}

test_fips_off_as_in_the_other_fips_rules if {
	_messages == {"kernel FIPS mode is off, must be on"} with input as object.union(_good, {"kernel": {"fips_enabled": false}})
	count(rule.violations) == 1 with input as object.union(_good, {"captures": {"fips_enabled": false}})
}

test_weak_user_is_named_by_its_place if {
	rule.violations == {
		{
			"fact": "snmpd.users", "item": 1, "expected": "SHA",
			"message": "SNMP user \"old\" authenticates with MD5, must be SHA",
		},
		{
			"fact": "snmpd.users", "item": 1, "expected": "AES",
			"message": "SNMP user \"old\" encrypts with DES, must be AES",
		},
	} with input as _snmpd({"users": [_good.snmpd.users[0], {"name": "old", "auth": "MD5", "priv": "DES"}]})
}

test_user_without_encryption if {
	_messages == {"SNMP user \"watch\" encrypts with nothing, must be AES"} with input as _snmpd({"users": [{
		"name": "watch",
		"auth": "SHA",
	}]})
}

test_open_access if {
	_messages == {"SNMP access of \"watch\" is at level noauth, must be auth or priv"} with input as _snmpd({"access": [{
		"name": "watch",
		"level": "noauth",
	}]})
}

test_community_corroborates if {
	rule.violations == {{
		"fact": "snmpd.communities",
		"item": 0,
		"expected": "no community",
		"message": "SNMP v1 or v2c access by rocommunity is on, must be off",
	}} with input as _snmpd({"communities": [{"kind": "rocommunity"}]})
	count(rule.violations) == 0 with input as _snmpd({"communities": null})
}

test_empty_lists if {
	_messages == {
		"SNMP user list is empty, must have at least one item",
		"SNMP access list is empty, must have at least one item",
		"SNMP trap receiver list is empty, must have at least one item",
	} with input as _snmpd({"users": [], "access": [], "trap_receivers": []})
}

test_absent if {
	count(_messages) == 6 with input as {
		"kernel": {"fips_enabled": null},
		"mics": {"snmp": {"enabled": null, "protocol": null}},
		"snmpd": {"users": null, "access": null, "trap_receivers": null},
	}
}

test_undefined if count(rule.violations) == 0 with input as {}

test_plain_traps_are_a_remark if {
	plain := _snmpd({"trap_receivers": [{"kind": "trap2sink", "host": "192.0.2.52"}]})
	count(rule.violations) == 0 with input as plain
	count(rule.remarks) == 1 with input as plain
	count(rule.remarks) == 0 with input as _good
}

test_s3_09_switched_off_is_open_to_the_letter if {
	off := object.union(_good, {"mics": {"snmp": {"enabled": false}}})
	_messages == {"SNMP is off, must be on"} with input as off
	not rule.not_applicable with input as off
}

test_s3_09_weak_levels_and_communities_are_open_and_plain_traps_are_not if {
	every weak in [
		{"users": [{"name": "watch", "auth": "MD5", "priv": "AES"}]},
		{"access": [{"name": "watch", "level": "noauth"}]},
		{"communities": [{"kind": "rocommunity"}]},
	] {
		count(rule.violations) == 1 with input as _snmpd(weak)
	}
	count(rule.violations) == 0 with input as _snmpd({"trap_receivers": [{"kind": "trap2sink", "host": "192.0.2.52"}]})
}

test_remedies if {
	{[r.fact, r.value] | some r in rule.remediation} == {
		["snmpd.communities", []],
		["snmpd.access", [{"name": "a", "level": "priv"}]],
	} with input as {"snmpd": {"communities": [{"kind": "rocommunity"}], "access": [{"name": "a", "level": "noauth"}]}}
	count(rule.remediation) == 0 with input as {"snmpd": {"access": [], "communities": []}}
}
