// Package policy judges: it holds everything OPA. It compiles the Rego policies
// once, derives what each rule reads, evaluates the rules in process and makes
// the verdict.
//
// Rego states only what is wrong (violations). The verdict is made in Go, in
// one function (verdict.go), because a plain deny rule on empty facts looks
// compliant. What a rule needs is derived from the compiled rules, not trusted
// from its METADATA: a rule that reads a fact that it does not declare, or
// declares one that it does not read, does not load.
//
// The policies are pure. Builtins that read the clock, the network, the
// environment or a random source are taken out of the capabilities, so a rule
// that uses one does not compile.
package policy
