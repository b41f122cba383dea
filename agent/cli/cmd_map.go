package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"stigwatch/agent/api"
	"stigwatch/agent/errand"
	"stigwatch/agent/finding"
	"stigwatch/agent/policy"
	"stigwatch/policies"
)

func newMapCommand(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "map",
		Short: "The mapping: where on the appliance each fact lies",
		Example: `  stigwatch map probe
  stigwatch map learn mics.cli.max_ssh_sessions
  stigwatch map confirm --by "A. Nother"`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newMapProbeCommand(e), newMapLearnCommand(e), newMapConfirmCommand(e))
	return cmd
}

func newMapProbeCommand(e *env) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use: "probe", Short: "List every fact: where it is mapped, and what is found there", Args: noArgs,
		Example: "  stigwatch map probe\n  stigwatch map probe --json",
		RunE: func(*cobra.Command, []string) error {
			m, err := errand.NewMapper(e.options(slog.LevelWarn))
			if err != nil {
				return err
			}
			defer m.Close()
			if asJSON {
				return api.Encode(e.stdout, map[string]any{"facts": m.Probe()}, true)
			}
			s := newScreen(e.stdout)
			t := table{head: []string{"FACT", "MAPPING", "STATE", "VALUE"}}
			for _, p := range m.Probe() {
				t.rows = append(t.rows, probedRow(p))
			}
			t.write(s)
			return s.flush()
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func probedRow(p errand.Probed) row {
	st, shown := yellow, "-"
	if p.State == finding.Known || p.State == finding.Absent {
		st = green
	}
	if p.State == finding.Unreadable {
		st = red
	}
	if p.Value != nil {
		shown = clip(value(p.Value), maxShown)
	}
	r := row{cells: []cell{{safe(p.Fact), plain}, {nonEmpty(p.Status), plain}, {safe(string(p.State)), st}, {shown, plain}}}
	switch {
	case p.Found != "":
		r.notes = append(r.notes, "at "+safe(p.Found))
	case len(p.Places) > 0:
		r.notes = append(r.notes, "looked for at "+safe(strings.Join(p.Places, "; ")))
	}
	if p.Reason != "" && p.Status != "" {
		r.notes = append(r.notes, safe(p.Reason))
	}
	return r
}

func nonEmpty(s string) string {
	if s == "" {
		return "-"
	}
	return safe(s)
}

func newMapLearnCommand(e *env) *cobra.Command {
	var dirs, copies []string
	dryRun := false
	cmd := &cobra.Command{
		Use:   "learn FACT",
		Short: "Find where a setting lies, by watching it change",
		Long: `Find where a setting lies, by watching it change. Set it to two or more values in
the System Manager, one after the other; each time write here what its page shows.
The one place that agrees every time is written to the first folder of mappings,
with the status "learned". It counts once somebody confirms it. Of copied trees,
each --picture names one and the value that was set on it.`,
		Example: `  stigwatch map learn mics.cli.max_ssh_sessions
  stigwatch map learn mics.users --dir /mi/config-system/startup_config
  stigwatch map learn mics.cli.max_ssh_sessions --picture ./before=5 --picture ./after=3`,
		Args:              oneFact,
		ValidArgsFunction: completeFacts,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(copies) == 0 && !isTerminal(e.stdin) {
				return usageError{errors.New("this asks questions, and the input is no terminal: name two or more copied trees with --picture")}
			}
			m, err := errand.NewMapper(e.options(slog.LevelWarn))
			if err != nil {
				return err
			}
			defer m.Close()
			l, err := m.Learn(args[0], dirs)
			if err != nil {
				return err
			}
			if len(copies) > 0 {
				err = e.learnFromCopies(l, args[0], copies)
			} else {
				err = e.learnAsking(l, args[0])
			}
			if err != nil || dryRun {
				return err
			}
			path, err := l.Save(e.now())
			if err == nil {
				fmt.Fprintf(e.stderr, "it counts once it is confirmed: stigwatch map confirm %s\n", safe(args[0]))
			}
			return e.written(path, err)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&dirs, "dir", nil, "`DIR` or file to look at, inside the root (default: the System Manager's folders)")
	f.StringArrayVar(&copies, "picture", nil, "`DIR=VALUE`: a copied tree and what was set on it; twice or more")
	f.BoolVar(&dryRun, "dry-run", false, "tell what is found and write nothing")
	return cmd
}

// learnFromCopies looks at copied trees in order; what the last one comes to counts.
func (e *env) learnFromCopies(l *errand.Learner, fact string, copies []string) error {
	var v errand.Lesson
	for _, one := range copies {
		dir, val, ok := strings.Cut(one, "=")
		if !ok || dir == "" {
			return usageError{fmt.Errorf("--picture is %q, must be DIR=VALUE", one)}
		}
		var err error
		if v, err = l.SeeCopy(dir, val); err != nil {
			return err
		}
	}
	e.sayUnread(l)
	e.sayLesson(v)
	if !v.Found {
		return fmt.Errorf("cannot tell where %q lies: %s", fact, safe(v.Why))
	}
	return nil
}

// learnAsking asks for values until there is one place left, or no answer.
func (e *env) learnAsking(l *errand.Learner, fact string) error {
	now := l.Now()
	fmt.Fprintf(e.stderr, "%s: %s\n", safe(fact), safe(now.About))
	if now.Value != nil {
		fmt.Fprintf(e.stderr, "so far it is read at %s: %s\n", safe(now.Found), value(now.Value))
	}
	a, question := e.asker(), "What does the System Manager show now? "
	for {
		said, ok := a.ask(question)
		if !ok {
			return fmt.Errorf("cannot tell where %q lies: too few values were set", fact)
		}
		if said == "" {
			continue
		}
		v, err := l.See(said)
		if err != nil {
			e.complain(err)
			continue
		}
		if v.Values == 1 {
			e.sayUnread(l)
		}
		if v.Found {
			e.sayLesson(v)
			return nil
		}
		fmt.Fprintln(e.stderr, safe(v.Why))
		question = "Set another value there, apply and save it. What does the page show now? "
	}
}

func (e *env) sayUnread(l *errand.Learner) {
	for _, line := range l.Unread() {
		fmt.Fprintln(e.stderr, "stigwatch: "+safe(line))
	}
}

// sayLesson tells the places that are left: the one on stdout, several on stderr.
func (e *env) sayLesson(v errand.Lesson) {
	out := e.stdout
	if !v.Found {
		out = e.stderr
	}
	for _, p := range v.Places {
		var seen []string
		for _, text := range p.Texts {
			seen = append(seen, clip(value(text), maxShown))
		}
		fmt.Fprintf(out, "at %s, where there was %s\n", safe(p.Place), strings.Join(seen, ", then "))
	}
}

func newMapConfirmCommand(e *env) *cobra.Command {
	who, yes := errand.Who{}, false
	cmd := &cobra.Command{
		Use:   "confirm [FACT...]",
		Short: "Confirm that a mapping shows what the System Manager shows",
		Long: `Confirm that a mapping shows what the System Manager shows. Asks for each fact that
is read and not confirmed, or for those that are named. A confirmation holds for this
release line, on this host or on the fleet. It counts after a reload of the agent.`,
		Example: `  stigwatch map confirm --by "A. Nother"
  stigwatch map confirm mics.users --yes --by "A. Nother" --fleet`,
		ValidArgsFunction: completeFacts,
		RunE: func(_ *cobra.Command, facts []string) error {
			if err := needs(map[string]string{"by": who.By}); err != nil {
				return err
			}
			switch {
			case yes && len(facts) == 0:
				return usageError{errors.New("--yes takes facts: name each one that was compared")}
			case !yes && !isTerminal(e.stdin):
				return usageError{errors.New("this asks questions, and the input is no terminal: name the facts that were compared, and --yes")}
			}
			m, err := errand.NewMapper(e.options(slog.LevelWarn))
			if err != nil {
				return err
			}
			defer m.Close()
			who.When = e.now()
			return e.confirm(m, facts, who, yes)
		},
	}
	f := cmd.Flags()
	f.StringVar(&who.By, "by", "", "`NAME` of who compared")
	f.BoolVar(&who.Fleet, "fleet", false, "for every appliance of this release line, not this one alone")
	f.BoolVar(&yes, "yes", false, "do not ask: the named facts were compared")
	return cmd
}

func (e *env) confirm(m *errand.Mapper, facts []string, who errand.Who, yes bool) error {
	list, err := m.ToConfirm(facts)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		fmt.Fprintln(e.stdout, "nothing to confirm: no unconfirmed fact has a value")
		return nil
	}
	a, done, file := e.asker(), 0, ""
	for _, p := range list {
		answer := "y"
		if !yes {
			fmt.Fprintf(e.stderr, "%s (%s), read at %s\n", safe(p.Fact), safe(p.About), safe(p.Found))
			answer, _ = a.ask(fmt.Sprintf("Does the System Manager show %s? [y/N/q] ", value(p.Value)))
		}
		answer = strings.ToLower(answer)
		if answer == "q" || a.ended {
			break
		}
		if answer != "y" && answer != "yes" {
			continue
		}
		if file, err = m.Confirm(p.Fact, who); err != nil {
			return err
		}
		done++
		fmt.Fprintf(e.stdout, "confirmed: %s is %s\n", safe(p.Fact), value(p.Value))
	}
	if done == 0 {
		fmt.Fprintln(e.stdout, "nothing was confirmed")
		return nil
	}
	return e.written(file, nil)
}

// asker asks a person, on stderr.
type asker struct {
	in    *bufio.Scanner
	out   io.Writer
	ended bool
}

func (e *env) asker() *asker { return &asker{in: bufio.NewScanner(e.stdin), out: e.stderr} }

// ask gives the answer without white space around it, and whether there was one.
func (a *asker) ask(question string) (string, bool) {
	fmt.Fprint(a.out, question)
	if a.ended = a.ended || !a.in.Scan(); a.ended {
		fmt.Fprintln(a.out)
		return "", false
	}
	return strings.TrimSpace(a.in.Text()), true
}

func isTerminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

func oneFact(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("%q takes one fact, such as mics.cli.max_ssh_sessions, got %d", cmd.CommandPath(), len(args))
	}
	return nil
}

// completeFacts offers the facts that there are to the shell.
func completeFacts(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	schema, err := policy.Schema(policies.FS)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return schema.Names(), cobra.ShellCompDirectiveNoFileComp
}
