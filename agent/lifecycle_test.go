package agent

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/finding"
	"stigwatch/agent/journal"
)

func TestTheLastMessageLeavesAndIsRecorded(t *testing.T) {
	dir := withSinks(t, "compliant", map[string]string{"a": "", "b": ""})
	d := start(t, dir)
	d.end()
	m := d.wantNews(finding.Agent, alert.CodeStopped)
	if !strings.Contains(m.Text, "stopped on request") || m.Severity != "" {
		t.Errorf("%+v", m)
	}
	for _, sink := range []string{"a", "b"} {
		if got := received(t, dir, sink); len(got) != 1 || got[0].ID != m.ID {
			t.Errorf("%s got %+v", sink, got)
		}
	}
	var last []journal.Kind
	var recorded bool
	err := journal.ReadFile(dir+"/state", 0, func(journal.Extent) error { return nil }, func(s journal.Sealed) error {
		e, err := s.Entry()
		last = append(last, e.Kind)
		recorded = recorded || e.Kind == journal.Alert && strings.Contains(string(e.Body), m.ID)
		return err
	})
	if err != nil || !recorded {
		t.Errorf("recorded: %v, %v; %v", recorded, err, last)
	}
}

func TestTheVeryFirstStartTellsOfNoGap(t *testing.T) {
	d := start(t, rig.New(t, "compliant"))
	d.end()
	d.wantNews(finding.Agent, alert.CodeStopped)
}

func TestStartTellsSinceWhenNothingWasWatched(t *testing.T) {
	dir := rig.New(t, "compliant")
	start(t, dir).end()
	d := start(t, dir)
	if m := d.wantNews(finding.Agent, alert.CodeStarted); !strings.Contains(m.Text, "stopped in good order at 20") || m.Severity != "" {
		t.Errorf("%+v", m)
	}
}

// A journal without a stop at its end is that of an agent that was killed.
func TestStartAfterAKillSaysSo(t *testing.T) {
	dir := rig.New(t, "compliant")
	j, err := journal.Open(journal.Options{Dir: dir + "/state"})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-2 * time.Hour)
	j.Put(nil, journal.Record{Kind: journal.Stop, At: at.Add(-time.Hour)}, journal.Record{Kind: journal.Start, At: at.Add(-time.Minute)},
		journal.Record{Kind: journal.Condition, At: at})
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	d := start(t, dir)
	m := d.wantNews(finding.Agent, alert.CodeStarted)
	if !strings.Contains(m.Text, "had not stopped in good order") || !strings.Contains(m.Text, utc(at)) ||
		!strings.Contains(m.Text, "for up to 2h0m") || m.Severity != finding.Medium {
		t.Errorf("%+v", m)
	}
}

func TestWhatFollowsTheStopInOneLifeIsNoNewLife(t *testing.T) {
	j, err := journal.Open(journal.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if e := lifeBefore(j); e.known {
		t.Errorf("%+v", e)
	}
	at := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	j.Put(nil, journal.Record{Kind: journal.Start, At: at.Add(-time.Hour)}, journal.Record{Kind: journal.Stop, At: at},
		journal.Record{Kind: journal.Delivered, At: at.Add(time.Second)})
	commit(t, j)
	if e := lifeBefore(j); !e.clean || !e.until.Equal(at) {
		t.Errorf("%+v", e)
	}
}

// commit waits until all is on disk.
func commit(t *testing.T, j *journal.Journal) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := j.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestAPartThatFailsIsToldAsSuch(t *testing.T) {
	d := start(t, rig.New(t, "compliant"))
	d.end()
	d.wantNews(finding.Agent, alert.CodeStopped)
	l := newLoop(d.agent)
	l.a.ways.Store(nil)
	l.a.store = store{}
	l.ended(errors.New("the socket broke"))
	if m := d.wantNews(finding.Agent, alert.CodeStopped); !strings.Contains(m.Text, "a part of it failed: the socket broke") || m.Severity != finding.Medium {
		t.Errorf("%+v", m)
	}
}
