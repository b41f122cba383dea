package agent

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/config"
	"stigwatch/agent/finding"
	"stigwatch/agent/journal"
	"stigwatch/agent/watch"
)

// jobsWatched is the name under which the watch knows the file where the enforcer
// says what it did.
const jobsWatched = "enforcer:jobs"

// jobBody is the body of an entry about a plan that was applied or taken back.
type jobBody struct {
	Plan api.Job `json:"plan"`
	Text string  `json:"text"`
}

// jobsSaid takes the path of the enforcer's file out of an event, and takes note of
// what stands there now.
func (l *loop) jobsSaid(ctx context.Context, e watch.Event) watch.Event {
	i, there := slices.BinarySearch(e.Paths, jobsWatched)
	if there {
		e.Paths = slices.Delete(slices.Clone(e.Paths), i, i+1)
	}
	if there || e.All {
		l.lookAtJobs(ctx)
	}
	return e
}

// lookAtJobs tells what the enforcer did since the last look, and judges anew what
// rests on it.
func (l *loop) lookAtJobs(ctx context.Context) {
	jobs, err := api.ReadJobs(l.a.parts.Config.Enforce.Socket)
	if err != nil {
		l.a.conds.set("enforcer-unreadable", err.Error(), api.JobsFile(l.a.parts.Config.Enforce.Socket))
		return
	}
	l.a.conds.clear("enforcer-unreadable")
	now := time.Now()
	var records []journal.Record
	for i := len(jobs) - 1; i >= 0; i-- { // the oldest first
		records = append(records, l.tellJob(&jobs[i], now)...)
	}
	l.enforcement.known, l.enforcement.jobs = true, jobs
	l.forgetJobs()
	l.keepEnforcement(records...)
	l.rests(ctx, jobs)
}

// rests judges anew the rules of facts that stigwatch wrote, or no longer has: how
// they are known may be another now.
func (l *loop) rests(ctx context.Context, jobs []api.Job) {
	facts := l.a.parts.Wrote(jobs)
	if l.snap == nil {
		return
	}
	if rules := l.a.parts.Engine.Affected(facts); len(rules) > 0 {
		l.judge(ctx, rules)
		l.publish(time.Now())
	}
}

// tellJob tells a plan whose state is another than was told.
func (l *loop) tellJob(j *api.Job, now time.Time) []journal.Record {
	book := &l.enforcement.book
	was := book.Told[j.ID]
	if was == j.State || !told(j) {
		return nil
	}
	if book.Told == nil {
		book.Told = map[string]string{}
	}
	book.Told[j.ID] = j.State
	l.enforcement.touched = true
	if !l.enforcement.known && was == "" {
		return nil // it was done before stigwatch kept a journal here
	}
	l.heed(j, now)
	code, text, severity := jobText(j, was)
	l.agentAlertAs(code, text, severity)
	kind := journal.Applied
	if j.Undoes != "" || j.State == api.JobRestored {
		kind = journal.Undone
	}
	return []journal.Record{{Kind: kind, At: now, Body: jobBody{*j, text}}}
}

// told: states that a plan stays in. What was undone is told of its undo.
func told(j *api.Job) bool {
	switch j.State {
	case api.JobDone, api.JobWaiting, api.JobRestored, api.JobConflict:
		return true
	}
	return false
}

// heed has the book follow what people did.
func (l *loop) heed(j *api.Job, now time.Time) {
	book := &l.enforcement.book
	stands := j.State == api.JobDone || j.State == api.JobWaiting
	for _, id := range j.Rules {
		switch {
		case j.Auto && stands:
			book.Done(id, j.ID, now)
		case j.UndoneByWill():
			if l.a.parts.Config.Enforce.ModeOf(id) == config.ModeEnforce && book.Stop(id, "what was written was taken back", now) {
				l.stopped(id, "enforce-stopped", fmt.Sprintf("%s is left alone: plan %s was taken back; \"stigwatch apply %s\" takes it up again", id, j.ID, id), now)
			}
		case !j.Auto && stands && j.Undoes == "" && book.Resume(id):
			l.keepEnforcement(modeRecord(now, id, fmt.Sprintf("%s is taken up again: somebody applied it", id)))
		}
	}
}

