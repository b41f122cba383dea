// Package enforcer is the process that changes the appliance: the socket at which it
// is asked, who may ask it for what, and the doing of it.
package enforcer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/appliance"
	"stigwatch/agent/config"
	"stigwatch/agent/confine"
	"stigwatch/agent/enforce"
	"stigwatch/agent/facts"
	"stigwatch/agent/finding"
	"stigwatch/agent/permit"
	"stigwatch/agent/plan"
	"stigwatch/agent/replace"
	"stigwatch/agent/socket"
)

// enforcer changes the appliance. It trusts nobody's plan: whoever asks names rules
// and what the files held, and it works out each byte from its own reading of the
// files, the policy, the site profile and the mapping. The same code runs in the
// enforcer's process, in a command on a copied tree, and in tests.
type enforcer struct {
	o        appliance.Options
	eo       Options
	jobs     *enforce.Engine
	services *services
	agent    string // whose name may ask by itself; another needs another process

	mu      sync.Mutex // guards what follows: one thing is done at a time
	parts   *appliance.Parts
	sources string // what the configuration's files looked like when parts was built
	planner *plan.Planner
	made    *plan.Plan // that is being applied, for judge
}

// Options are for tests and for demo; the zero value is right elsewhere.
type Options struct {
	Programs []enforce.Program       // that check files; nil: the machine's own, where the root is the machine's
	Bus      string                  // socket of the system bus; "": the machine's
	Step     func(name string) error // see enforce.Options
	Now      func() time.Time        // nil: time.Now
	Services bool                    // have services take files up although the root is not the machine's

	CheckTimeout   time.Duration // of a program that checks a file; 0: see enforce.Options
	ServiceTimeout time.Duration // of a service that takes files up; 0: half a minute

	Confined *confine.State // of this process, which is fenced in before it writes; nil: it is not to be

	serving bool // the process stays, and takes back what nobody confirms in time
}

// open loads the configuration, takes the enforcer's state folder, and brings to an
// end what an earlier process left in the middle; the jobs that it did so with come
// with it. The error lists every mistake of the configuration; it wraps
// enforce.ErrHeld when another process is the enforcer.
func open(ctx context.Context, o appliance.Options, eo Options) (*enforcer, []api.Job, error) {
	if eo.Now == nil {
		eo.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	e := &enforcer{o: o, eo: eo}
	if err := e.refresh(); err != nil {
		return nil, nil, err
	}
	e.fence()
	e.agent = e.parts.Config.Enforce.AgentUser
	e.services = newServices(eo.Bus, e.parts.Config.Enforce.Reload, e.parts.Config.Root == "/" || eo.Services, eo.ServiceTimeout)
	jobs, err := enforce.Open(e.jobOptions())
	if err != nil {
		e.parts.Close()
		return nil, nil, err
	}
	e.jobs = jobs
	ended, err := e.recover(ctx)
	if err != nil {
		return nil, nil, errors.Join(err, e.Close())
	}
	return e, ended, nil
}

func (e *enforcer) jobOptions() enforce.Options {
	cfg := e.parts.Config
	o := enforce.Options{
		Dir: cfg.Enforce.Dir, Programs: e.eo.Programs, Now: e.eo.Now, Step: e.eo.Step, Judge: e.judge,
		Reload: e.services.take, Healthy: e.services.healthy, CheckTimeout: e.eo.CheckTimeout,
		Files: replace.Options{Root: cfg.Root, Owner: uint32(os.Geteuid())},
	}
	if o.Programs == nil && cfg.Root != "/" {
		o.Programs = []enforce.Program{} // the machine's programs are not the appliance's
	}
	if uid, ok := uidOf(cfg.Enforce.AgentUser); ok && uid != o.Files.Owner {
		o.Files.Agent = []uint32{uid}
	}
	return o
}

// Close gives the state folder up, when what is being done is done.
func (e *enforcer) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.parts.Close()
	e.services.close()
	return e.jobs.Close()
}

