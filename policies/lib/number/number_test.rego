package lib.number_test

import data.lib.number

test_below if {
	number.below("a.b", "size", 14, 15) == {"fact": "a.b", "expected": ">= 15", "message": "size is 14, must be at least 15"}
	not number.below("a.b", "size", 15, 15)
}

test_below_absent if number.below("a.b", "size", null, 15).message == "size is not set, must be at least 15"

test_above if {
	number.above("a.b", "size", 4, 3) == {"fact": "a.b", "expected": "<= 3", "message": "size is 4, must be at most 3"}
	not number.above("a.b", "size", 3, 3)
}

test_above_absent if number.above("a.b", "size", null, 3).message == "size is not set, must be at most 3"

test_above_negative if {
	number.above("a.b", "credit", 0, -1).message == "credit is 0, must be at most -1"
	not number.above("a.b", "credit", -1, -1)
}

test_outside if {
	number.outside("a.b", "size", 0, 1, 10) == {"fact": "a.b", "expected": "1..10", "message": "size is 0, must be 1 to 10"}
	number.outside("a.b", "size", 11, 1, 10).message == "size is 11, must be 1 to 10"
	not number.outside("a.b", "size", 1, 1, 10)
	not number.outside("a.b", "size", 10, 1, 10)
}

test_outside_absent if number.outside("a.b", "size", null, 1, 10).message == "size is not set, must be 1 to 10"

test_outside_one_value if {
	number.outside("a.b", "size", 14, 15, 15) == {"fact": "a.b", "expected": "15", "message": "size is 14, must be 15"}
	not number.outside("a.b", "size", 15, 15, 15)
}

test_undefined_is_no_violation if {
	{v | v := number.below("a.b", "size", input.pwquality.minlen, 15)} == set() with input as {}
	{v | v := number.above("a.b", "size", input.pwquality.minlen, 15)} == set() with input as {}
	{v | v := number.outside("a.b", "size", input.pwquality.minlen, 1, 15)} == set() with input as {}
}
