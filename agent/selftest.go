package agent

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/host"
)

// A self-test follows a canary from a write to the sinks: a small file of the
// agent's own in its runtime folder, which the watch has among its paths like any
// other. The loop recognises it, reads it back, judges, and offers a message to
// every sink; the test waits for what each sink can promise.
//
// The canary is no rule's: there are 58, and a verdict on it would be none of
// theirs. So the verdict that is measured is one on a real rule, on the facts as
// they are, which has to come out as before; the engine may answer it from what it
// found the last time.
const (
	canaryPath = "self:canary" // among the paths of the watch
	canaryName = "selftest.canary"

	firstSelfTest = time.Minute // after the start: connections have settled
	canaryTime    = 5 * time.Second
	sinkTime      = 10 * time.Second // besides what the sink's rate may hold back
)

// selfTests is what the tests share with the loop.
type selfTests struct {
	machine *host.Host // to read the canary through
	file    string     // of the canary
	asked   chan chan *api.SelfTest
	retimed chan struct{}      // holds one token when the interval may be another one; never closed
	done    chan *api.SelfTest // for the loop; never closed
	canary  *atomic.Pointer[canary]
	last    *atomic.Pointer[api.SelfTest]

	canaryTime, sinkTime time.Duration
}

func newSelfTests() selfTests {
	return selfTests{
		asked: make(chan chan *api.SelfTest), retimed: make(chan struct{}, 1), done: make(chan *api.SelfTest),
		canary: &atomic.Pointer[canary]{}, last: &atomic.Pointer[api.SelfTest]{},
		canaryTime: canaryTime, sinkTime: sinkTime,
	}
}

// retime has the interval read anew.
func (t *selfTests) retime() {
	select {
	case t.retimed <- struct{}{}:
	default:
	}
}

// selfTesting makes one test at a time: those that somebody asks for, one soon
// after the start, and then one in each interval of the configuration.
func (a *Agent) selfTesting(ctx context.Context) error {
	timer := time.NewTimer(firstSelfTest)
	defer timer.Stop()
	again := func() {
		timer.Stop()
		if every := a.live.Load().Config.SelfTest; every > 0 {
			timer.Reset(every)
		}
	}
	if a.live.Load().Config.SelfTest == 0 {
		timer.Stop()
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-a.tests.retimed:
			again()
		case reply := <-a.tests.asked:
			reply <- a.testSelf(ctx, false)
		case <-timer.C:
			a.testSelf(ctx, true)
			again()
		}
	}
}

// errEnding is the answer to whoever asks an agent that ends.
var errEnding = errors.New("the agent is being stopped: no test was made")

// SelfTest makes a test now, or when the one under way is over. Any goroutine may
// ask while Run runs.
func (a *Agent) SelfTest(ctx context.Context) (*api.SelfTest, error) {
	reply := make(chan *api.SelfTest, 1)
	select {
	case a.tests.asked <- reply:
	case <-ctx.Done():
		return nil, errEnding
	}
	select {
	case r := <-reply:
		if r != nil {
			return r, nil
		}
	case <-ctx.Done():
	}
	return nil, errEnding
}

// testSelf makes one test and hands the loop what came of it; nil when the agent
// ended meanwhile. One that nobody asked for spares people.
func (a *Agent) testSelf(ctx context.Context, spare bool) *api.SelfTest {
	t := newTrial(a, spare)
	t.run(ctx)
	if ctx.Err() != nil {
		return nil
	}
	a.tests.last.Store(&t.result)
	select {
	case a.tests.done <- &t.result:
	case <-ctx.Done():
	}
	return &t.result
}

// selfTested keeps one condition for each thing that the newest test found broken,
// and tells of those that are new.
func (l *loop) selfTested(r *api.SelfTest) {
	failures := r.Failures()
	for name, text := range failures {
		if l.a.conds.set("selftest-failed "+name, text, "") {
			l.agentAlert("selftest-failed", "the self-test failed: "+text)
		}
	}
	l.a.conds.keep("selftest-failed ", func(name string) bool { return failures[name] != "" })
}
