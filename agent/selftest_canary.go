package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/finding"
	"stigwatch/agent/watch"
)

// canary is what a self-test wrote and waits to be seen.
type canary struct {
	nonce string
	sinks []string      // that get the message
	seen  chan sighting // the loop never waits for room in it; never closed
}

// sighting is the loop's answer to a canary.
type sighting struct {
	event, read, verdict time.Time
	wrong                error // what was read back is not what was written
	misjudged            error
	seq                  uint64 // of the message
	answers              map[string]<-chan error
}

// canary takes the canary's path out of an event, and answers the self-test that
// waits for it. When everything may have changed, the canary may have too.
func (l *loop) canary(ctx context.Context, e watch.Event) watch.Event {
	i, there := slices.BinarySearch(e.Paths, canaryPath)
	if there {
		e.Paths = slices.Delete(slices.Clone(e.Paths), i, i+1)
	}
	c := l.a.tests.canary.Load()
	if c == nil || !there && !e.All {
		return e
	}
	s := sighting{event: e.At}
	if s.wrong = l.readCanary(c); s.wrong == nil {
		l.a.tests.canary.CompareAndSwap(c, nil)
		s.read = time.Now()
		s.misjudged = l.judgeAgain(ctx)
		s.verdict = time.Now()
		if s.misjudged == nil {
			l.tellCanary(c, &s)
		}
	}
	select {
	case c.seen <- s:
	default: // it has enough to say what is wrong
	}
	return e
}

func (l *loop) readCanary(c *canary) error {
	f, err := l.a.tests.machine.Read(l.a.tests.file)
	if err != nil {
		return fmt.Errorf("cannot read the canary back: %w", err)
	}
	if string(f.Bytes) != c.nonce {
		return errors.New("the canary was read back, and is not what was written")
	}
	return nil
}

// judgeAgain judges one rule on the facts as they are: nothing has changed, so it
// must come out as before. Nothing is told of it and nothing kept.
func (l *loop) judgeAgain(ctx context.Context) error {
	engine := l.a.parts.Engine
	rule := engine.Order[0]
	got := engine.Evaluate(ctx, l.snap, []string{rule}, time.Now())
	if len(got) != 1 || got[0].Outcome != l.before[rule].Outcome {
		return fmt.Errorf("rule %s was not judged as before on the same facts", rule)
	}
	return nil
}

// tellCanary offers the message to the sinks, whose answers the test gets.
func (l *loop) tellCanary(c *canary, s *sighting) {
	if len(c.sinks) == 0 {
		return
	}
	m := alert.NewsMessage(finding.SelfTest, "self-test: a canary was written, seen and judged; nothing has changed",
		l.a.parts.Name, l.nextSeq(), s.verdict)
	m.Sinks, s.seq, s.answers = c.sinks, m.Seq, map[string]<-chan error{}
	for _, one := range l.a.sinks() {
		if name := one.cfg.Name; m.For(name) {
			s.answers[name] = one.outlet.Await(m.Seq)
		}
	}
	l.tell(m)
}
