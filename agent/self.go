package agent

import (
	"crypto/fips140"
	"os"
	"time"

	"stigwatch/agent/api"
)

// self says how the agent is.
func (a *Agent) self(p *published) *api.Agent {
	reload := a.reloads.Load()
	w := a.watcher.Stats()
	p50, p99 := a.timing.quantiles()
	out := &api.Agent{
		PID: os.Getpid(), Version: a.o.Version, FIPS: fips140.Enabled(), Revision: p.revision,
		Started: api.At(a.started), UptimeSeconds: int64(time.Since(a.started).Seconds()),
		Config: api.Config{Path: p.parts.cfg.Path, Digest: p.parts.digest, Loaded: api.At(reload.loaded), Error: reload.err},
		Site:   api.Site{Digest: p.parts.site.Digest},
		Watch: api.Watch{
			Folders: w.Folders, Files: w.Files, Events: w.Events, Overflows: w.Overflows,
			LastEvent: api.At(w.LastEvent), LastFullPass: api.At(p.lastFull),
		},
		Sinks: []api.Sink{}, Conditions: a.conds.list(),
	}
	a.timing.mu.Lock()
	out.Passes = api.Passes{Count: a.timing.count, Full: a.timing.full, Last: api.At(a.timing.last)}
	a.timing.mu.Unlock()
	out.Passes.EvalP50us, out.Passes.EvalP99us = p50.Microseconds(), p99.Microseconds()
	for _, o := range a.outlets {
		s := o.Stats()
		out.Sinks = append(out.Sinks, api.Sink{
			Name: s.Name, Type: s.Type, Address: s.Address, Healthy: s.Healthy, Queued: s.Queued,
			Sent: s.Sent, Dropped: s.Dropped, LastSuccess: api.At(s.LastSuccess), LastError: s.LastError,
		})
	}
	return out
}
