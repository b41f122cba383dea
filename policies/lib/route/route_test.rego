package lib.route_test

import data.lib.route

_approved := [
	{"destination": "0.0.0.0/0", "via": "192.0.2.1"},
	{"destination": "10.0.0.0/8", "via": "192.0.2.2"},
]

test_approved if not route.unapproved("a.b", 0, {"destination": "10.0.0.0/8", "via": "192.0.2.2", "device": "eth1"}, _approved)

test_unapproved_destination if {
	route.unapproved("a.b", 1, {"destination": "10.0.0.0/9", "via": "192.0.2.2"}, _approved) == {
		"fact": "a.b",
		"item": 1,
		"expected": "an approved route",
		"message": "route to 10.0.0.0/9 via 192.0.2.2 is not approved",
	}
}

test_destination_of_one_and_gateway_of_the_other if route.unapproved("a.b", 0, {"destination": "10.0.0.0/8", "via": "192.0.2.1"}, _approved)

test_missing_field if route.unapproved("a.b", 0, {"destination": "10.0.0.0/8"}, _approved).message == "route to 10.0.0.0/8 via nowhere is not approved"

test_gateway if {
	not route.unapproved_gateway("a.b", 0, "192.0.2.2", _approved)
	route.unapproved_gateway("a.b", 0, "192.0.2.22", _approved).message == "gateway 192.0.2.22 belongs to no approved route"
}

test_undefined_is_no_violation if {
	{v | v := route.unapproved("a.b", 0, {"destination": "10.0.0.0/8"}, data.site.approved_routes)} == set() with data.site as {}
	{v | v := route.unapproved_gateway("a.b", 0, "192.0.2.22", data.site.approved_routes)} == set() with data.site as {}
}
