package agent

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/api"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/enforcer"
	"stigwatch/agent/errand"
	"stigwatch/agent/finding"
	"stigwatch/agent/journal"
	"stigwatch/agent/waive"
)

const enforceChrony = "  rules: {V-250999: enforce}\n"

// badChrony is another bad file each time.
func (h *house) badChrony(note string) string {
	h.t.Helper()
	if h.old[chronyFile] == "" {
		h.old[chronyFile] = strings.Replace(rig.Read(h.t, h.dir, chronyFile), "server 192.0.2.123 iburst\n", "", 1)
	}
	bad := h.old[chronyFile] + "# " + note + "\n"
	rig.Put(h.t, h.file("root"+chronyFile), bad)
	return bad
}

// putRight waits until a rule was put right by itself, and gives the plan.
func (h *house) putRight(rule string) string {
	h.t.Helper()
	m := h.until(func(m alert.Message) bool {
		return m.Code == "applied" && strings.Contains(m.Text, "by itself") && strings.Contains(m.Text, rule)
	})
	for !h.passes(rule) {
		h.until(func(alert.Message) bool { return true })
	}
	return strings.Fields(m.Text)[2]
}

// passes tells how a rule stands when the loop has done all that it was given.
func (h *house) passes(rule string) bool {
	h.t.Helper()
	h.drain()
	atRest(h.t, h.agent)
	for _, r := range h.agent.Report().Results {
		if r.Rule == rule {
			return r.Result == "pass"
		}
	}
	h.t.Fatalf("no result of %s", rule)
	return false
}

// leftAlone fails when anything was, or is, done about a bad file.
func (h *house) leftAlone(file, bad string) {
	h.t.Helper()
	h.notBusy()
	h.rest()
	if now := rig.Read(h.t, h.dir, file); now != bad {
		h.t.Errorf("%s was written: %q", file, now)
	}
}

// notBusy waits until no order is under way, or could be.
func (h *house) notBusy() {
	h.t.Helper()
	for busy := true; busy; {
		h.inLoop(func(l *loop) { l.enforce(time.Now()); busy = l.enforcement.busy })
	}
}

// again ends the daemon and begins another one.
func (h *house) again() {
	h.t.Helper()
	h.end()
	h.drain()
	h.daemon = start(h.t, h.dir)
}

func TestAFightEndsWithTheRuleLeftAloneUntilSomebodyAppliesIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t, enforceChrony+"  fight_times: 2\n", enforcer.Options{})
	h.badChrony("one")
	h.putRight(chronyRule)
	h.badChrony("two")
	h.putRight(chronyRule)
	bad := h.badChrony("three")
	m := h.until(code("enforce-fight"))
	if !strings.Contains(m.Text, "set back 2 times") || !strings.Contains(m.Text, `"192.0.2.123"`) || !strings.Contains(m.Text, " was ") ||
		!strings.Contains(m.Text, " and is ") || m.Severity != finding.High {
		t.Errorf("%s %s", m.Severity, m.Text)
	}
	h.leftAlone(chronyFile, bad)
	h.again()
	h.leftAlone(chronyFile, bad)
	h.badChrony("three, with another remark")
	if n := h.count("enforce-fight", ""); n != 1 {
		t.Errorf("told %d times", n)
	}
	if r := h.enforced(chronyRule); r.Stopped == "" {
		t.Errorf("%+v", r)
	}
	got, err := h.client.Apply(context.Background(), &api.ApplyRequest{Rules: []string{chronyRule}})
	if err != nil || got.Failed != "" || len(got.Applied) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	h.until(about("applied", got.Applied[0].ID))
	for !h.passes(chronyRule) {
		h.until(verdict(finding.Resolved, chronyRule))
	}
	h.badChrony("four")
	h.putRight(chronyRule)
	h.toldOnce()
}

// enforced is what the daemon shows of one rule.
func (h *house) enforced(rule string) api.EnforcedRule {
	h.t.Helper()
	atRest(h.t, h.agent)
	for _, r := range h.agent.Report().Agent.Enforcement.Rules {
		if r.Rule == rule {
			return r
		}
	}
	return api.EnforcedRule{}
}

// The daemon sees the old file come back, and orders, before the undo is over.
func TestWhatAPersonUndoesIsNotPutRightBeforeTheDaemonKnows(t *testing.T) {
	t.Parallel()
	h := newHouse(t, enforceChrony, enforcer.Options{})
	bad := h.badChrony("one")
	id := h.putRight(chronyRule)
	reached, on := make(chan struct{}), make(chan struct{})
	h.trouble.arm(0, nil)
	h.trouble.whenAt("read back "+chronyFile, func() { close(reached); <-on })
	done := make(chan error, 1)
	go func() {
		got, err := h.client.Undo(context.Background(), id)
		if err == nil && got.Failed != "" {
			err = &api.Refused{Text: got.Failed}
		}
		done <- err
	}()
	<-reached
	h.until(verdict(finding.Opened, chronyRule))
	atRest(t, h.agent) // it has ordered by now
	close(on)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	h.until(about("undone", id)) // and before it that the rule is left alone
	h.leftAlone(chronyFile, bad)
	if h.count("enforce-failed", "") != 0 || h.count("enforce-stopped", chronyRule) != 1 {
		t.Error("an undo is told as a failure, or not that the rule is left alone")
	}
	h.toldOnce()
}

