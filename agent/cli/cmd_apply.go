package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"stigwatch/agent/api"
	"stigwatch/agent/enforcer"
	"stigwatch/agent/errand"
)

// applyFlags are what apply is told.
type applyFlags struct {
	yes, asJSON bool
	confirm     time.Duration
	reason      string
}

func newApplyCommand(e *env) *cobra.Command {
	f := applyFlags{}
	cmd := &cobra.Command{
		Use:   "apply [RULE...|FILE]",
		Short: "Make the edits of a plan: check, write, judge again, or take all back",
		Long: `Make the edits that "stigwatch plan" shows, for the failing rules that are named, for
all that fail, or for a plan that was written to FILE. The enforcer does it: it works
the edits out again, has each program check its file, replaces the files, has the
services take them up, and judges all rules. When a rule that it is about does not
pass then, or one that passed does not, everything is taken back.

What could cut an administrator off (sshd, PAM) is taken back too unless somebody says
"stigwatch confirm ID" in time; --confirm-within asks for that in other cases, or for
another time. Asks before it writes, on a terminal. Exits 0 when everything asked for
is closed, 3 when something stays open, 1 when it was taken back.`,
		Example: `  stigwatch apply
  stigwatch apply V-250999 --yes
  stigwatch apply --confirm-within 5m
  stigwatch plan --out monday.plan && stigwatch apply monday.plan`,
		ValidArgsFunction: completeRules,
		RunE:              func(cmd *cobra.Command, args []string) error { return e.apply(cmd.Context(), args, f) },
	}
	fl := cmd.Flags()
	fl.BoolVar(&f.yes, "yes", false, "do not ask")
	fl.DurationVar(&f.confirm, "confirm-within", 0, "take it back after `TIME` unless it is confirmed, such as 10m")
	fl.StringVar(&f.reason, "reason", "", "`TEXT` for the record, such as a ticket")
	addJSON(cmd, &f.asJSON)
	return cmd
}

func (e *env) apply(ctx context.Context, args []string, f applyFlags) error {
	if f.confirm < 0 || f.confirm > api.MaxConfirm || f.confirm > 0 && f.confirm < time.Second {
		return usageError{fmt.Errorf("--confirm-within is %s, must be 1s to %dh", f.confirm, api.MaxConfirm/time.Hour)}
	}
	if !f.yes && !isTerminal(e.stdin) {
		return usageError{errors.New("this asks before it writes, and the input is no terminal: look at \"stigwatch plan\", then say --yes")}
	}
	p, err := e.planFor(ctx, args)
	if err != nil {
		return err
	}
	out := noneApplied(p)
	if len(p.Files) > 0 {
		if !f.yes && !e.agreed(p) {
			fmt.Fprintln(e.stderr, "nothing was written")
			return planVerdict(p)
		}
		if out, err = e.applied(ctx, p, f); err != nil {
			return err
		}
	}
	if err := e.showApplied(out, f.asJSON); err != nil || len(out.Applied) > 0 {
		return err
	}
	return planVerdict(p)
}

// planFor reads a plan's file, or makes a plan.
func (e *env) planFor(ctx context.Context, args []string) (*api.Plan, error) {
	if len(args) == 1 && !isRule(args[0]) {
		return loadPlan(args[0])
	}
	return errand.Plan(ctx, e.options(slog.LevelWarn), args)
}

// isRule tells what can only be meant as a rule, not as a file.
func isRule(arg string) bool {
	if strings.ContainsAny(arg, "/.") {
		return false
	}
	_, err := os.Stat(arg)
	return err != nil
}

const maxPlanFile = 8 << 20

func loadPlan(name string) (*api.Plan, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read the plan %q: %w", name, err)
	}
	defer f.Close()
	p := &api.Plan{}
	d := json.NewDecoder(io.LimitReader(f, maxPlanFile))
	d.DisallowUnknownFields()
	if err := d.Decode(p); err != nil {
		return nil, fmt.Errorf("cannot read the plan %q: %w: make it with \"stigwatch plan --out\"", name, err)
	}
	if len(p.Files) > 0 && len(p.Closes) == 0 {
		return nil, fmt.Errorf("cannot use the plan %q: it closes no rule: make it anew with \"stigwatch plan --out\"", name)
	}
	if p.Schema != api.Schema {
		return nil, fmt.Errorf("cannot use the plan %q: it is %q, not %q", name, p.Schema, api.Schema)
	}
	return p, nil
}

// agreed shows a plan and asks.
func (e *env) agreed(p *api.Plan) bool {
	s := newScreen(e.stderr)
	s.plan(p)
	_ = s.flush()
	answer, _ := e.asker().ask("\nWrite this? [y/N] ")
	return isYes(answer)
}

func isYes(answer string) bool {
	answer = strings.ToLower(answer)
	return answer == "y" || answer == "yes"
}

func (e *env) applied(ctx context.Context, p *api.Plan, f applyFlags) (*api.Applied, error) {
	h, err := e.hand(ctx)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	q := &api.ApplyRequest{Rules: []string{}, Was: map[string]string{}, Now: map[string]string{}, Reason: f.reason}
	q.ConfirmSeconds = int64((f.confirm + time.Second - 1) / time.Second)
	for i := range p.Closes {
		q.Rules = append(q.Rules, p.Closes[i].Rule)
	}
	for i := range p.Files {
		q.Was[p.Files[i].Path], q.Now[p.Files[i].Path] = p.Files[i].Was, p.Files[i].Now
	}
	out, err := h.Apply(ctx, q)
	if err != nil {
		return nil, handError(err)
	}
	out.Cannot = append(out.Cannot, p.Cannot...)
	return out, nil
}