// refresh builds the parts anew when a file of the configuration is another one
// than before. While it has mistakes, or another than root can change it, nothing is
// written.
func (e *enforcer) refresh() error {
	if e.parts != nil && e.sources == sources(e.parts) {
		return trusted(e.parts)
	}
	next, err := appliance.Build(e.o)
	if err != nil {
		return err
	}
	looks := sources(next)
	if err := errors.Join(trusted(next), e.same(next.Config)); err != nil {
		next.Close()
		return err
	}
	if e.parts != nil {
		e.parts.Close()
	}
	e.parts, e.sources, e.planner = next, looks, next.Planner(nil)
	return nil
}

// same refuses a configuration that the process would have to be another one for.
func (e *enforcer) same(next *config.Config) error {
	if e.parts == nil {
		return nil
	}
	was := e.parts.Config
	one, other := was.Enforce, next.Enforce
	for _, key := range []struct {
		name string
		same bool
	}{
		{"root", was.Root == next.Root}, {"enforce.dir", one.Dir == other.Dir}, {"enforce.socket", one.Socket == other.Socket},
		{"enforce.agent_user", one.AgentUser == other.AgentUser}, {"enforce.reload", maps.EqualFunc(one.Reload, other.Reload, slices.Equal)},
	} {
		if !key.same {
			return fmt.Errorf("%s is another one than when the enforcer was started: start it again", key.name)
		}
	}
	return nil
}

// Apply closes rules, and answers when that is done, waits for its confirmation, or
// is taken back. An error is an *api.Refused when it is for the asker to mend.
func (e *enforcer) Apply(ctx context.Context, who socket.Peer, q *api.ApplyRequest) (*api.Applied, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	defer e.publish()
	e.goOn(ctx)
	if err := e.refresh(); err != nil {
		return nil, refused(http.StatusConflict, "configuration", err.Error())
	}
	rules, err := e.parts.RuleIDs(q.Rules)
	if err != nil {
		return nil, refused(http.StatusNotFound, "unknown-rule", err.Error())
	}
	now := e.eo.Now()
	rules, left, err := e.mayApply(who, q, rules, now)
	if err != nil {
		return nil, err
	}
	defer func() { e.made = nil }()
	rules, waived, err := e.plan(ctx, q.Auto, rules, now)
	if err != nil {
		return nil, err
	}
	left = append(left, waived...)
	if err := asSeen(q, e.made); err != nil {
		return nil, err
	}
	out := e.answer(rules, now)
	out.LeftAlone = left
	if e.made.Empty() {
		return out, nil
	}
	e.services.begin()
	job, err := e.jobs.Apply(ctx, e.job(who, q))
	return e.came(out, job, err)
}

// job is what the plan comes to.
func (e *enforcer) job(who socket.Peer, q *api.ApplyRequest) enforce.Job {
	j := enforce.Job{Rules: e.made.Closes, By: enforce.Who{UID: int(who.UID), Name: socket.UserName(who.UID)}, Reason: q.Reason, Auto: q.Auto}
	j.Confirm = time.Duration(q.ConfirmSeconds) * time.Second
	if j.Confirm == 0 && e.made.Class() == permit.Confirm && e.eo.serving { // nobody is cut off from a copied tree
		j.Confirm = e.parts.Config.Enforce.ConfirmWithin
	}
	for i := range e.made.Files {
		f := &e.made.Files[i]
		change := enforce.FileChange{Path: f.Path, Was: f.Was, New: f.New, Facts: e.made.FactsOf(f.Path)}
		if unit, _ := plan.UnitOf(f.Path); unit != "" {
			change.Units = []string{unit}
		}
		j.Files = append(j.Files, change)
	}
	return j
}

// came adds to the answer what a job came to.
func (e *enforcer) came(out *api.Applied, job enforce.Record, err error) (*api.Applied, error) {
	failed := (*enforce.FailedError)(nil)
	switch {
	case errors.As(err, &failed):
		job, out.Closed = failed.Record, []api.PlanRule{}
		out.Failed = failed.Error()
		if replace.Refused(failed) {
			out.FailedReason = refusalWord(failed)
		}
	case replace.Refused(err):
		return nil, refused(http.StatusConflict, refusalWord(err), err.Error())
	case err != nil:
		return nil, refusedJob(err)
	}
	out.Applied = append(out.Applied, shownJob(&job))
	out.Told = append(out.Told, e.services.remarks()...)
	if job.State == enforce.Waiting && !e.eo.serving {
		out.Told = append(out.Told, "no enforcer stays to take it back in time: the next stigwatch command after that does, or run \"stigwatch enforcer\"")
	}
	return out, nil
}

