package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"stigwatch/agent"
	"stigwatch/agent/alert"
	"stigwatch/agent/api"
	"stigwatch/agent/config"
	"stigwatch/agent/enforcer"
	"stigwatch/agent/finding"
	"stigwatch/testdata"
)

const (
	demoWait  = 10 * time.Second
	demoPause = 300 * time.Millisecond
)

// setting is one that the demo weakens.
type setting struct{ rule, file, good, bad string }

// The System Manager's minimum password length, and a time server of the operating
// system, which stigwatch puts right by itself.
var (
	passwords = setting{"V-250989", "mi/config-system/startup_config/identityconfig.xml", "<minlength>15</minlength>", "<minlength>8</minlength>"}
	clock     = setting{"V-250999", "etc/chrony.conf", "server 192.0.2.123 iburst", "server clock.example iburst"}
)

// demoEnforce has the agent put the second one right.
const demoEnforce = "\nenforce:\n  rules: {V-250999: enforce}\n"

func newDemoCommand(e *env) *cobra.Command {
	hold := false
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See the main job work, on a private copy of a little appliance",
		Long: `Run the real agent on a private copy of an embedded little appliance: judge it,
weaken a setting, show the alert and how long it took, put the setting back.
Nothing outside a temporary folder is touched, and that is removed at the end.`,
		Example: `  stigwatch demo
  stigwatch demo --hold      stay up, and edit the files yourself`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.demo(cmd.Context(), hold) },
	}
	cmd.Flags().BoolVar(&hold, "hold", false, "stay up until Ctrl-C; say which file to edit")
	return cmd
}

// demo is one run of the demonstration.
type demo struct {
	e      *env
	dir    string
	alerts chan heard
	ready  chan struct{} // closed by the agent's first pass
	writes chan struct{} // closed when the enforcer answers
	agent  *agent.Agent
}

// heard is an alert and when it was handed to the sinks.
type heard struct {
	m  alert.Message
	at time.Time
}

