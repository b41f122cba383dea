# METADATA
# scope: package
# title: What would put a setting right
# description: |-
#   A remedy names a fact, the whole value that it should have, and why. It is
#   offered only while a violation is about the fact, so that rule and remedy
#   never disagree. Whether anything is written, and how, is decided in Go.
package lib.remedy

# set is the remedy that gives a fact a value.
set(violations, fact, value, why) := {"fact": fact, "value": value, "why": why} if {
	some violation in violations
	violation.fact == fact
}
