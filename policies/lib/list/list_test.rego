package lib.list_test

import data.lib.list

test_unset if {
	list.unset("a.b", "user list", null) == {
		"fact": "a.b",
		"expected": ">= 1 item",
		"message": "user list is not set, must have at least one item",
	}
	not list.unset("a.b", "user list", [])
}

test_empty if {
	list.empty("a.b", "user list", null) == list.unset("a.b", "user list", null)
	list.empty("a.b", "user list", []).message == "user list is empty, must have at least one item"
	not list.empty("a.b", "user list", ["x"])
}

test_filled if {
	list.filled(["x"])
	not list.filled([])
	not list.filled(null)
}

test_unapproved if {
	list.unapproved("a.b", "user", 1, "eve", ["ada"]) == {
		"fact": "a.b",
		"item": 1,
		"expected": "an approved user",
		"message": "user \"eve\" is not approved",
	}
	not list.unapproved("a.b", "user", 1, "ada", ["bob", "ada"])
}

test_unapproved_is_exact if list.unapproved("a.b", "user", 0, "Ada", ["ada"])

test_nothing_is_approved if list.unapproved("a.b", "user", 0, "ada", [])

test_undefined_is_no_violation if {
	{v | v := list.empty("a.b", "user list", input.mics.users)} == set() with input as {}
	{v | v := list.unapproved("a.b", "user", 0, "eve", data.site.approved_users)} == set() with data.site as {}
}
