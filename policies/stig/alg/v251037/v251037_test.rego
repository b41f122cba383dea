package stig.alg.v251037_test

import data.lib.fips
import data.stig.alg.v251037 as rule

_messages := {v.message | some v in rule.violations}

_input(kernel, capture, policy) := {
	"kernel": {"fips_enabled": kernel},
	"captures": {"fips_enabled": capture},
	"crypto_policy": {"current": policy},
}

test_compliant if count(rule.violations) == 0 with input as _input(true, true, "FIPS")

test_off if {
	rule.violations == {{
		"fact": "kernel.fips_enabled",
		"expected": "true",
		"message": "kernel FIPS mode is off, must be on",
	}} with input as _input(false, true, "FIPS:OSPP")
}

test_absent if _messages == {"kernel FIPS mode is not set, must be on"} with input as _input(null, null, null)

test_undefined if count(rule.violations) == 0 with input as {}

test_s3_08_either_evidence_that_says_off_is_open if {
	_messages == {"kernel FIPS mode is off, must be on"} with input as _input(false, true, "FIPS")
	_messages == {"FIPS mode by \"show fips\" is off, must be on"} with input as _input(true, false, "FIPS")
	_messages == {"crypto policy is DEFAULT, must be FIPS"} with input as _input(true, true, "DEFAULT")
}

test_s3_08_one_answer_for_all_fips_rules if {
	every given in [_input(true, true, "FIPS"), _input(false, null, null), _input(true, false, "DEFAULT"), {}] {
		mine := rule.violations with input as given
		same := fips.violations with input as given
		mine == same
	}
}

test_policy_named_nearly_so if count(rule.violations) == 1 with input as _input(true, true, "NOFIPS")

test_capture_does_not_stand_in if count(rule.violations) == 1 with input as _input(null, true, "FIPS")
