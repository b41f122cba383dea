package agent

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"stigwatch/agent/facts"
	"stigwatch/agent/finding"
	"stigwatch/agent/probe"
)

// When the appliance's own ports are asked what they speak: soon after the start,
// which does not wait for them, and then every so often.
const (
	firstAsk = time.Second
	askEvery = 10 * time.Minute
)

// listening is the fact that says where a port can be reached.
const listening = "sockets.listening"

// asker asks the running appliance what no file says. The loop never waits for
// it: it reads the last answers, and is told of new ones.
type asker struct {
	questions []string // "tls/443"
	probe     probe.Options

	mu      sync.Mutex // guards answers
	answers map[string]answer
}

type answer struct {
	text []byte
	err  error
}

var errNotAsked = errors.New("it was not asked yet")

// newAsker makes an asker of what the facts ask.
func newAsker(p *parts) *asker {
	a := &asker{answers: map[string]answer{}}
	for _, e := range p.mapping {
		for _, src := range e.From {
			for _, f := range src.Files {
				if q, ok := strings.CutPrefix(f, facts.LivePrefix); ok && !slices.Contains(a.questions, q) {
					a.questions = append(a.questions, q)
				}
			}
		}
	}
	slices.Sort(a.questions)
	return a
}

// last gives the last answer; it is a facts.Live.
func (a *asker) last(question string) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	got, ok := a.answers[question]
	if !ok {
		return nil, errNotAsked
	}
	return got.text, got.err
}

// ask asks everything at once, where the listening sockets say that somebody
// answers, and gives the paths of the answers that are others than before.
func (a *asker) ask(ctx context.Context, snap finding.Snapshot) []string {
	var wg sync.WaitGroup
	got := make([]answer, len(a.questions))
	for i, q := range a.questions {
		wg.Go(func() { got[i] = a.one(ctx, q, snap[listening]) })
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil // that is no answer of the port
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	var changed []string
	for i, q := range a.questions {
		was, asked := a.answers[q]
		if !asked || string(was.text) != string(got[i].text) || fmt.Sprint(was.err) != fmt.Sprint(got[i].err) {
			changed = append(changed, facts.LivePrefix+q)
		}
		a.answers[q] = got[i]
	}
	return changed
}

func (a *asker) one(ctx context.Context, question string, sockets *finding.Fact) answer {
	port, _ := strings.CutPrefix(question, "tls/")
	address, err := reach(port, sockets)
	if err != nil {
		return answer{err: err}
	}
	var b strings.Builder
	for _, v := range probe.Versions(ctx, address, a.probe) {
		fmt.Fprintf(&b, "%s %s %s\n", v.Version, v.State, v.Reason)
	}
	return answer{text: []byte(b.String())}
}

// reach gives an address of this machine at which a TCP port can be asked.
func reach(port string, sockets *finding.Fact) (string, error) {
	if sockets == nil || sockets.State != finding.Known {
		return "", fmt.Errorf("where port %s listens is not known", port)
	}
	list, _ := sockets.Value.([]any)
	for _, item := range list {
		s, _ := item.(map[string]any)
		if s["protocol"] != "tcp" || fmt.Sprint(s["port"]) != port {
			continue
		}
		text, _ := s["address"].(string)
		ip, err := netip.ParseAddr(text)
		if err != nil {
			continue
		}
		if ip.IsUnspecified() {
			ip = map[bool]netip.Addr{true: netip.IPv6Loopback(), false: netip.AddrFrom4([4]byte{127, 0, 0, 1})}[ip.Is6()]
		}
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return "", err
		}
		return netip.AddrPortFrom(ip, uint16(n)).String(), nil
	}
	return "", fmt.Errorf("nothing listens on port %s", port)
}

// takeOver takes the answers that another asker had, at a reload.
func (a *asker) takeOver(old *asker) {
	if a == nil || old == nil {
		return
	}
	old.mu.Lock()
	defer old.mu.Unlock()
	for _, q := range a.questions {
		if got, ok := old.answers[q]; ok {
			a.answers[q] = got
		}
	}
}

// asking asks again and again, and tells the loop of what changed.
func (a *Agent) asking(ctx context.Context) error {
	for wait := firstAsk; ; wait = askEvery {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		live := a.live.Load()
		pub := a.published.Load()
		if live.asker == nil || pub == nil {
			continue
		}
		if changed := live.asker.ask(ctx, pub.snap); len(changed) > 0 {
			select {
			case a.asked <- changed:
			case <-ctx.Done():
				return nil
			}
		}
	}
}

// lookAround reads everything, and what the running appliance itself says.
func (p *parts) lookAround(ctx context.Context) finding.Snapshot {
	snap, _ := p.reader.All()
	if p.asker != nil && len(p.asker.ask(ctx, snap)) > 0 {
		snap, _ = p.reader.All()
	}
	return snap
}
