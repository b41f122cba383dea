package agent

import (
	"context"
	"testing"
	"time"

	"stigwatch/agent/facts"
	"stigwatch/agent/finding"
	"stigwatch/agent/host"
)

// fault puts a host below the facts that fails where the test says so.
func (p *parts) fault(t *testing.T, fault func(string) error) {
	t.Helper()
	h, err := host.New(host.Options{Root: p.cfg.Root, Fault: fault})
	if err != nil {
		t.Fatal(err)
	}
	_ = p.host.Close()
	p.host = h
	p.reader = facts.New(facts.Options{
		Host: h, Evidence: p.evidence, Mapping: p.mapping, Schema: p.engine.Schema, CAs: p.site.CAs, HostName: p.name,
	})
}

func (p *parts) judge(t *testing.T) []finding.Result {
	t.Helper()
	snap, _ := p.reader.All()
	return p.engine.Evaluate(context.Background(), snap, nil, time.Now())
}