// hand finds the enforcer and says what it had to end first.
func (e *env) hand(ctx context.Context) (*enforcer.Hand, error) {
	h, err := enforcer.TakeHand(ctx, e.options(slog.LevelWarn))
	if err != nil {
		return nil, err
	}
	for _, j := range h.Ended() {
		fmt.Fprintf(e.stderr, "stigwatch: %s was left in the middle and is %s now: %s\n", j.ID, j.State, safe(j.Why))
	}
	return h, nil
}

// handError says what to do when there is no enforcer, and tells wrong input from
// the rest.
func handError(err error) error {
	if away := (*api.Unreachable)(nil); errors.As(err, &away) {
		return fmt.Errorf("%s; on the appliance only the enforcer writes: run \"stigwatch enforcer\" as root, or start its unit", away.Error())
	}
	refused := (*api.Refused)(nil)
	if errors.As(err, &refused) && (refused.Reason == "malformed" || refused.Reason == "unknown-job" || refused.Reason == "unknown-rule") {
		return usageError{err}
	}
	return err
}

func noneApplied(p *api.Plan) *api.Applied {
	return &api.Applied{
		Schema: api.Schema, Applied: []api.Job{}, Closed: []api.PlanRule{}, Cannot: append([]api.PlanRefusal{}, p.Cannot...),
		LeftAlone: []api.PlanRefusal{}, Edited: []api.EditedByHand{}, Told: []string{},
	}
}

func (e *env) showApplied(a *api.Applied, asJSON bool) error {
	if asJSON {
		if err := api.Encode(e.stdout, a, true); err != nil {
			return err
		}
		return appliedVerdict(a)
	}
	s := newScreen(e.stdout)
	for i := range a.Applied {
		s.job(&a.Applied[i])
	}
	for i := range a.Edited {
		s.line(0, yellow, "edited since: "+safe(a.Edited[i].Path))
		s.diff(a.Edited[i].Diff)
	}
	if a.Failed == "" {
		s.closed(a)
	}
	for _, told := range a.Told {
		s.line(0, faint, "remark: "+safe(told))
	}
	if err := s.flush(); err != nil {
		return err
	}
	if a.Failed != "" {
		return errors.New(a.Failed)
	}
	return appliedVerdict(a)
}

func staysOpen(n int) string {
	if n == 1 {
		return "1 rule stays open"
	}
	return fmt.Sprintf("%d rules stay open", n)
}

func appliedVerdict(a *api.Applied) error {
	switch {
	case a.Failed != "":
		return verdict(exitFailed)
	case len(a.Cannot) > 0:
		return verdict(exitOpen)
	}
	return nil
}

func (s *screen) closed(a *api.Applied) {
	if len(a.Closed) > 0 {
		s.WriteString(s.paint(strong, "closed "+rulesCounted(len(a.Closed))) + "\n")
		for i := range a.Closed {
			s.hanging(2, planLead(&a.Closed[i]), safe(a.Closed[i].Title))
		}
	}
	if len(a.Cannot) > 0 {
		s.WriteString(s.paint(strong, staysOpen(len(a.Cannot))) + "\n")
		s.cannot(a.Cannot)
	}
	if len(a.Applied)+len(a.Cannot) == 0 {
		fmt.Fprintln(s, "nothing is open that a plan could close")
	}
}

// job tells what one job came to, and what can be done about it.
func (s *screen) job(j *api.Job) {
	s.line(0, strong, fmt.Sprintf("%s %s: %s", safe(j.ID), safe(jobWord(j)), safe(strings.Join(j.Files, ", "))))
	for _, c := range j.Checks {
		s.line(2, faint, safe(checkLine(c)))
	}
	if j.Why != "" {
		s.line(2, yellow, safe(j.Why))
	}
	switch {
	case j.State == api.JobWaiting:
		s.line(2, yellow, fmt.Sprintf("it is taken back at %s unless you keep it: stigwatch confirm %s", j.Confirm, safe(j.ID)))
	case j.State == api.JobDone && j.Undoes == "":
		s.line(2, plain, "take it back: stigwatch undo "+safe(j.ID))
	}
}

func jobWord(j *api.Job) string {
	switch {
	case j.State == api.JobDone && j.Undoes != "":
		return "took back " + j.Undoes
	case j.State == api.JobDone:
		return "wrote"
	case j.State == api.JobWaiting:
		return "wrote, and waits to be confirmed"
	case j.State == api.JobRestored:
		return "was taken back"
	case j.State == api.JobUndone:
		return "wrote, and was undone"
	}
	return "is in the state " + j.State
}

func checkLine(c api.Checked) string {
	switch {
	case c.Program == "" && c.Said == "":
		return c.Path + ": no program checks it"
	case c.Said == "":
		return c.Program + " accepts " + c.Path
	case c.Program == "":
		return c.Path + ": " + c.Said
	}
	return c.Program + ", of " + c.Path + ": " + c.Said
}
