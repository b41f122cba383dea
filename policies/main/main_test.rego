package main_test

import data.main

_short := {"mics": {"password_policy": {"min_length": 8}}}

test_rules_are_named_as_in_the_stig if {
	main.violations["V-250989"]
	main.violations["V-251034"]
	every rule, _ in main.violations {
		regex.match(`^V-\d{6}$`, rule)
	}
}

test_a_violation_shows if {
	some violation in main.violations["V-250989"] with input as _short
	violation.message == "minimum length is 8, must be at least 15"
}

test_nothing_known_violates_nothing if {
	every _, found in main.violations {
		count(found) == 0
	}
}
