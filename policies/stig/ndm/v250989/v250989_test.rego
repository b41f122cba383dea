package stig.ndm.v250989_test

import data.stig.ndm.v250989 as rule

_messages := {v.message | some v in rule.violations}

_input(portal, os) := {
	"mics": {"password_policy": {"min_length": portal}},
	"pwquality": {"minlen": os},
}

test_compliant if count(rule.violations) == 0 with input as _input(20, 20)

test_too_short if {
	rule.violations == {{
		"fact": "mics.password_policy.min_length",
		"expected": ">= 15",
		"message": "minimum length is 8, must be at least 15",
	}} with input as _input(8, 15)
}

test_boundaries if {
	count(rule.violations) == 0 with input as _input(15, 15)
	count(rule.violations) == 1 with input as _input(14, 15)
	count(rule.violations) == 1 with input as _input(15, 14)
}

test_absent if _messages == {"minimum length is not set, must be at least 15"} with input as _input(null, null)

test_undefined if count(rule.violations) == 0 with input as {}

test_pwquality_corroborates if _messages == {"pwquality minlen is 8, must be at least 15"} with input as _input(15, 8)

test_pwquality_does_not_stand_in if count(rule.violations) == 1 with input as _input(null, 15)

test_one_side_undefined if {
	_messages == {"pwquality minlen is 8, must be at least 15"} with input as {"pwquality": {"minlen": 8}}
	count(rule.violations) == 0 with input as {"pwquality": {"minlen": 15}}
}

test_s3_07_no_sign_in_by_certificate_makes_it_not_applicable if {
	given := {"mics": {"password_policy": {"min_length": 8}, "signin": {"certificate": true, "password": false}}}
	count(rule.violations) == 1 with input as given
	not rule.not_applicable with input as given
}

test_remedy if {
	{[r.fact, r.value] | some r in rule.remediation} == {["pwquality.minlen", 15]} with input as {"pwquality": {"minlen": 14}}
	count(rule.remediation) == 0 with input as {"pwquality": {"minlen": 15}}
}
