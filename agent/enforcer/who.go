package enforcer

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/user"
	"slices"
	"strconv"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/config"
	"stigwatch/agent/enforce"
	"stigwatch/agent/socket"
)

// mayApply refuses who may not ask, and what may not be asked for. Of the rules that
// the agent asks for it leaves out those that are to be left alone, and refuses when
// none is left.
func (e *enforcer) mayApply(who socket.Peer, q *api.ApplyRequest, rules []string, now time.Time) (may []string, left []api.PlanRefusal, err error) {
	left = []api.PlanRefusal{}
	if e.owns(who) && !q.Auto {
		return rules, left, nil
	}
	if err := e.knows(who); err != nil {
		return nil, nil, err
	}
	if !q.Auto || q.ConfirmSeconds != 0 {
		return nil, nil, refused(http.StatusForbidden, "agent-only-enforces", "the agent may only have rules put right that are in the mode enforce")
	}
	for _, id := range rules {
		if mode := e.parts.Config.Enforce.ModeOf(id); mode != config.ModeEnforce {
			return nil, nil, refused(http.StatusForbidden, "mode", fmt.Sprintf("%s is in the mode %s, not enforce", id, mode))
		}
	}
	for _, id := range rules {
		word, why := e.leftAlone(id, now)
		if word == "" {
			may = append(may, id)
			continue
		}
		left = append(left, e.left(id, word, why))
	}
	if len(may) == 0 {
		return nil, nil, refused(http.StatusConflict, left[0].Code, left[0].Reason)
	}
	return may, left, nil
}

// plan makes the plan for these rules. Asked by itself, it leaves out rules that
// somebody has waived, which is known when they have been judged, and refuses when none
// is left.
func (e *enforcer) plan(ctx context.Context, auto bool, rules []string, now time.Time) (may []string, left []api.PlanRefusal, err error) {
	if e.made, err = e.planner.Make(ctx, rules, now); err != nil || !auto {
		return rules, nil, err
	}
	for _, id := range rules {
		if w := e.made.Before[id].Waiver; w != nil {
			left = append(left, e.left(id, "waived", fmt.Sprintf("%s is waived (%s)", id, w.Ticket)))
			continue
		}
		may = append(may, id)
	}
	switch {
	case len(left) == 0:
		return rules, nil, nil
	case len(may) == 0:
		return nil, nil, refused(http.StatusConflict, left[0].Code, left[0].Reason)
	}
	e.made, err = e.planner.Make(ctx, may, now)
	return may, left, err
}

func (e *enforcer) left(id, word, why string) api.PlanRefusal {
	return api.PlanRefusal{PlanRule: api.FromRule(e.parts.Engine.Rules[id]), Code: word, Reason: why, CLI: []string{}}
}

// leftAlone says why the agent may not have a rule put right now, by a stable word
// too: a person took it back, or it was done too often, so that whoever takes the
// agent over cannot wear the appliance out.
func (e *enforcer) leftAlone(id string, now time.Time) (word, why string) {
	if by := e.takenBack(id); by != "" {
		return "taken-back", fmt.Sprintf("what was written for %s was taken back (%s): \"stigwatch apply %s\" takes it up again", id, by, id)
	}
	if most := e.parts.Config.Enforce.PerHour; e.wrote(id, now) >= most {
		return "rate", fmt.Sprintf("%d plans were begun for %s within an hour, which is the most: enforce.per_hour", most, id)
	}
	return "", ""
}

// takenBack gives the plan by which a person took back what was last written for a
// rule, or that nobody confirmed; "" when it was not. The agent learns of that later
// than of the file, so it is decided here.
func (e *enforcer) takenBack(rule string) string {
	for _, r := range e.jobs.History() {
		if !slices.Contains(r.Rules, rule) {
			continue
		}
		unconfirmed := r.Failed != nil && r.Failed.Step == enforce.StepConfirm
		switch {
		case r.State == enforce.Restored && !unconfirmed, r.State == enforce.Undone:
			continue // it came to nothing by itself; or its undo, which is newer, was seen
		case r.Undoes != "" && r.State == enforce.Done, unconfirmed:
			return r.ID
		}
		return ""
	}
	return ""
}

// wrote counts what was begun for a rule by itself within the last hour, by the ledger:
// the process ends when it is idle, and the next one has not been asked.
func (e *enforcer) wrote(id string, now time.Time) int {
	n := 0
	for _, r := range e.jobs.History() {
		if r.Auto && r.Undoes == "" && now.Sub(r.Made) < time.Hour && slices.Contains(r.Rules, id) {
			n++
		}
	}
	return n
}

// owns tells root, and the user whose the enforcer itself is.
func (e *enforcer) owns(who socket.Peer) bool {
	return who.Known && (who.UID == 0 || int(who.UID) == os.Geteuid())
}

// knows refuses whoever is neither root nor the agent.
func (e *enforcer) knows(who socket.Peer) error {
	switch {
	case !who.Known:
		return refused(http.StatusForbidden, "unknown-peer", "the kernel does not say who asks")
	case !e.owns(who) && !e.isAgent(who):
		return refused(http.StatusForbidden, "foreign-uid", fmt.Sprintf("uid %d may not ask for this: only root and the agent's user may", who.UID))
	}
	return nil
}

// ownsOr refuses whoever is not root.
func (e *enforcer) ownsOr(who socket.Peer, text string) error {
	if err := e.knows(who); err != nil || e.owns(who) {
		return err
	}
	return refused(http.StatusForbidden, "agent-only-enforces", text)
}

func (e *enforcer) isAgent(who socket.Peer) bool {
	uid, ok := uidOf(e.agent)
	return who.Known && ok && who.UID == uid
}

func uidOf(name string) (uint32, bool) {
	u, err := user.Lookup(name)
	if err != nil {
		return 0, false
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	return uint32(uid), err == nil
}
