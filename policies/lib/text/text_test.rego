package lib.text_test

import data.lib.text

test_differs if {
	text.differs("a.b", "protocol", "v2c", "v3") == {"fact": "a.b", "expected": "v3", "message": "protocol is v2c, must be v3"}
	text.differs("a.b", "protocol", null, "v3").message == "protocol is not set, must be v3"
	not text.differs("a.b", "protocol", "V3", "v3")
}

test_differs_undefined_is_no_violation if {v | v := text.differs("a.b", "protocol", input.mics.snmp.protocol, "v3")} == set() with input as {}

test_fold_plain if text.fold("one two") == "one two"

test_fold_runs if text.fold("  one \r\n\ttwo\n\nthree \f ") == "one two three"

test_fold_blank if text.fold(" \n\t ") == ""

test_fold_keeps_words_apart if text.fold("onetwo") != text.fold("one two")
