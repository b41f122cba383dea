package doctor

import (
	"context"
	"maps"
	"slices"
	"strings"

	"stigwatch/agent/alert"
	"stigwatch/agent/api"
	"stigwatch/agent/finding"
)

// grave are the conditions without which the agent does not do its work.
var grave = []string{"config-refused", "enforcer-away", "journal-fault", "journal-unusable", "policy-fault", "root-unusable", "selftest-failed", "watch-incomplete"}

func (b *box) conditions(context.Context) []Item {
	if b.agent == nil || b.agent.Agent == nil {
		return []Item{b.notSaid()}
	}
	var items []Item
	for _, c := range b.agent.Agent.Conditions {
		text := c.Code + ": " + c.Message
		if c.File != "" {
			text += " in " + c.File
		}
		if slices.Contains(grave, c.Code) {
			items = append(items, fail("stigwatch status", "%s", text))
		} else {
			items = append(items, warn("stigwatch status", "%s", text))
		}
	}
	if len(items) == 0 {
		items = append(items, ok("it says that nothing is wrong with itself"))
	}
	return items
}

// mostNamed is how many facts are named.
const mostNamed = 5

// mapping counts the facts that rules need. An attestation may answer one that is not
// mapped; that one is nobody's to map.
func (b *box) mapping(context.Context) []Item {
	if b.agent == nil {
		return []Item{b.notSaid()}
	}
	states := map[finding.State]map[string]bool{}
	all := map[string]bool{}
	for _, r := range b.agent.Results {
		for _, e := range r.Evidence {
			all[e.Fact] = true
			if state := finding.State(e.State); e.Attestation == nil && state != "" {
				if states[state] == nil {
					states[state] = map[string]bool{}
				}
				states[state][e.Fact] = true
			}
		}
	}
	if len(all) == 0 {
		return []Item{skip("stigwatch status", "the agent names no fact")}
	}
	var items []Item
	for _, s := range []struct {
		state finding.State
		next  string
	}{
		{finding.Unreadable, "stigwatch map probe"}, {finding.Unmapped, "stigwatch map learn, stigwatch attest"}, {finding.Unconfirmed, "stigwatch map confirm"},
	} {
		if names := slices.Sorted(maps.Keys(states[s.state])); len(names) > 0 {
			items = append(items, warn(s.next, "%s %s: %s", plural(len(names), "fact is", "facts are"), s.state, few(names)))
		}
	}
	if len(items) == 0 {
		items = append(items, ok("none of %s is unmapped, unconfirmed or unreadable", plural(len(all), "fact", "facts")))
	}
	return items
}

func few(names []string) string {
	if len(names) > mostNamed {
		return strings.Join(names[:mostNamed], ", ") + " …"
	}
	return strings.Join(names, ", ")
}

// sinks takes the agent's word for what arrived. Where nothing did yet, and where no
// agent answers, a connection shows that somebody is there, and no more.
func (b *box) sinks(ctx context.Context) []Item {
	var items []Item
	if b.agent == nil || b.agent.Agent == nil {
		items = append(items, b.notSaid())
		for i := range b.o.Config.Sinks {
			items = append(items, b.reach(ctx, &b.o.Config.Sinks[i])...)
		}
		return items
	}
	for _, k := range b.agent.Agent.Sinks {
		items = append(items, b.sink(ctx, &k))
	}
	if len(items) == 0 {
		return []Item{warn("name a receiver under sinks in "+b.o.Config.Path, "there is no sink: nobody is told of anything")}
	}
	return items
}

func (b *box) sink(ctx context.Context, k *api.Sink) Item {
	name := k.Name + " (" + strings.TrimSpace(k.Type+" "+k.Address) + ")"
	switch {
	case !k.Healthy:
		found := name + " fails: " + k.LastError
		if _, err := b.connects(ctx, k.Name); err == nil {
			found += "; a connection can be made"
		}
		return fail("stigwatch selftest", "%s; %s", found, plural(k.Queued, "alert waits", "alerts wait"))
	case k.Dropped > 0:
		return warn("stigwatch history", "%s takes alerts, and %s dropped since the agent started", name, plural(int(k.Dropped), "was", "were"))
	case k.Sent == 0:
		return b.untried(ctx, k, name)
	case strings.HasPrefix(k.Address, "udp:"):
		return warn("look for them at the receiver", "%s: %d sent, and UDP promises nothing", name, k.Sent)
	}
	return ok("%s: %d sent, the last at %s", name, k.Sent, k.LastSuccess)
}

// untried is about a sink that had nothing to send.
func (b *box) untried(ctx context.Context, k *api.Sink, name string) Item {
	tried, err := b.connects(ctx, k.Name)
	switch {
	case !tried:
		return warn("stigwatch selftest", "%s had nothing to send yet", name)
	case err != nil:
		return fail("stigwatch selftest", "%s had nothing to send yet, and nobody takes a connection: %v", name, err)
	}
	return warn("stigwatch selftest", "%s had nothing to send yet; a connection can be made", name)
}

// connects tries a sink of the configuration; not tried: it is not known, or shows
// nothing that way.
func (b *box) connects(ctx context.Context, name string) (tried bool, err error) {
	for i := range b.o.Config.Sinks {
		if c := &b.o.Config.Sinks[i]; c.Name == name {
			network, address := c.Endpoint()
			if network != "" {
				return true, b.o.connect(ctx, network, address)
			}
		}
	}
	return false, errUntried
}

func (b *box) reach(ctx context.Context, c *alert.Config) []Item {
	switch tried, err := b.connects(ctx, c.Name); {
	case !tried:
		return nil
	case err != nil:
		return []Item{fail("", "nobody takes a connection from here for %s (%s): %v", c.Name, c.Type, err)}
	}
	return []Item{ok("somebody takes a connection from here for %s (%s)", c.Name, c.Type)}
}
