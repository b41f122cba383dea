package stig.ndm.v250994_test

import data.stig.ndm.v250994 as rule

_messages := {v.message | some v in rule.violations}

_ada := {"user": "ada", "edipi": "1234567890"}

_bob := {"user": "bob", "edipi": "1234567891"}

_input(field, users, edipis) := {"mics": {
	"signin": {"certificate_mapping": field},
	"users": users,
	"user_edipis": edipis,
}}

_edipi(value) := _input("EDIPI", ["ada"], [{"user": "ada", "edipi": value}])

test_compliant if count(rule.violations) == 0 with input as _input("EDIPI", ["ada", "bob"], [_ada, _bob])

test_other_mapping if {
	rule.violations == {{
		"fact": "mics.signin.certificate_mapping",
		"expected": "EDIPI",
		"message": "certificate mapping is UPN, must be EDIPI",
	}} with input as _input("UPN", ["ada"], [_ada])
}

test_letter_case_of_the_mapping_does_not_matter if {
	count(rule.violations) == 0 with input as _input("edipi", ["ada"], [_ada])
}

test_user_without_edipi if {
	every edipis in [[_ada], [_ada, {"user": "bob"}], [_ada, {"user": "Bob", "edipi": "1234567891"}]] {
		rule.violations == {{
			"fact": "mics.users",
			"item": 1,
			"expected": "an EDIPI of 10 digits",
			"message": "local user \"bob\" has no EDIPI of 10 digits",
		}} with input as _input("EDIPI", ["ada", "bob"], edipis)
	}
}

test_boundaries_of_an_edipi if {
	count(rule.violations) == 0 with input as _edipi("0000000000")
	every value in ["", "123456789", "12345678901", "123456789O", "1234567890 ", "1234567890\n", "+123456789"] {
		count(rule.violations) == 1 with input as _edipi(value)
	}
}

test_shared_edipi if {
	rule.violations == {
		{
			"fact": "mics.user_edipis",
			"item": 0,
			"expected": "an EDIPI of its own",
			"message": "local user \"ada\" has the EDIPI of another user",
		},
		{
			"fact": "mics.user_edipis",
			"item": 1,
			"expected": "an EDIPI of its own",
			"message": "local user \"bob\" has the EDIPI of another user",
		},
	} with input as _input("EDIPI", ["ada", "bob"], [_ada, {"user": "bob", "edipi": "1234567890"}])
}

test_same_user_listed_twice_shares_with_nobody if count(rule.violations) == 0 with input as _input("EDIPI", ["ada"], [_ada, _ada])

test_edipi_of_nobody_is_no_matter if count(rule.violations) == 0 with input as _input("EDIPI", ["ada"], [_ada, _bob])

test_nobody_has_one if {
	count(rule.violations) == 2 with input as _input("EDIPI", ["ada", "bob"], [])
	count(rule.violations) == 2 with input as _input("EDIPI", ["ada", "bob"], [{"user": "ada"}, {"user": "bob", "edipi": ""}])
	count(rule.violations) == 2 with input as _input("EDIPI", ["ada", "bob"], [{"user": "ada", "edipi": ""}, {"user": "bob", "edipi": ""}])
}

test_no_users if {
	_messages == {"local user list is empty, must have at least one item"} with input as _input("EDIPI", [], [])
}

test_absent if {
	_messages == {
		"certificate mapping is not set, must be EDIPI",
		"local user list is not set, must have at least one item",
		"list of EDIPIs is not set, must have at least one item",
	} with input as _input(null, null, null)
}

test_undefined if {
	count(rule.violations) == 0 with input as {}
	count(rule.violations) == 0 with input as {"mics": {"users": ["ada"]}}
	count(rule.violations) == 0 with input as {"mics": {"user_edipis": [_ada]}}
}

test_s3_06_certificate_sign_in_is_judged_elsewhere if {
	off := object.union(_input("EDIPI", ["ada"], [_ada]), {"mics": {"signin": {"certificate": false, "password": true}}})
	count(rule.violations) == 0 with input as off
	count(rule.remarks) == 1 with input as off
	on := object.union(off, {"mics": {"signin": {"certificate": true}}})
	count(rule.remarks) == 0 with input as on
	count(rule.remarks) == 0 with input as _input("EDIPI", ["ada"], [_ada])
}
