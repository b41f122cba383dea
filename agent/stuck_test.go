package agent

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/alert"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/finding"
	"stigwatch/agent/journal"
)

// stuck is a sink that hangs in the kernel, as on a pipe that nobody reads.
type stuck struct{ released chan struct{} }

func (s *stuck) Send(context.Context, []*alert.Message) (int, error) {
	<-s.released
	return 0, errors.New("the pipe broke")
}

func (s *stuck) Close() error { return nil }

func TestASinkThatCannotBeInterruptedDoesNotHoldTheEnd(t *testing.T) {
	dir, _ := sinking(t, func(string) []string { return []string{"name: a, type: stdout", "name: b, type: stdout"} })
	s := &stuck{make(chan struct{})}
	t.Cleanup(func() { close(s.released) })
	well := &taking{}
	d := startWith(t, dir, func(a *Agent) {
		a.newSink = func(o alert.Options) (alert.Sink, error) {
			if o.Name == "a" {
				return s, nil
			}
			return well, nil
		}
	})
	rig.Edit(t, d.file(rig.Identity), ">15<", ">8<")
	opened := d.want(finding.Opened, "V-250989")
	d.end()
	stopped := d.wantNews(finding.Agent, alert.CodeStopped)
	j, err := journal.Open(journal.Options{Dir: d.file("state"), Sinks: map[string]journal.Bounds{"a": {Most: 10}, "b": {Most: 10}}})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for sink, want := range map[string][]uint64{"a": {opened.Seq, stopped.Seq}, "b": nil} {
		var waits []uint64
		for _, m := range j.Next(sink, j.Cursor(sink), 10) {
			waits = append(waits, m.Seq)
		}
		if diff := cmp.Diff(want, waits); diff != "" {
			t.Errorf("what waits for %s, -want +got:\n%s", sink, diff)
		}
	}
}

// taking is a sink that takes all.
type taking struct{}

func (*taking) Send(_ context.Context, batch []*alert.Message) (int, error) { return len(batch), nil }
func (*taking) Close() error                                                { return nil }
