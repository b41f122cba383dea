package stig.alg.v251033_test

import data.stig.alg.v251033 as rule

# An empty set of violations would be more than nothing.
test_only_people_can_answer if rule == {} with input as {}

# The check decides: to stand behind a load balancer. That Sentry has several addresses, as if to
# balance the load itself, is no answer.
test_s3_24_several_addresses_are_no_answer if {
	rule == {} with input as {"mics": {"interface_addresses": ["192.0.2.10", "198.51.100.10"]}}
}
