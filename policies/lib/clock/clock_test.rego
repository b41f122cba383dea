package lib.clock_test

import data.lib.clock

_a := {"host": "192.0.2.1", "kind": "server"}

_b := {"host": "b.example", "kind": "peer"}

test_two_hosts if not clock.few("a.b", "chrony", [_a, _b], 2)

test_one_host if {
	clock.few("a.b", "chrony", [_a], 2) == {
		"fact": "a.b",
		"expected": ">= 2 hosts",
		"message": "number of chrony time sources is 1, must be at least 2",
	}
	not clock.few("a.b", "chrony", [_a], 1)
}

test_none if {
	clock.few("a.b", "chrony", [], 2).message == "number of chrony time sources is 0, must be at least 2"
	clock.few("a.b", "chrony", null, 2).message == "chrony time sources are not set, must be at least 2"
}

test_same_host_counts_once if clock.few("a.b", "chrony", [_b, {"host": "B.example.", "kind": "server"}], 2)

test_pool_counts_once if {
	pool := {"host": "pool.example", "kind": "pool"}
	clock.few("a.b", "chrony", [pool], 2)
	not clock.few("a.b", "chrony", [pool, _a], 2)
}

test_own_clock_does_not_count if {
	every own in ["127.127.1.0", "localhost", "::1", ""] {
		clock.few("a.b", "ntpd", [_a, {"host": own, "kind": "server"}], 2)
	}
}

test_source_without_host_does_not_count if clock.few("a.b", "ntpd", [_a, {"kind": "server"}], 2)

test_undefined_is_no_violation if {v | v := clock.few("a.b", "chrony", input.chrony.servers, 2)} == set() with input as {}

test_sources_of_approved_hosts if {
	clock.sources(null, ["a", "b"]) == [{"host": "a", "kind": "server"}, {"host": "b", "kind": "server"}]
	clock.sources([{"host": "B.", "kind": "pool"}, {"host": "x", "kind": "server"}], ["a", "b"]) == [
		{"host": "B.", "kind": "pool"},
		{"host": "a", "kind": "server"},
	]
}
