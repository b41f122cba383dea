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

	"stigwatch/agent/alert/testdata/rig"
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
	beat := heartbeat()
	beat.Seq = m.Seq + 1
	return append(run, &m, beat)
}

// receiptOf is what a receiver must have understood of m, field by field.
func receiptOf(m *Message, facility int, input string) (rig.Receipt, map[string]map[string]string) {
	data := map[string]map[string]string{element: lowered(parameters(m))}
	if more := counted(m); more != nil {
		data[countersElement] = lowered(more)
	}
	return rig.Receipt{
		Pri: strconv.Itoa(facility*8 + int(m.level())), Version: "1", Time: m.Time.Format(time.RFC3339Nano), Host: m.Host, App: "stigwatch",
		ProcID: strconv.Itoa(os.Getpid()), MsgID: string(m.Event), Msg: m.Text, Input: input,
	}, data
}

// lowered has the names as rsyslog gives them.
func lowered(all map[string]string) map[string]string {
	lower := map[string]string{}
	for name, value := range all {
		lower[strings.ToLower(name)] = value
	}
	return lower
}

func compareReceipts(t *testing.T, got []rig.Receipt, sent []*Message, facility int, input string) {
	t.Helper()
	if len(got) != len(sent) {
		t.Errorf("%d messages were received, %d sent", len(got), len(sent))
	}
	for i := range min(len(got), len(sent)) {
		want, data := receiptOf(sent[i], facility, input)
		if d := cmp.Diff(data, got[i].Data(t)); d != "" {
			t.Errorf("structured data of message %d: %s", i+1, d)
		}
		stamp, err := time.Parse(time.RFC3339Nano, got[i].Time)
		must(t, err)
		got[i].Time, got[i].SD, got[i].SDATA = stamp.UTC().Format(time.RFC3339Nano), nil, nil
		if d := cmp.Diff(want, got[i]); d != "" {
			t.Errorf("message %d: %s", i+1, d)
		}
	}
}

// rigged is a receiver that reads back.
type rigged interface {
	Receipts(t testing.TB, n int) []rig.Receipt
}

// receives sends the script over a sink and compares what the receiver wrote.
func receives(t *testing.T, r rigged, c Config, input string) {
	t.Helper()
	run := script()
	o := outletOf(rigSink(t, c), OutletOptions{Config: Config{Name: "siem"}})
	stop := running(t, o)
	for _, m := range run {
		offerOne(o, m)
	}
	got := r.Receipts(t, len(run))
	must(t, stop())
	compareReceipts(t, got, run, 3, input)
	if s := o.Stats(); s.Sent != uint64(len(run)) || s.Retries != 0 || s.Dropped != 0 {
		t.Errorf("%+v", s)
	}
	if done := o.spool.Cursor("siem"); done != run[len(run)-1].Seq {
		t.Errorf("the end confirmed all up to %d, want %d", done, run[len(run)-1].Seq)
	}
}

// rigSink makes a sink of a configuration that is checked as the agent does.
func rigSink(t *testing.T, c Config) Sink {
	t.Helper()
	c.Name = "siem"
	if c.Type == "" {
		c.Type = "syslog"
	}
	c.Fill()
	c.Check(func(string) bool { return false }, func(key, format string, args ...any) { t.Errorf(key+": "+format, args...) })
	sink, err := New(Options{Config: c})
	must(t, err)
	return sink
}

// withTLS adds a client's certificate and the CA to a configuration.
func withTLS(p *rig.PKI, address string) Config {
	return Config{Address: address, CA: p.File("ca.pem"), Cert: p.File("client.pem"), Key: p.File("client.key")}
}

func TestRsyslogReceivesAlerts(t *testing.T) {
	tests := []struct {
		input  string
		config func(r *rig.Rsyslog) Config
	}{
		{"imuxsock", func(r *rig.Rsyslog) Config { return Config{Address: "unix://" + r.Dir + "/log"} }},
		{"udp", func(r *rig.Rsyslog) Config { return Config{Address: "udp://127.0.0.1:" + r.UDP} }},
		{"tcp", func(r *rig.Rsyslog) Config { return Config{Address: "tcp://127.0.0.1:" + r.TCP} }},
		{"gnutls", func(r *rig.Rsyslog) Config { return withTLS(r.PKI, "tls://127.0.0.1:"+r.GnuTLS) }},
		{"openssl", func(r *rig.Rsyslog) Config { return withTLS(r.PKI, "tls://localhost:"+r.OpenSSL) }},
		{"relp", func(r *rig.Rsyslog) Config { return Config{Type: "relp", Address: "relp://127.0.0.1:" + r.RELP} }},
		{"relps", func(r *rig.Rsyslog) Config {
			c := withTLS(r.PKI, "relps://127.0.0.1:"+r.RELPS)
			c.Type, c.ServerName = "relp", "server.example.invalid"
			return c
		}},
	}
	for _, tt := range tests {
		t.Run(tt.input, func(t *testing.T) {
			r := rig.StartRsyslog(t)
			r.PKI.Issue(t, "client", rig.Fresh)
			receives(t, r, tt.config(r), tt.input)
		})
	}
}

func TestSyslogNGReceivesAlerts(t *testing.T) {
	t.Run("tcp", func(t *testing.T) {
		r := rig.StartSyslogNG(t)
		receives(t, r, Config{Address: "tcp://127.0.0.1:" + r.TCP}, "tcp")
	})
	t.Run("tls", func(t *testing.T) {
		r := rig.StartSyslogNG(t)
		r.PKI.Issue(t, "client", rig.Fresh)
		receives(t, r, withTLS(r.PKI, "tls://127.0.0.1:"+r.TLS), "tls")
	})
}

// The receiver is stopped in the middle; what is offered meanwhile arrives when
// it is back.
func TestRsyslogComesBack(t *testing.T) {
	for _, transport := range []string{"tcp", "gnutls", "openssl", "relp", "relps"} {
		t.Run(transport, func(t *testing.T) {
			r := rig.StartRsyslog(t)
			r.PKI.Issue(t, "client", rig.Fresh)
			config := map[string]Config{
				"tcp":     {Address: "tcp://127.0.0.1:" + r.TCP},
				"gnutls":  withTLS(r.PKI, "tls://127.0.0.1:"+r.GnuTLS),
				"openssl": withTLS(r.PKI, "tls://127.0.0.1:"+r.OpenSSL),
				"relp":    {Type: "relp", Address: "relp://127.0.0.1:" + r.RELP},
				"relps":   withTLS(r.PKI, "relps://127.0.0.1:"+r.RELPS),
			}[transport]
			if transport == "relps" {
				config.Type = "relp"
			}
			config.Facility = "local4"
			comesBack(t, r, config, transport)
		})
	}
}

func comesBack(t *testing.T, r *rig.Rsyslog, c Config, input string) {
	t.Helper()
	run := script()
	half := len(run) / 2
	o := outletOf(rigSink(t, c), OutletOptions{Config: Config{Name: "siem"}})
	stop := running(t, o)
	for _, m := range run[:half] {
		offerOne(o, m)
	}
	r.Receipts(t, half)
	r.Stop(t)
	for _, m := range run[half:] {
		offerOne(o, m)
	}
	eventually(t, func() bool { return o.Stats().Failures > 1 })
	r.Start(t)
	got := r.Receipts(t, len(run))
	eventually(t, func() bool { return o.Stats().Queued == 0 })
	must(t, stop())
	compareReceipts(t, got, run, 20, input)
	if s := o.Stats(); s.Sent != uint64(len(run)) || s.Dropped != 0 {
		t.Errorf("%+v", s)
	}
}
