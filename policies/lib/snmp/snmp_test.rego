package lib.snmp_test

import data.lib.snmp

test_weak_auth if {
	snmp.weak_auth("a.b", 0, {"name": "w", "auth": "MD5", "priv": "AES"}) == {
		"fact": "a.b",
		"item": 0,
		"expected": "SHA",
		"message": "SNMP user \"w\" authenticates with MD5, must be SHA",
	}
	snmp.weak_auth("a.b", 0, {}).message == "SNMP user \"\" authenticates with nothing, must be SHA"
	not snmp.weak_auth("a.b", 0, {"name": "w", "auth": "SHA"})
	not snmp.weak_auth("a.b", 0, {"name": "w", "auth": "sha-256"})
}

test_weak_priv if {
	snmp.weak_priv("a.b", 1, {"name": "w", "auth": "SHA", "priv": "DES"}) == {
		"fact": "a.b",
		"item": 1,
		"expected": "AES",
		"message": "SNMP user \"w\" encrypts with DES, must be AES",
	}
	snmp.weak_priv("a.b", 1, {"name": "w"}).message == "SNMP user \"w\" encrypts with nothing, must be AES"
	not snmp.weak_priv("a.b", 1, {"name": "w", "priv": "aes128"})
}

test_open_access if {
	snmp.open_access("a.b", 0, {"name": "w", "level": "noauth"}) == {
		"fact": "a.b",
		"item": 0,
		"expected": "auth or priv",
		"message": "SNMP access of \"w\" is at level noauth, must be auth or priv",
	}
	snmp.open_access("a.b", 0, {"name": "w"})
	not snmp.open_access("a.b", 0, {"name": "w", "level": "auth"})
	not snmp.open_access("a.b", 0, {"name": "w", "level": "PRIV"})
}

test_community if {
	snmp.community("a.b", 0, {"kind": "rocommunity"}).message == "SNMP v1 or v2c access by rocommunity is on, must be off"
	snmp.community("a.b", 0, {}).item == 0
}

test_plain_trap if {
	snmp.plain_trap({"kind": "Trap2sink"})
	not snmp.plain_trap({"kind": "trapsess"})
	not snmp.plain_trap({})
}

test_guarded if {
	snmp.guarded([{"name": "a", "level": "noauth"}, {"name": "b", "level": "auth"}]) == [
		{"name": "a", "level": "priv"},
		{"name": "b", "level": "auth"},
	]
}
