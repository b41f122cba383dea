package stig.ndm.v251004_test

import data.stig.ndm.v251004 as rule

# An empty set of violations would be more than nothing.
test_only_people_can_answer if rule == {} with input as {}

test_s3_16_schedule_is_asked_for_and_no_change_trigger_judged if {
	not rule.violations
	not rule.not_applicable
}

test_near_miss_a_release_says_nothing_of_backups if rule == {} with input as {"release": {"version": "10.7.1"}}
