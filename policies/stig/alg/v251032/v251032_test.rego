package stig.alg.v251032_test

import data.stig.alg.v251032 as rule

# An empty set of violations would be more than nothing.
test_only_people_can_answer if rule == {} with input as {}

# Which authority issued Sentry's own certificate says nothing of those that it accepts.
test_near_miss_certificate_of_the_device_port if {
	rule == {} with input as {"certificates": {"device": {"trusted": false, "problem": "unknown authority"}}}
}

test_s3_22_no_case_of_not_applicable if not rule.not_applicable
