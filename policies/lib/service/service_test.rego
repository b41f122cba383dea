package lib.service_test

import data.lib.service

_unit(name, load, active) := {"unit": name, "load": load, "active": active, "sub": "dead", "pending": false}

_chronyd(active) := _unit("chronyd.service", "loaded", active)

_no_ntpd := _unit("ntpd.service", "not-found", "inactive")

_stopped(units) := service.stopped("services.time", "time", units)

test_stopped if {
	every active in ["inactive", "failed"] {
		_stopped([_chronyd(active), _no_ntpd]) == {{
			"fact": "services.time",
			"item": 0,
			"expected": "active",
			"message": sprintf("chronyd.service is %s: no time service runs, one must", [active]),
		}}
	}
}

test_masked_is_stopped if count(_stopped([_unit("chronyd.service", "masked", "inactive")])) == 1

test_running if {
	every active in ["active", "reloading", "activating", "deactivating", "refreshing", "maintenance"] {
		count(_stopped([_chronyd(active)])) == 0
	}
}

test_between_the_halves_of_a_restart_nothing_is_stopped if {
	count(_stopped([object.union(_chronyd("inactive"), {"pending": true})])) == 0
}

test_one_that_runs_is_enough if {
	count(_stopped([_chronyd("inactive"), _unit("ntpd.service", "loaded", "active")])) == 0
	count(_stopped([_chronyd("active"), _unit("ntpd.service", "masked", "inactive")])) == 0
}

test_each_that_is_stopped_is_named if {
	{v.item | some v in _stopped([_no_ntpd, _chronyd("failed"), _unit("ntpd.service", "loaded", "inactive")])} == {1, 2}
}

test_unknown_to_systemd_is_no_violation if {
	count(_stopped([_no_ntpd])) == 0
	count(_stopped([])) == 0
}

test_absent_and_incomplete_say_nothing if {
	count(_stopped(null)) == 0
	count(_stopped([{"unit": "chronyd.service", "load": "loaded", "active": "inactive"}])) == 0
	count(_stopped([{"unit": "chronyd.service", "load": "loaded", "pending": false}])) == 0
}

test_undefined_says_nothing if {
	{v | some v in service.stopped("services.time", "time", input.services.time)} == set() with input as {}
}
