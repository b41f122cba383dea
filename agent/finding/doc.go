// Package finding owns the words that the rest of stigwatch speaks: facts'
// states, evidence, rules, results, passes and the changes between two passes.
// It imports nothing of ours, so that every other package may import it.
//
// The words, one for one thing, in Go, Rego, JSON, YAML, CLI and docs:
//
//	fact        a named, typed value about the appliance, with a state and evidence
//	evidence    where a fact was read: file, line, digest of the file, raw text
//	lens        reads one file format into a tree that knows its byte positions
//	mapping     says which fact lies in which file, through which lens, at which path
//	snapshot    all facts at one instant: the Rego input
//	rule        one STIG rule, in Rego
//	result      a rule's outcome in one pass, in XCCDF's words
//	assurance   how a result is known
//	finding     a failing rule over time: first seen, last good
//	site        the organisation-defined values that rules need
//	pass        one judging of the rules against one snapshot
//	change      the difference between two passes, for one rule
//	sink        somewhere an alert goes
//	window      a time of announced maintenance, for some rules or all
//	condition   something wrong with the agent itself, with a stable code
//	heartbeat   word to a sink, at its interval, that the agent lives
//	self-test   the agent's own trial whether a change would be told
//	canary      the file that a self-test writes, to follow it to the sinks
package finding
