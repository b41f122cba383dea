package stig.alg.v251028_test

import data.stig.alg.v251028 as rule

# An empty set of violations would be more than nothing.
test_only_people_can_answer if rule == {} with input as {}

# The mapping of the System Manager's sign-in is the administrators', not the devices'.
test_near_miss_mapping_of_the_portal if {
	rule == {} with input as {"mics": {"signin": {"certificate_mapping": null}}}
	rule == {} with input as {"mics": {"signin": {"certificate_mapping": "EDIPI"}}}
}
