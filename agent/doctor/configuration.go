package doctor

import (
	"context"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

func (b *box) configuration(context.Context) []Item {
	c := b.o.Config
	if b.o.ConfigErr != nil && denied(b.o.ConfigErr) {
		return append([]Item{skip(asRoot, "cannot read %s: permission denied", c.Path)}, b.refused()...)
	}
	for _, f := range b.configFiles() {
		if err := unix.Access(b.at(f), unix.R_OK); err != nil && denied(err) {
			return append([]Item{skip(asRoot, "cannot read %s: permission denied", f)}, b.refused()...)
		}
	}
	var items []Item
	if err := b.o.Valid(); err != nil {
		for line := range strings.Lines(err.Error()) {
			items = append(items, fail("correct it, then systemctl reload stigwatch", "%s", strings.TrimSpace(line)))
		}
	} else {
		items = append(items, ok("%s and all that it names are valid", c.Path))
	}
	return append(items, append(b.refused(), b.stale()...)...)
}

// refused says that the agent lives with an older configuration than there is.
func (b *box) refused() []Item {
	if b.agent == nil || b.agent.Agent == nil {
		return nil
	}
	if a := b.agent.Agent; a.Config.Error != "" {
		return []Item{fail("correct it, then systemctl reload stigwatch", "the last reload was refused, the configuration of %s is live: %s", a.Config.Loaded, a.Config.Error)}
	}
	return nil
}

// stale says which files were edited since the agent read them.
func (b *box) stale() []Item {
	if b.agent == nil || b.agent.Agent == nil {
		return []Item{b.notSaid()}
	}
	live := b.agent.Agent.Config
	if live.Path != b.o.Config.Path {
		return []Item{warn("stigwatch doctor --config "+live.Path, "the agent reads %s, this is about %s", live.Path, b.o.Config.Path)}
	}
	var items []Item
	for _, f := range b.configFiles() {
		st, err := b.stat(f)
		if err == nil && time.Unix(st.Mtim.Unix()).After(live.Loaded.Add(time.Second)) {
			items = append(items, warn("systemctl reload stigwatch", "%s was edited after the agent read it at %s", f, live.Loaded))
		}
	}
	if len(items) == 0 && live.Error == "" {
		items = append(items, ok("it is the one that is live since %s", live.Loaded))
	}
	return items
}
