package stig.ndm.v250987_test

import data.stig.ndm.v250987 as rule

_messages := {v.message | some v in rule.violations}

_site := {"banner_texts": ["You are using a system of the example authority.\nYou consent to monitoring."]}

_good := "You are using a system\nof the example authority.\r\n\r\nYou consent to monitoring.\n"

_input(portal, sshd, console) := {
	"mics": {"portal": {"login_text": portal}},
	"sshd": {"banner_text": sshd, "match_banners": []},
	"os": {"issue_text": console},
}

_blocks(banners) := object.union(_input(_good, _good, _good), {"sshd": {"match_banners": banners}})

test_compliant if count(rule.violations) == 0 with input as _input(_good, _good, _good) with data.site as _site

test_other_text_anywhere if {
	rule.violations == {{
		"fact": "mics.portal.login_text",
		"expected": "an accepted consent banner",
		"message": "login text holds another text, must hold an accepted consent banner",
	}} with input as _input("Welcome", _good, _good) with data.site as _site
	_messages == {
		"sshd banner holds another text, must hold an accepted consent banner",
		"console text holds another text, must hold an accepted consent banner",
	} with input as _input(_good, "Welcome", "Kernel \\r") with data.site as _site
}

test_absent if {
	_messages == {
		"login text is not set, must hold an accepted consent banner",
		"sshd banner is not set, must hold an accepted consent banner",
	} with input as _input(null, null, null) with data.site as _site
}

test_blank_needs_no_site_text if {
	_messages == {
		"login text is blank, must hold an accepted consent banner",
		"sshd banner is blank, must hold an accepted consent banner",
		"console text is blank, must hold an accepted consent banner",
	} with input as _input("", " \n", "\t") with data.site as {}
}

test_no_site_text if count(rule.violations) == 0 with input as _input("Welcome", "Welcome", "Welcome") with data.site as {}

test_undefined if count(rule.violations) == 0 with input as {} with data.site as _site

test_half_a_banner_is_none if {
	half := "You are using a system of the example authority."
	count(rule.violations) == 1 with input as _input(half, _good, null) with data.site as _site
}

test_text_around_the_banner_is_fine if {
	framed := sprintf("*** sentry1 ***\n%s\n***", [_good])
	count(rule.violations) == 0 with input as _input(framed, framed, framed) with data.site as _site
}

test_match_block_without_banner if {
	rule.violations == {{
		"fact": "sshd.match_banners",
		"item": 1,
		"expected": "an accepted consent banner",
		"message": "sshd Match block sets Banner none, must name a consent banner",
	}} with input as _blocks(["/etc/issue.net", "none"]) with data.site as _site
}

test_match_block_with_another_banner_is_a_remark if {
	count(rule.violations) == 0 with input as _blocks(["/etc/issue.net"]) with data.site as _site
	count(rule.remarks) == 1 with input as _blocks(["/etc/issue.net"])
	count(rule.remarks) == 0 with input as _blocks(["none"])
}

test_s3_05_long_and_short_text_on_both_surfaces if {
	long := "You are using a system of the example authority.\nYou consent to monitoring."
	short := "I've read & consent to the example authority's terms"
	both := {"banner_texts": [long, short]}
	every portal in [long, short] {
		every sshd in [long, short] {
			count(rule.violations) == 0 with input as _input(portal, sshd, null) with data.site as both
		}
	}
	count(rule.violations) == 1 with input as _input(long, "Welcome", null) with data.site as both
	count(rule.violations) == 1 with input as _input("Welcome", short, null) with data.site as both
}

_remedies := {[r.fact, r.value] | some r in rule.remediation}

test_remedies_of_a_banner_that_is_not_set if {
	_remedies == {
		["sshd.banner", "/etc/issue.net"],
		["sshd.banner_text", "the text"],
	} with input as {"sshd": {"banner": null, "banner_text": null}} with data.site as {"banner_texts": ["the text"]}
}

test_remedies_of_other_texts if {
	_remedies == {
		["os.issue_text", "the text"],
		["sshd.banner_text", "the text"],
	} with input as {"sshd": {"banner": "/b", "banner_text": "x"}, "os": {"issue_text": "y"}}
		with data.site as {"banner_texts": ["the text", "another"]}
}

test_remedy_of_match_blocks_keeps_their_files if {
	_remedies == {["sshd.match_banners", ["/etc/b"]]} with input as {"sshd": {"match_banners": ["none", "/etc/b"]}}
		with data.site as {"banner_texts": ["the text"]}
}

test_no_remedy_without_texts_of_the_site if {
	_remedies == set() with input as {"os": {"issue_text": "y"}} with data.site as {}
}
