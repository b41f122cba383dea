package stig.ndm.v250993_test

import data.stig.ndm.v250993 as rule

_messages := {v.message | some v in rule.violations}

_input(flag, credit, classes) := {
	"mics": {"password_policy": {"special_required": flag}},
	"pwquality": {"ocredit": credit, "minclass": classes},
}

test_compliant if count(rule.violations) == 0 with input as _input(true, -1, 0)

test_not_required if {
	rule.violations == {{
		"fact": "mics.password_policy.special_required",
		"expected": "true",
		"message": "special character requirement is off, must be on",
	}} with input as _input(false, -1, 0)
}

test_absent if _messages == {"special character requirement is not set, must be on"} with input as _input(null, null, null)

test_undefined if count(rule.violations) == 0 with input as {}

test_credit_corroborates if {
	rule.violations == {{
		"fact": "pwquality.ocredit",
		"expected": "<= -1",
		"message": "pwquality ocredit is 0, must be at most -1",
	}} with input as _input(true, 0, 0)
}

test_credit_boundaries if {
	every credit in [-2, -1] {
		count(rule.violations) == 0 with input as _input(true, credit, 3)
	}
	every credit in [0, 1] {
		count(rule.violations) == 1 with input as _input(true, credit, 3)
	}
}

test_all_four_classes_make_up_for_the_credit if count(rule.violations) == 0 with input as _input(true, 0, 4)

test_unknown_classes_make_up_for_nothing if {
	count(rule.violations) == 1 with input as _input(true, 0, null)
	count(rule.violations) == 1 with input as {"pwquality": {"ocredit": 0}}
}

test_another_requirement_does_not_stand_in if {
	count(rule.violations) == 1 with input as {"mics": {"password_policy": {"special_required": false, "digit_required": true}}}
}

test_s3_07_no_sign_in_by_certificate_makes_it_not_applicable if {
	given := {"mics": {"password_policy": {"special_required": false}, "signin": {"certificate": true, "password": false}}}
	count(rule.violations) == 1 with input as given
	not rule.not_applicable with input as given
}

test_remedy if {
	{[r.fact, r.value] | some r in rule.remediation} == {["pwquality.ocredit", -1]} with input as {"pwquality": {"ocredit": 0}}
	count(rule.remediation) == 0 with input as {"pwquality": {"ocredit": -1}}
}
