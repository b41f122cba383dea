package cli

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"stigwatch/agent/api"
	"stigwatch/agent/enforcer"
)

// showPlans lists what the enforcer did.
func (e *env) showPlans(ctx context.Context, asJSON bool) error {
	jobs, err := enforcer.Plans(ctx, e.options(slog.LevelWarn))
	if err != nil {
		return handError(err)
	}
	if asJSON {
		return api.Encode(e.stdout, jobs, true)
	}
	s := newScreen(e.stdout)
	if len(jobs.Jobs) == 0 {
		fmt.Fprintln(s, "no plan was applied yet; \"stigwatch plan\" shows what could be")
	}
	t := table{head: []string{"PLAN", "STATE", "BY", "RULES", "FILES"}}
	for i := range jobs.Jobs {
		j := &jobs.Jobs[i]
		r := row{cells: []cell{
			{safe(j.ID), plain}, {safe(planState(j)), planStyle(j)}, {safe(byWhom(j)), plain},
			{safe(strings.Join(j.Rules, " ")), plain}, {safe(strings.Join(j.Files, " ")), plain},
		}}
		for _, note := range []string{j.Why, j.Reason} {
			if note != "" && !j.Auto {
				r.notes = append(r.notes, safe(note))
			}
		}
		t.rows = append(t.rows, r)
	}
	t.write(s)
	return s.flush()
}

func byWhom(j *api.Job) string {
	if j.Auto {
		return "itself"
	}
	return j.By
}

func planState(j *api.Job) string {
	switch {
	case j.Undoes != "" && j.State == api.JobDone:
		return "undo of " + j.Undoes
	case j.State == api.JobWaiting:
		return "waits for confirm until " + j.Confirm.Format("15:04:05Z")
	case j.State == api.JobRestored:
		return "taken back"
	}
	return j.State
}

func planStyle(j *api.Job) style {
	switch j.State {
	case api.JobDone, api.JobUndone:
		return plain
	}
	return yellow
}

// writeEnforcement tells what is done about failing rules besides telling.
func (e *env) writeEnforcement(s *screen, a *api.Agent) {
	x := &a.Enforcement
	if (x.Mode == "alert" || x.Mode == "") && len(x.Rules)+len(x.Plans) == 0 && x.Error == "" {
		return
	}
	s.entry("enforce", plain, fmt.Sprintf("mode %s; otherwise, or with something to tell: %s", safe(x.Mode), rulesCounted(len(x.Rules))))
	for i := range x.Rules {
		text, st := ruleStands(&x.Rules[i])
		s.entry("", st, text)
	}
	for i := range x.Plans {
		if j := &x.Plans[i]; j.State == api.JobWaiting {
			s.entry("plan", yellow, fmt.Sprintf("%s of %s is taken back at %s unless somebody says: stigwatch confirm %s",
				safe(j.ID), safe(strings.Join(j.Files, ", ")), j.Confirm, safe(j.ID)))
		}
	}
	if x.Error != "" {
		s.entry("enforcer", yellow, safe(x.Error))
	}
}

// ruleStands says in one line how one rule stands.
func ruleStands(r *api.EnforcedRule) (string, style) {
	text, st := safe(r.Rule)+" "+safe(r.Mode), plain
	if r.Plan != "" {
		text += fmt.Sprintf(", last put right at %s by %s", r.LastApply, safe(r.Plan))
	}
	if r.SetBack > 0 {
		text += fmt.Sprintf(", set back lately: %d", r.SetBack)
	}
	switch {
	case r.Stopped != "":
		text, st = text+", left alone: "+safe(r.Stopped)+"; stigwatch apply "+safe(r.Rule)+" takes it up again", yellow
	case r.Said != "":
		text, st = text+", not put right: "+safe(r.Said), yellow
	}
	return text, st
}
