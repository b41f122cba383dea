package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"stigwatch/agent/api"
	"stigwatch/agent/finding"
)

// The exit codes, which scripts rely on.
const (
	exitDone       = 0 // and nothing open
	exitFailed     = 1 // could not do it
	exitUsage      = 2
	exitOpen       = 3 // open findings; a waived one is open too
	exitNotChecked = 4 // nothing open, but rules not checked or in error
)

// verdict is an exit code that is the answer, not a failure: nothing is said.
type verdict int

func (v verdict) Error() string { return fmt.Sprintf("verdict %d", int(v)) }

// verdictOf gives the verdict on a report, nil when nothing is open.
func verdictOf(s api.Summary) error {
	switch {
	case s.Fail > 0:
		return verdict(exitOpen)
	case s.NotChecked+s.Error > 0:
		return verdict(exitNotChecked)
	}
	return nil
}

// verdictOn gives the verdict on one rule.
func verdictOn(result string) error {
	switch finding.Outcome(result) {
	case finding.Fail:
		return verdict(exitOpen)
	case finding.Pass, finding.NotApplicable:
		return nil
	}
	return verdict(exitNotChecked)
}

// usageError is a command line that cannot be meant.
type usageError struct{ err error }

func (u usageError) Error() string { return u.err.Error() }

func (u usageError) Unwrap() error { return u.err }

// exit turns what a command came to into an exit code and a sentence. It is the
// only place that does.
func (e *env) exit(cmd *cobra.Command, err error) int {
	var v verdict
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &v):
		return int(v)
	}
	e.complain(err)
	if !e.wrongUsage(err) {
		return exitFailed
	}
	fmt.Fprintf(e.stderr, "usage: %s\ntry: %s --help\n", cmd.UseLine(), cmd.CommandPath())
	return exitUsage
}

// wrongUsage: before a command runs only the command line can be wrong.
func (e *env) wrongUsage(err error) bool {
	var usage usageError
	var rule *api.UnknownRule
	return !e.running || errors.As(err, &usage) || errors.As(err, &rule)
}

// complain writes an error, which may list several mistakes, one on a line.
func (e *env) complain(err error) {
	text := err.Error()
	if away := (*api.Unreachable)(nil); errors.As(err, &away) {
		text += "; is it running? try: stigwatch check"
	}
	for _, line := range lines(text) {
		fmt.Fprintln(e.stderr, "stigwatch: "+line)
	}
}

// noArgs is the rule of commands that take none.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%q takes no argument, got %q", cmd.CommandPath(), args[0])
	}
	return nil
}

// oneRule is the rule of commands about one rule.
func oneRule(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("%q takes one rule, such as V-250989, got %d", cmd.CommandPath(), len(args))
	}
	return nil
}

func unknownCommand(cmd *cobra.Command, name string) error {
	err := fmt.Errorf("unknown command %q", name)
	if near := cmd.SuggestionsFor(name); len(near) > 0 {
		err = fmt.Errorf("%w: did you mean %q?", err, near[0])
	}
	return usageError{err}
}