func TestAWindowOfMaintenancePausesEnforcement(t *testing.T) {
	t.Parallel()
	h := newHouse(t, enforceChrony, enforcer.Options{})
	c := api.Dial(h.config().Socket)
	defer c.Close()
	w, err := c.OpenWindow(context.Background(), &api.WindowRequest{Ticket: "CHG1", Seconds: 3600})
	if err != nil {
		t.Fatal(err)
	}
	bad := h.badChrony("in the window")
	h.until(verdict(finding.Opened, chronyRule))
	h.leftAlone(chronyFile, bad)
	if _, err := c.CloseWindow(context.Background(), w.ID); err != nil {
		t.Fatal(err)
	}
	h.putRight(chronyRule)
	h.toldOnce()
}

func TestTheModePlanTellsAndWritesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "  rules: {V-250999: plan}\n", enforcer.Options{})
	bad := h.badChrony("one")
	m := h.until(code("enforce-plan"))
	if !strings.Contains(m.Text, chronyRule+" could be put right in "+chronyFile) {
		t.Error(m.Text)
	}
	h.leftAlone(chronyFile, bad)
	n := 0
	h.rest()
	_ = h.agent.store.journal.Walk(0, func(journal.Extent) error { return nil }, func(s journal.Sealed) error {
		e, err := s.Entry()
		if e.Kind == journal.Planned && strings.Contains(string(e.Body), chronyFile) {
			n++
		}
		return err
	})
	if n != 1 || h.count("enforce-plan", "") != 1 {
		t.Errorf("recorded %d times, told %d times", n, h.count("enforce-plan", ""))
	}
}

func TestAWaivedRuleIsNotEnforced(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "", enforcer.Options{})
	bad := h.badChrony("one")
	h.until(verdict(finding.Opened, chronyRule))
	h.end()
	if _, err := errand.Waive(context.Background(), optionsIn(h.dir), waive.Waiver{
		Rule: chronyRule, Reason: "one source is enough here", Approver: "ISSO", Ticket: "T1",
		When: time.Now().UTC().Format(time.RFC3339), Expires: time.Now().AddDate(0, 0, 30).UTC().Format(time.RFC3339),
	}); err != nil {
		t.Fatal(err)
	}
	rig.Configure(t, h.dir, "\nenforce:\n"+enforceChrony)
	h.daemon = start(t, h.dir)
	h.leftAlone(chronyFile, bad)
	if err := os.Remove(h.config().Waivers); err != nil {
		t.Fatal(err)
	}
	h.reload <- struct{}{}
	h.putRight(chronyRule)
}

func TestARuleForPeopleIsToldOnceAndOthersArePutRight(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "  mode: enforce\n", enforcer.Options{})
	rig.Edit(t, h.file(rig.Identity), ">15<", ">8<")
	m := h.until(code("enforce-manual"))
	if !strings.Contains(m.Text, "V-250989 is in the mode enforce and is for people to put right") {
		t.Error(m.Text)
	}
	h.badChrony("one")
	h.putRight(chronyRule)
	rig.Edit(t, h.file(rig.Identity), ">8<", ">9<")
	h.until(verdict(finding.Changed, "V-250989"))
	h.inLoop(func(l *loop) { l.hurry() })
	h.badChrony("two")
	h.putRight(chronyRule)
	if n := h.count("enforce-manual", "V-250989"); n != 1 {
		t.Errorf("told %d times", n)
	}
}

// hurry makes every rule that waits be tried now.
func (l *loop) hurry() {
	for _, r := range l.enforcement.book.Rules {
		r.NotBefore = time.Time{}
	}
	l.enforce(time.Now())
}

func TestAnEnforcerThatIsAwayIsToldOnceAndWhatWaitedIsPutRight(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "  rules: {V-250999: enforce, V-250987: enforce}\n", enforcer.Options{})
	h.halt()
	h.badChrony("one")
	h.until(code("enforcer-away"))
	rig.Put(t, h.file("root"+issueFile), "Welcome\n")
	h.until(verdict(finding.Opened, issueRule))
	h.inLoop(func(l *loop) { l.hurry() })
	for h.enforced(issueRule).Said == "" || h.enforced(chronyRule).Said == "" {
		atRest(t, h.agent)
	}
	h.rest()
	if n := h.count("enforcer-away", ""); n != 1 || !h.has("enforcer-away") {
		t.Errorf("told %d times, a condition: %v", n, h.has("enforcer-away"))
	}
	h.enforcerBegins()
	h.trouble.fails(1, func(string) error { return os.ErrPermission })
	h.inLoop(func(l *loop) { l.hurry() })
	h.until(code("enforce-failed"))
	if h.has("enforcer-away") {
		t.Error("the condition stays, although it has answered, if only by saying no")
	}
	h.notBusy()
	h.trouble.calm()
	h.inLoop(func(l *loop) { l.hurry() })
	h.putRight(issueRule)
	h.putRight(chronyRule)
	h.toldOnce()
}

