package stig.alg.v251008_test

import data.stig.alg.v251008 as rule

# An empty set of violations would be more than nothing.
test_only_people_can_answer if rule == {} with input as {}

# Only V-251024 and V-251031 may be not applicable by their text, and there people say so.
test_s3_22_no_case_of_not_applicable if not rule.not_applicable

test_near_miss_a_device_certificate_is_no_answer if {
	rule == {} with input as {"certificates": {"device": {"self_signed": true, "trusted": false}}}
}
