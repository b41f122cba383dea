package agent

import (
	"os"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/fips"
	"stigwatch/agent/journal"
)

// self says how the agent is.
func (a *Agent) self(p *published) *api.Agent {
	reload := a.reloads.Load()
	w := a.watcher.Stats()
	p50, p99 := a.timing.quantiles()
	crypto := fips.Now()
	out := &api.Agent{
		PID: os.Getpid(), Version: a.o.Version, Revision: p.revision,
		FIPS: crypto.Enabled(), FIPSMode: string(crypto.Mode), FIPSModule: crypto.Module,
		Confinement: confinement(a.o.Confined),
		Started:     api.At(a.started), UptimeSeconds: int64(time.Since(a.started).Seconds()),
		Config: api.Config{Path: p.parts.Config.Path, Digest: p.parts.Digest, Loaded: api.At(reload.loaded), Reloads: reload.tries, Error: reload.err},
		Site:   api.Site{Digest: p.parts.Site.Digest},
		Watch: api.Watch{
			Folders: w.Folders, Files: w.Files, Events: w.Events, Overflows: w.Overflows,
			LastEvent: api.At(w.LastEvent), LastFullPass: api.At(p.lastFull),
		},
		Sinks: []api.Sink{}, Conditions: a.conds.list(), SelfTest: a.tests.last.Load(),
	}
	a.timing.mu.Lock()
	out.Passes = api.Passes{Count: a.timing.count, Full: a.timing.full, Last: api.At(a.timing.last)}
	a.timing.mu.Unlock()
	out.Passes.EvalP50us, out.Passes.EvalP99us = p50.Microseconds(), p99.Microseconds()
	out.Maintenance = []api.Window{}
	if w := a.windows.Load(); w != nil {
		out.Maintenance = *w
	}
	if e := a.enforced.Load(); e != nil {
		out.Enforcement = *e
	}
	for _, one := range a.sinks() {
		s := one.outlet.Stats()
		out.Sinks = append(out.Sinks, api.Sink{
			Name: s.Name, Type: s.Type, Address: s.Address, Healthy: s.Healthy, Queued: s.Queued,
			Sent: s.Sent, Dropped: s.Dropped, Resent: s.Resent, Circuit: s.Circuit(), Failures: s.Failures, NextTry: api.At(s.RetryAt),
			LastSuccess: api.At(s.LastSuccess), LastError: s.LastError,
		})
	}
	if j := a.store.journal; j != nil {
		head := j.Head()
		out.Journal = &api.Journal{Entries: head.N, Head: head.String(), KeyWaits: journal.KeyWaits(p.parts.Config.StateDir)}
		if err := j.Fault(); err != nil {
			out.Journal.Fault = err.Error()
		}
	}
	return out
}
