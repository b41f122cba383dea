package agent

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/config"
	"stigwatch/agent/finding"
	"stigwatch/agent/journal"
)

// wantPlan has a plan worked out for a rule in the mode plan that fails anew, or on
// other evidence.
func (l *loop) wantPlan(c *finding.Change) {
	id := c.Result.Rule
	if (c.Event == finding.Opened || c.Event == finding.Changed) && l.a.parts.Config.Enforce.ModeOf(id) == config.ModePlan && !slices.Contains(l.enforcement.planned, id) {
		l.enforcement.planned = append(l.enforcement.planned, id)
	}
}

// planBody is the body of an entry about a plan that was worked out.
type planBody struct {
	Rules []string       `json:"rules"`
	Files []api.PlanFile `json:"files"`
	Text  string         `json:"text"`
}

// plannedFor tells what would put rules right.
func (l *loop) plannedFor(o order, p *api.Plan, err error) {
	now := time.Now()
	l.enforcement.busy = false
	text := ""
	switch {
	case err != nil:
		text = fmt.Sprintf("no plan could be made for %s: %v", ruleList(o.rules, ""), err)
	case len(p.Files) == 0:
		text = fmt.Sprintf("no plan closes %s", ruleList(o.rules, ""))
	default:
		var closes, files []string
		for i := range p.Closes {
			closes = append(closes, p.Closes[i].Rule)
		}
		for i := range p.Files {
			files = append(files, p.Files[i].Path)
		}
		text = fmt.Sprintf("%s could be put right in %s: stigwatch plan %s", ruleList(closes, ""), strings.Join(files, ", "), strings.Join(closes, " "))
	}
	body := planBody{Rules: o.rules, Files: []api.PlanFile{}, Text: text}
	if p != nil {
		body.Files = p.Files
	}
	l.agentAlert("enforce-plan", text)
	l.keepEnforcement(journal.Record{Kind: journal.Planned, At: now, Body: body})
	l.enforce(now)
}
