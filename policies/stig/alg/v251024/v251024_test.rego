package stig.alg.v251024_test

import data.stig.alg.v251024 as rule

# An empty set of violations would be more than nothing.
test_only_people_can_answer if rule == {} with input as {}

test_s3_13_no_site_value_approves_backend_servers if rule == {} with data.site as {"uem_addresses": ["192.0.2.20"]}

# The text allows it, and nothing on the box proves it: people attest it.
test_s3_22_not_applicable_is_attested if not rule.not_applicable
