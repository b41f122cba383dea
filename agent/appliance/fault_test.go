package appliance

import (
	"context"
	"testing"
	"time"

	"stigwatch/agent/facts"
	"stigwatch/agent/finding"
	"stigwatch/agent/host"
)

// fault puts a host below the facts that fails where the test says so.
func (p *Parts) fault(t *testing.T, fault func(string) error) {
	t.Helper()
	h, err := host.New(host.Options{Root: p.Config.Root, Fault: fault})
	if err != nil {
		t.Fatal(err)
	}
	_ = p.Host.Close()
	p.Host = h
	p.Reader = facts.New(facts.Options{
		Host: h, Evidence: p.evidence, Mapping: p.Mapping, Schema: p.Engine.Schema, CAs: p.Site.CAs, HostName: p.Name,
	})
}

func (p *Parts) judge(t *testing.T) []finding.Result {
	t.Helper()
	snap, _ := p.Reader.All()
	return p.Engine.Evaluate(context.Background(), snap, nil, time.Now())
}
