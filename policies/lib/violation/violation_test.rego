package lib.violation_test

import data.lib.violation

test_of if violation.of("a.b", "x", "m") == {"fact": "a.b", "expected": "x", "message": "m"}

test_item if violation.item("a.b", 0, "x", "m") == {"fact": "a.b", "item": 0, "expected": "x", "message": "m"}

test_unset if violation.unset("a.b", ">= 1", "size", "at least 1").message == "size is not set, must be at least 1"

test_wrong if {
	violation.wrong("a.b", ">= 1", "size", 0, "at least 1").message == "size is 0, must be at least 1"
	violation.wrong("a.b", "on", "mode", "off", "on").message == "mode is off, must be on"
}
