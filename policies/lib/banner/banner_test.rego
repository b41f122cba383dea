package lib.banner_test

import data.lib.banner

_accepted := ["You consent to\nmonitoring.", "I've read & consent to terms"]

test_blank if {
	banner.blank("a.b", "login text", null) == {
		"fact": "a.b",
		"expected": "an accepted consent banner",
		"message": "login text is not set, must hold an accepted consent banner",
	}
	banner.blank("a.b", "login text", " \n").message == "login text is blank, must hold an accepted consent banner"
	not banner.blank("a.b", "login text", "hello")
}

test_foreign if {
	banner.foreign("a.b", "login text", "Welcome!", _accepted).message == "login text holds another text, must hold an accepted consent banner"
	not banner.foreign("a.b", "login text", "You consent\r\n  to monitoring.\n", _accepted)
	not banner.foreign("a.b", "login text", "** I've read & consent to terms **", _accepted)
}

test_foreign_leaves_blank_to_blank if {
	not banner.foreign("a.b", "login text", null, _accepted)
	not banner.foreign("a.b", "login text", "  ", _accepted)
}

test_near_misses if {
	banner.foreign("a.b", "login text", "You consent to", _accepted)
	banner.foreign("a.b", "login text", "YOU CONSENT TO MONITORING.", _accepted)
	banner.foreign("a.b", "login text", "Youconsent to monitoring.", _accepted)
}

test_empty_banner_accepts_nothing if banner.foreign("a.b", "login text", "Welcome!", ["", " \n"])

test_silent if {
	banner.silent("a.b", 1, "None") == {
		"fact": "a.b",
		"item": 1,
		"expected": "an accepted consent banner",
		"message": "sshd Match block sets Banner None, must name a consent banner",
	}
	not banner.silent("a.b", 1, "/etc/issue.net")
}

test_undefined_is_no_violation if {
	{v | v := banner.blank("a.b", "login text", input.sshd.banner_text)} == set() with input as {}
	{v | v := banner.foreign("a.b", "login text", input.sshd.banner_text, _accepted)} == set() with input as {}
	{v | v := banner.foreign("a.b", "login text", "Welcome!", data.site.banner_texts)} == set() with data.site as {}
}

test_remedies_only_of_what_violates if {
	banner.remedies({{"fact": "os.issue_text", "expected": "x", "message": "m"}}, "b") == {{
		"fact": "os.issue_text",
		"value": "b",
		"why": "the console then shows the site's text",
	}}
	banner.remedies(set(), "b") == set()
}

test_file if banner.file.fact == "sshd.banner"
