package lib.fips_test

import data.lib.fips

_messages := {v.message | some v in fips.violations}

_input(kernel, capture, policy) := {
	"kernel": {"fips_enabled": kernel},
	"captures": {"fips_enabled": capture},
	"crypto_policy": {"current": policy},
}

test_on if count(fips.violations) == 0 with input as _input(true, true, "FIPS")

test_subpolicy if count(fips.violations) == 0 with input as _input(true, true, "FIPS:OSPP")

test_off if {
	_messages == {
		"kernel FIPS mode is off, must be on",
		"FIPS mode by \"show fips\" is off, must be on",
		"crypto policy is DEFAULT, must be FIPS",
	} with input as _input(false, false, "DEFAULT")
}

test_absent if _messages == {"kernel FIPS mode is not set, must be on"} with input as _input(null, null, null)

test_undefined if count(fips.violations) == 0 with input as {}

test_near_miss if _messages == {"crypto policy is FIPS-LIKE, must be FIPS"} with input as _input(true, null, "FIPS-LIKE")
