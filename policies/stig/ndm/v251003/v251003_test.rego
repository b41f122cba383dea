package stig.ndm.v251003_test

import data.stig.ndm.v251003 as rule

_messages := {v.message | some v in rule.violations}

_site := {"approved_users": ["ada", "bob"], "approved_os_accounts": ["root", "support"]}

_input(users, logins, roots) := {
	"mics": {"users": users},
	"os": {"login_accounts": logins, "uid0_accounts": roots},
}

test_compliant if {
	count(rule.violations) == 0 with data.site as _site
		with input as _input(["ada", "bob"], ["root", "support"], ["root"])
}

test_fewer_than_approved if count(rule.violations) == 0 with input as _input(["ada"], [], ["root"]) with data.site as _site

test_unknown_user if {
	rule.violations == {{
		"fact": "mics.users",
		"item": 1,
		"expected": "an approved local user",
		"message": "local user \"eve\" is not approved",
	}} with input as _input(["ada", "eve"], ["root"], ["root"]) with data.site as _site
}

test_names_are_exact if count(rule.violations) == 1 with input as _input(["Ada"], [], ["root"]) with data.site as _site

test_unknown_account if {
	_messages == {"login account \"eve\" is not approved"} with data.site as _site
		with input as _input(["ada"], ["root", "eve"], ["root"])
}

test_approved_user_is_no_approved_account if {
	_messages == {"login account \"ada\" is not approved"} with data.site as _site
		with input as _input(["ada"], ["ada"], ["root"])
}

test_second_root_needs_no_site_list if {
	_messages == {"account with user id 0 \"toor\" is not approved"} with data.site as {}
		with input as _input(["ada"], ["root"], ["root", "toor"])
}

test_s3_13_without_the_site_nobody_is_unauthorised if count(rule.violations) == 0 with input as _input(["eve"], ["eve"], ["root"]) with data.site as {}

test_empty_site_list_approves_nobody if {
	count(rule.violations) == 1 with data.site as {"approved_users": [], "approved_os_accounts": []}
		with input as _input(["ada"], [], ["root"])
}

test_absent if {
	_messages == {
		"local user list is not set, must have at least one item",
		"list of accounts with user id 0 is not set, must have at least one item",
	} with input as _input(null, null, null) with data.site as _site
}

test_emptied if {
	_messages == {
		"local user list is empty, must have at least one item",
		"list of accounts with user id 0 is empty, must have at least one item",
	} with input as _input([], [], []) with data.site as _site
}

test_undefined if count(rule.violations) == 0 with input as {} with data.site as _site
