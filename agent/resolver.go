package agent

import (
	"strings"

	"stigwatch/agent/facts"
	"stigwatch/agent/host"
	"stigwatch/agent/watch"
)

// resolver finds paths of the root and of the evidence folder for the watch.
type resolver struct{ a *Agent }

// Hops gives the folders and names that resolving a path looks up.
func (r resolver) Hops(path string) ([]watch.Hop, error) {
	p := r.a.live.Load()
	h, inside := p.host, path
	if rest, ok := strings.CutPrefix(path, facts.EvidencePrefix); ok {
		if h, inside = p.evidence, "/"+rest; h == nil {
			return nil, nil
		}
	}
	return hops(h, inside)
}

func hops(h *host.Host, path string) ([]watch.Hop, error) {
	got, err := h.Hops(path)
	out := make([]watch.Hop, len(got))
	for i, hop := range got {
		out[i] = watch.Hop{Dir: hop.Dir, Name: hop.Name}
	}
	return out, err
}
