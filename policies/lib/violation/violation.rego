# METADATA
# scope: package
# title: The shape of a violation
# description: |-
#   Every violation is built here, so that all of them read alike:
#   what it is about, what was found, what it must be.
package lib.violation

# of is a violation of a whole fact.
of(fact, expected, message) := {"fact": fact, "expected": expected, "message": message}

# item is a violation of one item of a list fact.
item(fact, index, expected, message) := {"fact": fact, "item": index, "expected": expected, "message": message}

# unset is a violation of a fact that is absent.
unset(fact, expected, label, must) := of(fact, expected, sprintf("%s is not set, must be %s", [label, must]))

# wrong is a violation of a fact by its value.
wrong(fact, expected, label, actual, must) := of(
	fact, expected,
	sprintf("%s is %v, must be %s", [label, actual, must]),
)