// jobText says what came of a plan.
func jobText(j *api.Job, was string) (code, text string, severity finding.Severity) {
	files, by := strings.Join(j.Files, ", "), "by "+j.By
	if j.Auto {
		by = "by itself"
	}
	switch {
	case j.State == api.JobWaiting:
		return "confirm-wanted", fmt.Sprintf("plan %s wrote %s %s for %s, and takes it back at %s unless somebody says \"stigwatch confirm %s\"",
			j.ID, files, by, ruleList(j.Rules, ""), j.Confirm, j.ID), finding.Medium
	case j.State == api.JobConflict:
		return "apply-conflict", fmt.Sprintf("plan %s could not be taken back whole, somebody else wrote one of %s: %s", j.ID, files, j.Why), finding.High
	case j.State == api.JobRestored:
		return "apply-taken-back", fmt.Sprintf("plan %s was taken back, %s is as it was: %s", j.ID, files, j.Why), finding.Medium
	case j.Undoes != "":
		return "undone", fmt.Sprintf("plan %s was undone %s: %s is as it was before", j.Undoes, by, files), ""
	case was == api.JobWaiting:
		return "confirmed", fmt.Sprintf("plan %s was confirmed, %s stays", j.ID, files), ""
	}
	return "applied", fmt.Sprintf("plan %s wrote %s %s, for %s", j.ID, files, by, ruleList(j.Rules, "")), ""
}

// forgetJobs drops what was told of plans that the enforcer no longer shows. When it
// shows none its file is gone, as after each start of the machine, and comes again.
func (l *loop) forgetJobs() {
	if len(l.enforcement.jobs) == 0 {
		return
	}
	for id := range l.enforcement.book.Told {
		if !slices.ContainsFunc(l.enforcement.jobs, func(j api.Job) bool { return j.ID == id }) {
			delete(l.enforcement.book.Told, id)
			l.enforcement.touched = true
		}
	}
}

// overdue asks the enforcer for a word when a plan's time to be confirmed is over and
// it has not taken it back, or a plan is in the middle: its process may have ended, and
// the next one sees to both when it starts. It answers by its file.
func (l *loop) overdue(now time.Time) {
	_, err := os.Lstat(l.a.parts.Config.Enforce.Socket)
	silent := err == nil && l.enforcement.jobs == nil // its file is gone, as after each start of the machine
	late := silent || slices.ContainsFunc(l.enforcement.jobs, func(j api.Job) bool {
		return j.State == api.JobWaiting && now.After(j.Confirm.Time) || !j.Ended() && now.Sub(j.At.Time) > api.MaxApply
	})
	if !late || l.enforcement.busy {
		return
	}
	select {
	case l.a.orders <- order{poke: true}:
		l.enforcement.busy = true
	default:
	}
}

// showEnforcement shows readers how things stand.
func (l *loop) showEnforcement() {
	e := &l.a.parts.Config.Enforce
	out := &api.Enforcement{Mode: e.Mode, Rules: []api.EnforcedRule{}, Plans: []api.Job{}, Error: l.enforcement.away}
	for _, id := range l.a.parts.Engine.Order {
		r, mode := l.enforcement.book.Of(id), e.ModeOf(id)
		if mode == e.Mode && r.Plan == "" && r.Stopped == "" && r.Said == "" {
			continue
		}
		out.Rules = append(out.Rules, api.EnforcedRule{
			Rule: id, Mode: mode, Plan: r.Plan, LastApply: api.At(r.At), Confirm: l.confirmBy(r.Plan), SetBack: len(r.Back), Stopped: r.Stopped,
			Said: r.Said, NextTry: api.At(r.NotBefore),
		})
	}
	const most = 20
	out.Plans = append(out.Plans, l.enforcement.jobs[:min(most, len(l.enforcement.jobs))]...)
	l.a.enforced.Store(out)
}

func (l *loop) confirmBy(plan string) api.Time {
	for i := range l.enforcement.jobs {
		if j := &l.enforcement.jobs[i]; j.ID == plan && plan != "" {
			return j.Confirm
		}
	}
	return api.Time{}
}