func (e *env) demo(ctx context.Context, hold bool) error {
	dir, err := os.MkdirTemp("", "stigwatch-demo-")
	if err != nil {
		return fmt.Errorf("cannot make a folder for the demo: %w", err)
	}
	defer os.RemoveAll(dir)
	d := &demo{e: e, dir: dir, alerts: make(chan heard, 100), ready: make(chan struct{}), writes: make(chan struct{})}
	if err := d.unpack(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended, err := d.start(ctx)
	if err != nil {
		return err
	}
	err = d.script(ctx, ended, hold)
	cancel()
	return errors.Join(err, <-ended, <-ended)
}

// unpack copies the embedded appliance.
func (d *demo) unpack() error {
	tree, err := fs.Sub(testdata.Compliant, "appliance/compliant")
	if err != nil {
		return err
	}
	if err := os.CopyFS(d.dir, tree); err != nil {
		return fmt.Errorf("cannot unpack the little appliance: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(d.dir, "stigwatch", "stigwatch.yaml"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("cannot configure the little appliance: %w", err)
	}
	_, err = f.WriteString(demoEnforce)
	return errors.Join(err, f.Close())
}

func (d *demo) start(ctx context.Context) (<-chan error, error) {
	o := d.e.agentOptions(slog.LevelError)
	o.ConfigPath = filepath.Join(d.dir, "stigwatch", "stigwatch.yaml")
	o.Over = config.Overrides{StateDir: filepath.Join(d.dir, "state"), RuntimeDir: filepath.Join(d.dir, "run")}
	o.Ready = func() { close(d.ready) }
	o.OnAlert = func(m alert.Message) { d.alerts <- heard{m, time.Now()} }
	a, err := agent.New(o)
	if err != nil {
		return nil, err
	}
	d.agent = a
	ended := make(chan error, 2)
	writes := o.Options
	go func() {
		ended <- enforcer.Run(ctx, writes, enforcer.Options{}, nil, 0, func() { close(d.writes) })
	}()
	select {
	case <-d.writes:
	case err := <-ended:
		return nil, err
	}
	go func() { ended <- a.Run(ctx) }()
	return ended, nil
}

// script is what the person sees.
func (d *demo) script(ctx context.Context, ended <-chan error, hold bool) error {
	select {
	case <-d.ready:
	case err := <-ended:
		return errors.Join(err, errors.New("cannot go on: the agent ended"))
	case <-time.After(demoWait):
		return errors.New("cannot go on: no first pass after 10 s")
	}
	d.say("1. The agent runs on a private copy of a little appliance: %s", d.dir)
	if err := d.status(ctx, false); err != nil {
		return err
	}
	if err := d.await(time.Time{}, "", finding.Agent); err != nil { // the mode of demoEnforce's rule is news
		return err
	}
	if hold {
		return d.hold(ctx)
	}
	d.say("2. Somebody weakens the password policy: %s → %s", passwords.good, passwords.bad)
	if err := d.change(passwords, passwords.good, passwords.bad, finding.Opened); err != nil {
		return err
	}
	d.say("3. What `stigwatch status` says now, over the socket:")
	if err := d.status(ctx, true); err != nil {
		return err
	}
	d.say("4. The setting is put back.")
	time.Sleep(demoPause) // one file is told of at most every 10 ms; people read slower still
	if err := d.change(passwords, passwords.bad, passwords.good, finding.Resolved); err != nil {
		return err
	}
	d.say("5. Somebody gives the clock another server, in /%s: %s\n   %s is in the mode enforce here, so stigwatch puts it right by itself.", clock.file, clock.bad, clock.rule)
	if err := d.change(clock, clock.good, clock.bad, finding.Resolved); err != nil {
		return err
	}
	d.say("6. Done; nothing is left behind.")
	return nil
}

func (d *demo) say(format string, a ...any) { fmt.Fprintf(d.e.stdout, "\n"+format+"\n", a...) }

// change writes the file as an editor does, beside it and renamed over it, and
// waits for the alert.
func (d *demo) change(what setting, from, to string, want finding.Event) error {
	file := filepath.Join(d.dir, "root", what.file)
	b, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("cannot make the change: %w", err)
	}
	text := strings.Replace(string(b), from, to, 1)
	if text == string(b) {
		return fmt.Errorf("cannot make the change: %q does not stand in %q", from, file)
	}
	if err := os.WriteFile(file+".new", []byte(text), 0o644); err != nil {
		return fmt.Errorf("cannot make the change: %w", err)
	}
	written := time.Now()
	if err := os.Rename(file+".new", file); err != nil {
		return fmt.Errorf("cannot make the change: %w", err)
	}
	return d.await(written, what.rule, want)
}

func (d *demo) await(written time.Time, rule string, want finding.Event) error {
	timeout := time.After(demoWait)
	for {
		select {
		case h := <-d.alerts:
			d.show(h, written)
			if h.m.Rule == rule && h.m.Event == want {
				return nil
			}
		case <-timeout:
			return fmt.Errorf("cannot see %q for %s after 10 s", want, rule)
		}
	}
}

// show prints an alert, and how long after the edit it came; a zero time is no edit.
func (d *demo) show(h heard, written time.Time) {
	if written.IsZero() {
		fmt.Fprintf(d.e.stdout, "   ALERT: %s\n", safe(h.m.Text))
		return
	}
	fmt.Fprintf(d.e.stdout, "   ALERT after %.2f ms: %s\n", float64(h.at.Sub(written).Microseconds())/1000, safe(h.m.Text))
}

// status asks the agent as the status command does. The whole table, or only
// its summary.
func (d *demo) status(ctx context.Context, whole bool) error {
	c := api.Dial(filepath.Join(d.dir, "run", "stigwatch.sock"))
	defer c.Close()
	r, err := c.Status(ctx)
	if err == nil && whole && r.Summary.Fail == 0 { // an alert leaves before the report is made
		r, err = c.Watch(ctx, r.Agent.Revision)
	}
	if err != nil {
		return err
	}
	if !whole {
		fmt.Fprintf(d.e.stdout, "   %s\n", verdictLine(r.Summary))
		return nil
	}
	open := *r
	open.Results = open.Results[:0:0]
	for _, res := range r.Results {
		if res.Result == string(finding.Fail) {
			open.Results = append(open.Results, res)
		}
	}
	s := newScreen(d.e.stdout)
	d.e.writeReport(s, &open)
	return s.flush()
}

// hold stays up for the person to play, until Ctrl-C.
func (d *demo) hold(ctx context.Context) error {
	ctx, stop := interrupted(ctx)
	defer stop()
	d.say("Edit a file and watch, for example:\n   sed -i 's#%s#%s#' %s/root/%s", passwords.good, passwords.bad, d.dir, passwords.file)
	d.say("In another terminal:\n   stigwatch status --socket %s/run/stigwatch.sock\nCtrl-C ends the demo and removes the folder.", d.dir)
	for {
		select {
		case h := <-d.alerts:
			fmt.Fprintf(d.e.stdout, "   %s  ALERT: %s\n", h.m.Time.Format(time.TimeOnly), safe(h.m.Text))
		case <-ctx.Done():
			return nil
		}
	}
}
