# METADATA
# scope: package
# title: All rules at once
# description: |-
#   The one entry point for people who use opa by hand: data.main.violations is
#   an object from rule ("V-250989") to its violations. An empty set is no pass:
#   a fact that is not known violates nothing. stigwatch itself asks for each
#   rule by a query of its own and makes the verdict in Go.
package main

# violations of each rule.
violations[rule] := found if {
	some benchmark, folder
	found := data.stig[benchmark][folder].violations
	rule := concat("", ["V-", trim_prefix(folder, "v")])
}