func (h *house) has(condition string) bool {
	h.t.Helper()
	atRest(h.t, h.agent)
	for _, c := range h.agent.Report().Agent.Conditions {
		if c.Code == condition {
			return true
		}
	}
	return false
}

// One file cannot be replaced, for it has a second name.
func TestARuleThatCannotBePutRightDoesNotKeepOthersFromIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "", enforcer.Options{})
	h.spoil()
	if err := os.Link(h.file("root"+issueFile), h.file("root/etc/issue.second")); err != nil {
		t.Fatal(err)
	}
	h.end()
	rig.Configure(t, h.dir, "\nenforce:\n  rules: {V-250999: enforce, V-250987: enforce}\n")
	h.daemon = start(t, h.dir) // both are in one order
	m := h.until(code("enforce-failed"))
	if !strings.Contains(m.Text, issueRule) || strings.Contains(m.Text, chronyRule) {
		t.Error(m.Text)
	}
	h.putRight(chronyRule)
	h.rest()
	if n := h.count("enforce-failed", ""); n != 1 || rig.Read(t, h.dir, issueFile) != "Welcome\n" {
		t.Errorf("told %d times", n)
	}
}

// What the daemon ordered was about bytes that are gone by the time that the enforcer
// looks: that is no failure, and is tried again soon.
func TestAnOrderThatComesTooLateIsNoFailure(t *testing.T) {
	t.Parallel()
	h := newHouse(t, enforceChrony, enforcer.Options{})
	rig.Put(t, h.file("root"+issueFile), "Welcome\n")
	h.until(verdict(finding.Opened, issueRule))
	reached, on := make(chan struct{}), make(chan struct{})
	h.trouble.whenAt("swap "+issueFile, func() { close(reached); <-on })
	done := make(chan error, 1)
	go func() {
		_, err := h.client.Apply(context.Background(), &api.ApplyRequest{Rules: []string{issueRule}})
		done <- err
	}()
	<-reached // the enforcer is busy with something else
	h.badChrony("one")
	h.until(verdict(finding.Opened, chronyRule))
	atRest(t, h.agent)
	h.badChrony("two, which the order knows nothing of")
	close(on)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	h.putRight(chronyRule)
	h.rest()
	if n := h.count("enforce-failed", ""); n != 0 {
		t.Errorf("told as a failure %d times", n)
	}
	if !strings.Contains(rig.Read(t, h.dir, chronyFile), "# two, which") {
		t.Error("the second edit is lost")
	}
}

// A start of the machine takes the file away in which the enforcer says what it did.
func TestAStartOfTheMachineTellsNoPlanAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "", enforcer.Options{})
	h.spoil()
	j := h.applied()
	h.end()
	h.halt()
	if err := os.RemoveAll(filepath.Dir(h.config().Enforce.Socket)); err != nil {
		t.Fatal(err)
	}
	h.daemon = start(t, h.dir)
	atRest(t, h.agent)
	h.enforcerBegins()
	h.spoil()
	k := h.applied()
	if n := h.count("applied", j.ID); n != 1 {
		t.Errorf("told %d times", n)
	}
	if n := h.count("applied", k.ID); n != 1 {
		t.Errorf("the next one was told %d times", n)
	}
	h.toldOnce()
}

// As long as a plan waits for people nothing else may write its file.
func TestAPlanThatWaitsKeepsARuleWaitingAndNoLonger(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "", enforcer.Options{})
	id := h.waiting()
	rig.Configure(t, h.dir, "\nenforce:\n"+enforceChrony)
	h.reload <- struct{}{}
	h.until(code("enforce-mode"))
	h.badChrony("while it waits")
	if m := h.until(code("enforce-failed")); !strings.Contains(m.Text, id) {
		t.Error(m.Text)
	}
	for range 3 { // more failures than a rule may have in a row
		h.inLoop(func(l *loop) { l.hurry() })
		h.notBusy()
	}
	if r := h.enforced(chronyRule); r.Stopped != "" {
		t.Errorf("%+v", r)
	}
	if _, err := h.client.Confirm(context.Background(), id); err != nil {
		t.Fatal(err)
	}
	h.inLoop(func(l *loop) { l.hurry() })
	h.putRight(chronyRule)
	if n := h.count("enforce-failed", ""); n != 1 {
		t.Errorf("told %d times", n)
	}
}
