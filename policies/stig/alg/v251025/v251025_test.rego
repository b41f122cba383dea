package stig.alg.v251025_test

import data.stig.alg.v251025 as rule

# An empty set of violations would be more than nothing.
test_only_people_can_answer if rule == {} with input as {}

# A client certificate that httpd demands on 8443 is the administrators', not the devices'.
test_near_miss_client_certificates_of_the_portal if {
	rule == {} with input as {"httpd": {"portal_verify_client": "none"}}
	rule == {} with input as {"httpd": {"portal_verify_client": "require"}}
}

test_s3_22_no_case_of_not_applicable if not rule.not_applicable
