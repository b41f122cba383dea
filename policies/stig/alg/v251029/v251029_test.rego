package stig.alg.v251029_test

import data.stig.alg.v251029 as rule

# An empty set of violations would be more than nothing.
test_only_people_can_answer if rule == {} with input as {}

# The title is about management sessions too; V-250984 and V-250996 judge those.
test_s3_23_idle_management_sessions_are_not_judged_here if {
	rule == {} with input as {"mics": {"portal": {"idle_timeout_minutes": 60}, "cli": {"session_timeout_minutes": 0}}}
}
