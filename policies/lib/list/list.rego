# METADATA
# scope: package
# title: Lists, and whether an item is approved
package lib.list

import data.lib.violation

# unset is the violation of a list that is absent.
unset(fact, label, value) := violation.of(
	fact, ">= 1 item",
	sprintf("%s is not set, must have at least one item", [label]),
) if is_null(value)

# empty is the violation of a list that is absent or has no item.
empty(fact, label, value) := unset(fact, label, value)

empty(fact, label, value) := violation.of(
	fact, ">= 1 item",
	sprintf("%s is empty, must have at least one item", [label]),
) if {
	value != null
	count(value) == 0
}

# filled tells a list that has an item; null has none.
filled(value) if {
	value != null
	count(value) > 0
}

# unapproved is the violation of one item that is not among the approved ones.
unapproved(fact, label, index, value, approved) := violation.item(
	fact, index, sprintf("an approved %s", [label]),
	sprintf("%s %q is not approved", [label, value]),
) if {
	not value in approved
}
