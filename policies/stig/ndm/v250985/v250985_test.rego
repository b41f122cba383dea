package stig.ndm.v250985_test

import data.stig.ndm.v250985 as rule

_messages := {v.message | some v in rule.violations}

_site := {"uem_kind": "core", "uem_addresses": ["192.0.2.20", "192.0.2.21"]}

_neurons := {"uem_kind": "neurons", "uem_addresses": ["192.0.2.20"]}

_emm(verify, addresses) := {"mics": {"emm": {"source_verify": verify, "addresses": addresses}}}

test_compliant if {
	every addresses in [["192.0.2.20", "192.0.2.21"], ["192.0.2.20/31"], ["192.0.2.0/255.255.255.0", "203.0.113.5"]] {
		count(rule.violations) == 0 with input as _emm(true, addresses) with data.site as _site
	}
	count(rule.not_applicable) == 0 with input as _emm(true, ["192.0.2.0/24"]) with data.site as _site
}

test_source_verification_is_off if {
	rule.violations == {{
		"fact": "mics.emm.source_verify",
		"expected": "true",
		"message": "source verification is off, must be on",
	}} with input as _emm(false, ["192.0.2.0/24"]) with data.site as _site
}

test_boundaries_of_a_network if {
	rule.violations == {{
		"fact": "mics.emm.addresses",
		"expected": "192.0.2.20",
		"message": "UEM address 192.0.2.20 is not listed",
	}} with input as _emm(true, ["192.0.2.21/32"]) with data.site as _site
	count(rule.violations) == 2 with input as _emm(true, ["192.0.2.16/30"]) with data.site as _site
	count(rule.violations) == 0 with input as _emm(true, ["192.0.2.20/30"]) with data.site as _site
}

test_near_miss if {
	every near in ["192.0.2.200", "192.0.2.2", "core.lab.example", "192.0.2.20/33"] {
		_messages == {"UEM address 192.0.2.20 is not listed"} with input as _emm(true, [near, "192.0.2.21"])
			with data.site as _site
	}
}

test_name_is_listed_as_itself if {
	count(rule.violations) == 0 with input as _emm(true, ["Core.lab.example"])
		with data.site as {"uem_kind": "core", "uem_addresses": ["core.lab.example"]}
}

test_everybody_is_nobody_verified if {
	rule.violations == {{
		"fact": "mics.emm.addresses",
		"item": 1,
		"expected": "addresses of the UEM",
		"message": "UEM address list holds 0.0.0.0/0, which is everybody",
	}} with input as _emm(true, ["192.0.2.20", "0.0.0.0/0"]) with data.site as _site
}

test_empty if {
	_messages == {"list of UEM addresses is empty, must have at least one item"} with input as _emm(true, [])
		with data.site as _site
}

test_absent if {
	_messages == {
		"source verification is not set, must be on",
		"list of UEM addresses is not set, must have at least one item",
	} with input as _emm(null, null) with data.site as _site
}

test_undefined if {
	every site in [_site, _neurons, {}] {
		count(rule.violations) == 0 with input as {} with data.site as site
	}
}

test_addresses_not_said if {
	count(rule.violations) == 0 with input as _emm(true, ["203.0.113.5"]) with data.site as {"uem_kind": "core"}
	count(rule.violations) == 2 with input as _emm(false, []) with data.site as {"uem_kind": "core"}
}

test_s3_15_neurons_is_not_applicable if {
	every given in [_emm(false, []), _emm(null, null), _emm(true, ["192.0.2.20"])] {
		count(rule.violations) == 0 with input as given with data.site as _neurons
		rule.not_applicable == {"the UEM is Neurons: the text is about deployments with Core"} with input as given
			with data.site as _neurons
	}
}

test_s3_15_with_core_every_part_has_to_hold if {
	count(rule.violations) == 0 with input as _emm(true, ["192.0.2.20/31"]) with data.site as _site
	count(rule.violations) == 1 with input as _emm(false, ["192.0.2.20/31"]) with data.site as _site
	count(rule.violations) == 1 with input as _emm(true, []) with data.site as _site
	count(rule.not_applicable) == 0 with input as _emm(false, []) with data.site as _site
}

test_s3_15_unknown_kind_is_neither_wrong_nor_exempt if {
	unsaid := {"uem_addresses": ["192.0.2.20"]}
	count(rule.violations) == 0 with input as _emm(false, []) with data.site as unsaid
	count(rule.not_applicable) == 0 with input as _emm(false, []) with data.site as unsaid
}