func (e *enforcer) answer(rules []string, now time.Time) *api.Applied {
	shown := e.parts.ShownPlan(e.made, rules, now)
	return &api.Applied{Schema: api.Schema, Applied: []api.Job{}, Closed: shown.Closes, Cannot: shown.Cannot, LeftAlone: []api.PlanRefusal{}, Edited: []api.EditedByHand{}, Told: []string{}}
}

// judge reads everything anew and judges all rules on it, not on what the plan said
// would be. An error takes everything back.
func (e *enforcer) judge(ctx context.Context, r enforce.Record) error {
	if r.Undoes != "" || e.made == nil {
		return nil // somebody wants the old bytes, whatever they come to
	}
	settled := time.Now().Add(settleFor)
	for {
		passing, err := e.judgeOnce(ctx, r)
		if err == nil || !passing || time.Now().After(settled) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(settleLook):
		}
	}
}

// A service that has just taken files up may not be back in all its parts: what /proc
// and systemd say of that moment is looked at again for a while.
const (
	settleFor  = 3 * time.Second
	settleLook = 100 * time.Millisecond
)

// judgeOnce says what is wrong, and whether that may be of the moment.
func (e *enforcer) judgeOnce(ctx context.Context, r enforce.Record) (passing bool, err error) {
	for _, res := range e.parts.Evaluate(ctx, e.parts.Afresh(), nil, e.eo.Now()) {
		was := e.made.Before[res.Rule].Outcome
		good := was == finding.Pass || was == finding.NotApplicable
		switch {
		case slices.Contains(r.Rules, res.Rule) && res.Outcome != finding.Pass:
			return ofTheMoment(&res), fmt.Errorf("%s does not pass: it is %s: %s", res.Rule, res.Outcome, res.Reason)
		case good && res.Outcome != was, was == finding.NotChecked && res.Outcome == finding.Fail:
			return ofTheMoment(&res), fmt.Errorf("%s was %s and is %s: %s", res.Rule, was, res.Outcome, res.Reason)
		}
	}
	return false, nil
}

// ofTheMoment tells a result that rests on what the running machine says.
func ofTheMoment(r *finding.Result) bool {
	return slices.ContainsFunc(r.Evidence, func(it finding.Item) bool { return strings.HasPrefix(it.File, "/proc/") || facts.IsLive(it.File) })
}

// asSeen refuses when the files are others than the asker saw, or would become
// others than the asker was shown.
func asSeen(q *api.ApplyRequest, made *plan.Plan) error {
	files := map[string]*plan.File{}
	for i := range made.Files {
		files[made.Files[i].Path] = &made.Files[i]
	}
	for name, digest := range q.Was {
		if f := files[name]; f != nil && f.Was != digest {
			return refused(http.StatusConflict, "stale-digest", fmt.Sprintf("%s has changed since: plan again", name))
		}
	}
	for name, digest := range q.Now {
		f := files[name]
		if f == nil {
			return refused(http.StatusConflict, "stale-plan", fmt.Sprintf("%s needs no change any more, or another one: plan again", name))
		}
		if f.Now != digest {
			return refused(http.StatusConflict, "stale-plan", fmt.Sprintf("%s would not become what the plan says: plan again", name))
		}
	}
	for name := range files {
		if len(q.Now) > 0 && q.Now[name] == "" {
			return refused(http.StatusConflict, "stale-plan", fmt.Sprintf("%s would change too, which the plan does not say: plan again", name))
		}
	}
	return nil
}

func refused(code int, reason, text string) error {
	return &api.Refused{Code: code, Reason: reason, Text: text}
}
