package alert

import (
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/finding"
)

// script is a run with every event, every category and every hostile value.
func script() []*Message {
	var run []*Message
	tell := func(change func(c *finding.Change)) {
		c := opened()
		c.At = at.Add(time.Duration(len(run)) * 1234567 * time.Nanosecond)
		change(&c)
		m := FromChange(c, "sentry1", uint64(len(run)+1))
		run = append(run, &m)
	}
	for _, severity := range []finding.Severity{finding.High, finding.Medium, finding.Low} {
		for _, event := range []finding.Event{finding.Opened, finding.Changed, finding.Lost, finding.Regained, finding.Resolved} {
			tell(func(c *finding.Change) { c.Event, c.Rule.Severity = event, severity })
		}
	}
	tell(func(c *finding.Change) {
		c.Result.Evidence[0].State, c.Result.Evidence[0].Actual, c.Result.Evidence[0].Line = finding.Absent, nil, 0
	})
	tell(func(c *finding.Change) { c.Result.Evidence[0].Actual = []any{"TLSv1.1", `a "b] \c`, int64(1), nil} })
	for _, name := range slices.Sorted(maps.Keys(hostile)) {
		value := hostile[name]
		tell(func(c *finding.Change) {
			c.Result.Reason, c.Result.Evidence[0].File, c.Result.Evidence[0].Expected = value, value, value
			c.Result.Evidence[0].Actual = value
		})
	}
	m := AgentMessage("watch_overflow", "events were lost, everything was read again", finding.High, "sentry1", uint64(len(run)+1), at)
	return append(run, &m)
}

// receiptOf is what a receiver must have understood of m, field by field.
func receiptOf(m *Message, facility int, input string) (receipt, map[string]map[string]string) {
	lower := map[string]string{}
	for name, value := range parameters(m) {
		lower[strings.ToLower(name)] = value
	}
	stamp := m.Time.Format("2006-01-02T15:04:05.999999Z07:00")
	return receipt{
		Pri: strconv.Itoa(facility*8 + int(m.level())), Version: "1", Time: stamp, Host: m.Host, App: "stigwatch",
		ProcID: strconv.Itoa(os.Getpid()), MsgID: string(m.Event), Msg: m.Text, Input: input,
	}, map[string]map[string]string{element: lower}
}

func compareReceipts(t *testing.T, got []receipt, sent []*Message, facility int, input string) {
	t.Helper()
	if len(got) != len(sent) {
		t.Errorf("%d messages were received, %d sent", len(got), len(sent))
	}
	for i := range min(len(got), len(sent)) {
		want, data := receiptOf(sent[i], facility, input)
		if d := cmp.Diff(data, got[i].data(t)); d != "" {
			t.Errorf("structured data of message %d: %s", i+1, d)
		}
		got[i].SD = ""
		if d := cmp.Diff(want, got[i]); d != "" {
			t.Errorf("message %d: %s", i+1, d)
		}
	}
}

// The receiver is stopped in the middle; what is offered meanwhile arrives when
// it is back.
func TestRsyslogTCPReceivesAlerts(t *testing.T) {
	r := startRsyslogd(t)
	run := script()
	half := len(run) / 2
	o := outletOf(sinkOf(t, "tcp://127.0.0.1:"+r.tcp, "local4"), OutletOptions{Config: Config{Name: "siem"}})
	stop := running(t, o)
	for _, m := range run[:half] {
		offerOne(o, m)
	}
	r.receipts(t, half)
	r.stop(t)
	for _, m := range run[half:] {
		offerOne(o, m)
	}
	eventually(t, func() bool { return o.Stats().Retries > 0 })
	r.start(t, needRsyslogd(t))
	got := r.receipts(t, len(run))
	must(t, stop())
	compareReceipts(t, got, run, 20, "tcp")
	if s := o.Stats(); s.Sent != uint64(len(run)) || s.Dropped != 0 {
		t.Errorf("%+v", s)
	}
}

func TestRsyslogUDPReceivesAlerts(t *testing.T) {
	r := startRsyslogd(t)
	rsyslogReceives(t, r, "udp://127.0.0.1:"+r.udp, "udp")
}

func TestRsyslogLocalSocketReceivesAlerts(t *testing.T) {
	r := startRsyslogd(t)
	rsyslogReceives(t, r, "unix://"+r.dir+"/log", "imuxsock")
}

func rsyslogReceives(t *testing.T, r *rsyslogd, address, input string) {
	t.Helper()
	run := script()
	o := outletOf(sinkOf(t, address, ""), OutletOptions{})
	stop := running(t, o)
	for _, m := range run {
		offerOne(o, m)
	}
	got := r.receipts(t, len(run))
	must(t, stop())
	compareReceipts(t, got, run, 3, input)
}

func sinkOf(t *testing.T, address, facility string) Sink {
	t.Helper()
	sink, err := New(Options{Config: Config{Type: "syslog", Address: address, Facility: facility}})
	must(t, err)
	return sink
}
