package stig.alg.v251010_test

import data.stig.alg.v251010 as rule

# An empty set of violations would be more than nothing.
test_only_people_can_answer if rule == {} with input as {}
