package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"stigwatch/agent/api"
)

func newSelfTestCommand(e *env) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "selftest",
		Short: "Have the running agent try whether a change would be told",
		Long: `Have the running agent try whether a change would be told: it writes a canary
where it watches, follows it to a verdict, and sends a message to each sink. Shows
how long each step took, and for each sink what its taking means. Exits 0 when all
of it works, 1 when something does not or no agent answers. The first line is one
for Nagios and its kin. The agent does the same by itself every hour.`,
		Example: `  stigwatch selftest
  stigwatch selftest --json | jq '.sinks[] | select(.ok | not)'
  stigwatch selftest || exit 2     # for Nagios, where 2 is critical`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			t, err := e.selfTest(cmd.Context())
			if asJSON && err == nil {
				err = api.Encode(e.stdout, t, true)
			}
			switch {
			case err != nil && asJSON:
				return err
			case err != nil:
				fmt.Fprintln(e.stdout, nagiosLine("CRITICAL", err.Error()))
				return verdict(exitFailed)
			case !asJSON:
				err = e.showSelfTest(t)
			}
			if err == nil && !t.OK {
				return verdict(exitFailed)
			}
			return err
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func (e *env) selfTest(ctx context.Context) (*api.SelfTest, error) {
	c, err := e.dial()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if _, err := readyStatus(ctx, c, startTime); err != nil {
		return nil, err
	}
	t, err := c.SelfTest(ctx)
	if err == nil && len(t.Steps) == 0 {
		err = errors.New("cannot tell what came of the self-test: the agent's answer is empty")
	}
	return t, err
}

// nagiosLine has no "|", after which Nagios takes the rest for numbers.
func nagiosLine(state, text string) string {
	return "stigwatch " + state + " - " + strings.ReplaceAll(safe(text), "|", "/")
}

// selfTestLine says in one line what a self-test came to.
func selfTestLine(t *api.SelfTest) string {
	if failures := t.Failures(); len(failures) > 0 {
		var texts []string
		for _, name := range slices.Sorted(maps.Keys(failures)) {
			texts = append(texts, safe(failures[name]))
		}
		return "failed: " + strings.Join(texts, "; ")
	}
	us, _ := t.Verdict()
	took, _ := t.Taken()
	switch took {
	case 0:
		return micros(us) + " to the verdict, no sink was asked"
	case 1:
		return micros(us) + " to the verdict, 1 sink took it"
	}
	return fmt.Sprintf("%s to the verdict, %d sinks took it", micros(us), took)
}

// showSelfTest writes the line for monitors, and one for each step and each sink.
func (e *env) showSelfTest(t *api.SelfTest) error {
	s := newScreen(e.stdout)
	state, style := "OK", green
	if !t.OK {
		state, style = "CRITICAL", red
	}
	s.WriteString(s.paint(style, nagiosLine(state, selfTestLine(t))) + "\n")
	for _, x := range t.Steps {
		s.entry(safe(x.Name), stepStyle(x.OK), outcome(x.OK, "", x.Micros, x.Error))
	}
	for _, k := range t.Sinks {
		what := safe(k.Name) + " (" + safe(k.Type) + "): "
		if k.Skipped {
			s.entry("sink", faint, what+"left out of the agent's own tests")
			continue
		}
		s.entry("sink", stepStyle(k.OK), what+outcome(k.OK, k.How+" ", k.Micros, k.Error))
	}
	return s.flush()
}

func stepStyle(ok bool) style {
	if ok {
		return plain
	}
	return yellow
}

// outcome is like "acknowledged after 2.1 ms".
func outcome(ok bool, how string, us int64, failure string) string {
	if !ok {
		return "failed after " + micros(us) + ": " + safe(failure)
	}
	return safe(how) + "after " + micros(us)
}
