package stig.alg.v251031_test

import data.stig.alg.v251031 as rule

# An empty set of violations would be more than nothing.
test_only_people_can_answer if rule == {} with input as {}

# The text allows it, and nothing on the box proves it: people attest it.
test_s3_22_not_applicable_is_attested if not rule.not_applicable

# The password policy of the System Manager is not the devices'.
test_near_miss_password_policy_of_the_portal if {
	rule == {} with input as {"mics": {"password_policy": {"min_length": 6}}}
}
