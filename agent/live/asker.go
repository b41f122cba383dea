// Package live asks the running appliance what no file says: its own ports which TLS
// versions they speak and what they serve, and systemd how its units are. An answer
// is text, as if it stood in a file.
package live

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"stigwatch/agent/facts"
	"stigwatch/agent/finding"
	"stigwatch/agent/probe"
	"stigwatch/agent/units"
)

// Options of an Asker.
type Options struct {
	Questions []string      // "tls/443", "cert/443", "unit/rsyslog.service"
	Probe     probe.Options // of ports
	Units     *units.Bus    // nil: the machine's
}

// Asker asks, and keeps the last answers.
type Asker struct {
	questions []string
	probe     probe.Options
	units     *units.Bus // asked by one goroutine: the one that calls Ask

	mu      sync.Mutex // guards answers
	answers map[string]answer
}

type answer struct {
	text []byte
	err  error
}

var errNotAsked = errors.New("it was not asked yet")

// New makes an asker, which has asked nothing yet.
func New(o Options) *Asker {
	if o.Units == nil {
		o.Units = units.New(units.Options{})
	}
	return &Asker{questions: o.Questions, probe: o.Probe, units: o.Units, answers: map[string]answer{}}
}

// Questions are all that there is to ask.
func (a *Asker) Questions() []string { return a.questions }

// UnitQuestions are those to systemd.
func (a *Asker) UnitQuestions() []string {
	var out []string
	for _, q := range a.questions {
		if strings.HasPrefix(q, unitQuestion) {
			out = append(out, q)
		}
	}
	return out
}

// Units is the line to systemd. Who asks last closes it.
func (a *Asker) Units() *units.Bus { return a.units }

// Last gives the last answer; it is a facts.Live.
func (a *Asker) Last(question string) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	got, ok := a.answers[question]
	if !ok {
		return nil, errNotAsked
	}
	return got.text, got.err
}

// Ask asks these questions at once, of ports where the listening sockets say that
// somebody answers, and gives the paths of the answers that are others than before.
func (a *Asker) Ask(ctx context.Context, snap finding.Snapshot, questions []string) []string {
	var wg sync.WaitGroup
	got := make([]answer, len(questions))
	for i, q := range questions {
		if !strings.HasPrefix(q, unitQuestion) {
			wg.Go(func() { got[i] = a.port(ctx, q, snap[listening]) })
		}
	}
	a.askUnits(ctx, questions, got)
	wg.Wait()
	if ctx.Err() != nil {
		return nil // that is no answer of the appliance
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	var changed []string
	for i, q := range questions {
		was, asked := a.answers[q]
		if !asked || string(was.text) != string(got[i].text) || fmt.Sprint(was.err) != fmt.Sprint(got[i].err) {
			changed = append(changed, facts.LivePrefix+q)
		}
		a.answers[q] = got[i]
	}
	return changed
}

// TakeOver takes the answers that another asker had, and its line to systemd, at a
// reload.
func (a *Asker) TakeOver(old *Asker) {
	if a == nil || old == nil {
		return
	}
	old.mu.Lock()
	defer old.mu.Unlock()
	a.units = old.units
	for _, q := range a.questions {
		if got, ok := old.answers[q]; ok {
			a.answers[q] = got
		}
	}
}
