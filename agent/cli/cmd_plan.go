package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"stigwatch/agent/api"
	"stigwatch/agent/errand"
)

func newPlanCommand(e *env) *cobra.Command {
	asJSON, out := false, ""
	cmd := &cobra.Command{
		Use:   "plan [RULE...]",
		Short: "Show the edits that would make failing rules pass; write nothing",
		Long: `Show the edits that would make failing rules pass, as unified diffs with secrets
masked; write nothing. Each edit was tried on a copy in memory: its rule passes then,
and no rule that is in order stops being so. What cannot be closed is listed with the
reason and the way in the System Manager or on the command line.

With --out the plan goes to a file, for "stigwatch apply FILE": that refuses when a
file has changed since. Exits 0 when nothing is open, 3 when a rule fails, 4 when none fails but some cannot be judged.`,
		Example: `  stigwatch plan
  stigwatch plan V-250999 V-251006
  stigwatch plan --root ./image --json
  stigwatch plan --out monday.plan && stigwatch apply monday.plan`,
		ValidArgsFunction: completeRules,
		RunE: func(cmd *cobra.Command, rules []string) error {
			p, err := errand.Plan(cmd.Context(), e.options(slog.LevelWarn), rules)
			if err != nil {
				return err
			}
			return e.showPlan(p, out, asJSON)
		},
	}
	addJSON(cmd, &asJSON)
	cmd.Flags().StringVar(&out, "out", "", "write the plan to `FILE`, for apply")
	return cmd
}

func (e *env) showPlan(p *api.Plan, out string, asJSON bool) error {
	if out != "" {
		if err := savePlan(out, p); err != nil {
			return err
		}
	}
	if asJSON {
		if err := api.Encode(e.stdout, p, true); err != nil {
			return err
		}
		return planVerdict(p)
	}
	s := newScreen(e.stdout)
	s.plan(p)
	switch {
	case len(p.Files) > 0 && out != "":
		fmt.Fprintf(s, "\nnothing is written yet: stigwatch apply %s%s\n", safe(out), e.sameTree())
	case len(p.Files) > 0:
		fmt.Fprintf(s, "\nnothing is written yet: stigwatch apply%s%s\n", ruleWords(p.Rules), e.sameTree())
	case len(p.Cannot) == 0:
		fmt.Fprintln(s, "nothing is open that a plan could close")
	}
	if n := len(p.NotChecked); n > 0 {
		fmt.Fprintf(s, "%s could not be judged: stigwatch check\n", rulesCounted(n))
	}
	if err := s.flush(); err != nil {
		return err
	}
	return planVerdict(p)
}

// sameTree are the flags by which the next command is about the same appliance.
func (e *env) sameTree() string {
	out := ""
	for _, f := range [][2]string{{"config", e.flags.config}, {"root", e.flags.root}, {"state-dir", e.flags.stateDir}, {"runtime-dir", e.flags.runtimeDir}} {
		if f[1] != "" {
			out += " --" + f[0] + " " + safe(f[1])
		}
	}
	return out
}

func ruleWords(rules []string) string {
	if len(rules) == 0 {
		return ""
	}
	return " " + strings.Join(rules, " ")
}

// planVerdict: what a plan is about is open.
func planVerdict(p *api.Plan) error {
	switch {
	case len(p.Closes)+len(p.Cannot) > 0:
		return verdict(exitOpen)
	case len(p.NotChecked) > 0:
		return verdict(exitNotChecked)
	}
	return nil
}

// savePlan writes a plan into a new place or over an old one, whole or not at all.
func savePlan(name string, p *api.Plan) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".stigwatch-plan-*")
	if err != nil {
		return fmt.Errorf("cannot write the plan %q: %w", name, err)
	}
	err = errors.Join(api.Encode(f, p, true), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("cannot write the plan %q: %w", name, err)
	}
	return nil
}

// plan writes the diffs, what they close, and what stays open and why.
func (s *screen) plan(p *api.Plan) {
	for i := range p.Files {
		s.planFile(&p.Files[i])
	}
	if len(p.Closes) > 0 {
		s.WriteString(s.paint(strong, rulesCounted(len(p.Closes))+" would be closed") + "\n")
		for i := range p.Closes {
			s.hanging(2, planLead(&p.Closes[i]), safe(p.Closes[i].Title))
		}
	}
	if len(p.Cannot) > 0 {
		if len(p.Closes) > 0 {
			s.WriteByte('\n')
		}
		s.WriteString(s.paint(strong, rulesCounted(len(p.Cannot))+" would stay open") + "\n")
		s.cannot(p.Cannot)
	}
}

func (s *screen) planFile(f *api.PlanFile) {
	note := []string{}
	if f.Check != "" {
		note = append(note, "checked by "+f.Check)
	}
	if f.Service != "" {
		note = append(note, f.Service+": "+f.How)
	}
	if f.Class != "auto" {
		note = append(note, "taken back unless somebody confirms it")
	}
	s.WriteString(s.paint(strong, safe(f.Path)))
	if len(note) > 0 {
		s.WriteString(" (" + safe(strings.Join(note, "; ")) + ")")
	}
	s.WriteByte('\n')
	s.diff(f.Diff)
	s.WriteByte('\n')
}

// diff writes a unified diff, coloured where there are colours.
func (s *screen) diff(text string) {
	for _, line := range lines(strings.TrimSuffix(text, "\n")) {
		st := plain
		switch {
		case strings.HasPrefix(line, "---"), strings.HasPrefix(line, "+++"):
			st = faint
		case strings.HasPrefix(line, "-"):
			st = red
		case strings.HasPrefix(line, "+"):
			st = green
		case strings.HasPrefix(line, "@@"):
			st = purple
		}
		s.WriteString(s.paint(st, line) + "\n")
	}
}

// cannot tells rules of one reason together.
func (s *screen) cannot(all []api.PlanRefusal) {
	told := map[string]bool{}
	for i := range all {
		if told[all[i].Reason] {
			continue
		}
		told[all[i].Reason] = true
		for j := i; j < len(all); j++ {
			if all[j].Reason == all[i].Reason {
				s.hanging(2, planLead(&all[j].PlanRule), safe(all[j].Title))
			}
		}
		s.line(6, faint, safe(all[i].Reason))
		if all[i].GUI != "" {
			s.line(6, plain, "System Manager: "+safe(all[i].GUI))
		}
		if len(all[i].CLI) > 0 {
			s.line(6, plain, "command line: "+safe(strings.Join(all[i].CLI, "; ")))
		}
	}
}

func planLead(r *api.PlanRule) string {
	return pad(safe(r.Rule), 10) + pad(roman(api.Result{Severity: r.Severity}), 5)
}

func rulesCounted(n int) string {
	if n == 1 {
		return "1 rule"
	}
	return fmt.Sprintf("%d rules", n)
}
