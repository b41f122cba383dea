package agent

import (
	"path"
	"strings"

	"stigwatch/agent/api"
	"stigwatch/agent/facts"
	"stigwatch/agent/host"
	"stigwatch/agent/watch"
)

// resolver finds paths of the root and of the evidence folder for the watch.
// The latter are resolved from the machine's own root, so that the folder may be
// missing, come or be replaced.
type resolver struct {
	a       *Agent
	machine *host.Host
}

// Hops gives the folders and names that resolving a path looks up.
func (r resolver) Hops(p string) ([]watch.Hop, error) {
	live := r.a.live.Load()
	if rest, ok := strings.CutPrefix(p, facts.EvidencePrefix); ok {
		return hops(r.machine, path.Join(live.Config.Evidence, rest))
	}
	if rest, ok := strings.CutPrefix(p, itselfPrefix); ok {
		return hops(r.machine, r.a.itself.At(rest))
	}
	switch p {
	case canaryPath:
		return hops(r.machine, r.a.tests.file)
	case jobsWatched:
		return hops(r.machine, api.JobsFile(live.Config.Enforce.Socket))
	}
	return hops(live.Host, p)
}

func hops(h *host.Host, path string) ([]watch.Hop, error) {
	got, err := h.Hops(path)
	out := make([]watch.Hop, len(got))
	for i, hop := range got {
		out[i] = watch.Hop{Dir: hop.Dir, Name: hop.Name}
	}
	return out, err
}
