package agent

import (
	"context"
	"errors"
	"testing"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/api"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/finding"
)

// refusing is a sink that takes nothing.
type refusing struct{ taking }

func (*refusing) Send(context.Context, []*alert.Message) (int, error) {
	return 0, errors.New("nobody is there")
}

func TestTheManagerIsToldHowEverythingStandsAndEachLineOnce(t *testing.T) {
	dir, _ := sinking(t, func(string) []string { return []string{"name: a, type: stdout", "name: b, type: stdout"} })
	lines := make(chan string, 100)
	d := startWith(t, dir, func(a *Agent) {
		a.o.Status = func(line string) { lines <- line }
		a.newSink = func(o alert.Options) (alert.Sink, error) {
			if o.Name == "a" {
				return &taking{}, nil
			}
			return &refusing{}, nil
		}
	})
	told := func(want string) {
		t.Helper()
		select {
		case got := <-lines:
			if got != want {
				t.Errorf("the manager was told %q, want %q", got, want)
			}
		case <-time.After(patience):
			t.Fatalf("the manager was not told %q", want)
		}
	}
	told("0 open, 58 pass; 2 sinks well")
	rig.Edit(t, d.file(rig.Identity), ">15<", ">8<")
	d.want(finding.Opened, "V-250989")
	d.awaitIll("b")
	d.reloaded()
	for line := ""; line != "1 open (1 CAT II), 57 pass; 1 of 2 sinks failing: b"; { // the sink may fail later than the rule
		select {
		case line = <-lines:
		case <-time.After(patience):
			t.Fatalf("the last that the manager was told is %q", line)
		}
	}
	d.agent.requests <- func(l *loop) { l.tellManager() } // which is no news
	rig.Edit(t, d.file(rig.Identity), ">8<", ">15<")
	d.want(finding.Resolved, "V-250989")
	told("0 open, 58 pass; 1 of 2 sinks failing: b")
}

// reloaded loads the same configuration again, and with it judges everything.
func (d *daemon) reloaded() {
	d.t.Helper()
	d.reload <- struct{}{}
	d.awaitReady()
}

// awaitIll waits until a sink's attempts fail.
func (d *daemon) awaitIll(sink string) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	defer cancel()
	for ctx.Err() == nil {
		for _, k := range d.status().Agent.Sinks {
			if k.Name == sink && !k.Healthy {
				return
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Millisecond): // between two questions over the socket
		}
	}
	d.t.Fatalf("sink %q does not fail", sink)
}

func TestStandingInWords(t *testing.T) {
	s := api.Summary{Pass: 40, Fail: 3, NotChecked: 12, NotApplicable: 2, Error: 1, Open: api.Open{High: 1, Low: 2}}
	if got, want := standing(s, s.Pass), "3 open (1 CAT I, 2 CAT III), 40 pass, 12 not checked, 1 in error"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := standing(api.Summary{}, 0), "0 open"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
