package lib.flag_test

import data.lib.flag

test_off if flag.off("a.b", "mode", false) == {"fact": "a.b", "expected": "true", "message": "mode is off, must be on"}

test_absent if flag.off("a.b", "mode", null).message == "mode is not set, must be on"

test_on if not flag.off("a.b", "mode", true)

test_undefined_is_no_violation if {v | v := flag.off("a.b", "mode", input.kernel.fips_enabled)} == set() with input as {}
