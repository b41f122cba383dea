package enforcer

import (
	"path"
	"path/filepath"
	"slices"

	"stigwatch/agent/config"
	"stigwatch/agent/confine"
	"stigwatch/agent/permit"
)

// fence lets this process, and the programs that it has check files, write only to its
// own folders and to those of the files that may be written at all. A new file is made
// beside the old one, so that is the least: of /etc the fence has all, and what is shut
// in there is the unit's and permit's to say.
func (e *enforcer) fence() {
	s := e.eo.Confined
	if s == nil {
		return
	}
	s.Fence(confine.Fence{Writes: writes(e.parts.Config), Devices: []string{"/dev/null"}, Execute: true, Listen: true})
	e.o.Log.Info("the process is confined", "by", s.String(), "writes", s.Writes, "without", s.Missing)
}

func writes(cfg *config.Config) []string {
	out := []string{cfg.Enforce.Dir, filepath.Dir(cfg.Enforce.Socket)}
	for _, p := range permit.All() {
		for _, f := range p.Files {
			if dir := filepath.Join(cfg.Root, path.Dir(f)); !slices.Contains(out, dir) {
				out = append(out, dir)
			}
		}
	}
	return out
}
