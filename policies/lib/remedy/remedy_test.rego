package lib.remedy_test

import data.lib.remedy

_violations := {{"fact": "a.b", "expected": "x", "message": "m"}, {"fact": "a.b", "item": 1, "expected": "x", "message": "n"}}

test_offered_while_the_fact_violates if {
	remedy.set(_violations, "a.b", 15, "w") == {"fact": "a.b", "value": 15, "why": "w"}
}

test_not_offered_for_another_fact if not remedy.set(_violations, "a.c", 15, "w")

test_not_offered_without_violations if not remedy.set(set(), "a.b", 15, "w")
