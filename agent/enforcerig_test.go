package agent

import (
	"cmp"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/api"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/config"
	"stigwatch/agent/enforce"
	"stigwatch/agent/enforcer"
	"stigwatch/agent/finding"
	"stigwatch/agent/journal"
	"stigwatch/testdata/appliance/gen"
)

// The two files that most of these tests are about, and the rules that they break.
const (
	issueFile  = "/etc/issue"
	issueRule  = "V-250987"
	chronyFile = "/etc/chrony.conf"
	chronyRule = "V-250999"
)

// trouble makes one step of the enforcer fail, or has something happen at it.
type trouble struct {
	mu      sync.Mutex // guards what follows
	names   []string   // of the steps since arm
	at      int        // counted from 1; 0: never
	forGood bool       // at all steps after it too
	name    string     // of the step; then at is not looked at, and it comes once
	do      func(name string) error
}

func (x *trouble) step(name string) error {
	x.mu.Lock()
	x.names = append(x.names, name)
	n, do := len(x.names), x.do
	switch {
	case x.name != "" && x.name == name:
		x.name = ""
	case x.at <= 0 || n < x.at || n > x.at && !x.forGood:
		do = nil
	}
	x.mu.Unlock()
	if do == nil {
		return nil
	}
	return do(name)
}

// arm has trouble come at the n-th step from now on.
func (x *trouble) arm(n int, do func(name string) error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.names, x.at, x.do, x.forGood, x.name = nil, n, do, false, ""
}

// whenAt has something happen at the next step of a name.
func (x *trouble) whenAt(name string, do func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.names, x.at, x.name, x.forGood = nil, 0, name, false
	x.do = func(string) error { do(); return nil }
}

// fails has trouble come at every step from the n-th on.
func (x *trouble) fails(n int, do func(name string) error) {
	x.arm(n, do)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.forGood = true
}

// calm ends all trouble and gives the steps since arm.
func (x *trouble) calm() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	names := x.names
	x.names, x.at, x.do, x.name = nil, 0, nil, ""
	return names
}

// house is an appliance on which everything is alive: the enforcer at its socket,
// the daemon, and somebody who reads all that it tells.
type house struct {
	*daemon
	trouble *trouble
	eo      enforcer.Options
	halt    func() // ends the enforcer; nil: it does not run
	client  *api.Client
	seen    []alert.Message // all that was told
	old     map[string]string
	new     map[string]string
}

// newHouse makes one in which nothing is wrong.
func newHouse(t *testing.T, enforce string, eo enforcer.Options) *house {
	t.Helper()
	dir := inMemory(t)
	if err := gen.Copy("compliant", dir); err != nil {
		t.Fatal(err)
	}
	if enforce != "" {
		rig.Configure(t, dir, "\nenforce:\n"+enforce)
	}
	h := &house{trouble: &trouble{}, eo: eo, old: map[string]string{}, new: map[string]string{}}
	h.eo.Step = h.trouble.step
	h.daemon = &daemon{t: t, dir: dir}
	h.enforcerBegins()
	h.daemon = start(t, dir)
	return h
}

// inMemory gives a folder where syncing takes no time, if there is one.
func inMemory(t testing.TB) string {
	dir, err := os.MkdirTemp("/dev/shm", "stigwatch-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (h *house) config() *config.Config {
	h.t.Helper()
	o := optionsIn(h.dir)
	cfg, err := config.Load(o.ConfigPath, o.Over)
	if err != nil {
		h.t.Fatal(err)
	}
	return cfg
}

// enforcerBegins starts the enforcer, which ends with the test at the latest.
func (h *house) enforcerBegins() {
	h.t.Helper()
	h.halt = runEnforcer(h.t, h.dir, h.eo)
	h.client = api.DialEnforcer(h.config().Enforce.Socket)
	h.t.Cleanup(h.client.Close)
}

// runEnforcer is enforcerFor for who ends it before the test does.
func runEnforcer(t testing.TB, dir string, eo enforcer.Options) (halt func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- enforcer.Run(ctx, optionsIn(dir), eo, nil, 0, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-done:
		cancel()
		t.Fatal(err)
	}
	halt = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(halt)
	return halt
}

// until reads what is told up to a message that fits.
func (h *house) until(fits func(m alert.Message) bool) alert.Message {
	h.t.Helper()
	for {
		m := h.next()
		h.seen = append(h.seen, m)
		if fits(m) {
			return m
		}
	}
}

func (h *house) next() alert.Message {
	h.t.Helper()
	select {
	case m := <-h.alerts:
		return m
	case <-timeIsUp():
		var texts []string
		for _, m := range h.seen[max(0, len(h.seen)-15):] {
			texts = append(texts, m.Text)
		}
		h.t.Fatalf("nothing more is told after\n%s", strings.Join(texts, "\n"))
	}
	return alert.Message{}
}

// about fits a message of a code that names a plan.
func about(code, id string) func(alert.Message) bool {
	return func(m alert.Message) bool { return m.Code == code && strings.Contains(m.Text, id) }
}

// rest waits until the loop has done all that it was given, and reads what it told.
func (h *house) rest() {
	h.t.Helper()
	atRest(h.t, h.agent)
	h.drain()
}

func (h *house) drain() {
	for {
		select {
		case m := <-h.alerts:
			h.seen = append(h.seen, m)
		default:
			return
		}
	}
}

// stand reads what is told until both rules stand so.
func (h *house) stand(result string) {
	h.t.Helper()
	for {
		h.drain()
		atRest(h.t, h.agent)
		n := 0
		for _, r := range h.agent.Report().Results {
			if (r.Rule == issueRule || r.Rule == chronyRule) && r.Result == result {
				n++
			}
		}
		if n == 2 {
			return
		}
		h.until(func(alert.Message) bool { return true })
	}
}

// count is how many messages of a code were told that name something.
func (h *house) count(code, about string) (n int) {
	for _, m := range h.seen {
		if m.Code == code && strings.Contains(m.Text, about) {
			n++
		}
	}
	return n
}

// spoil makes both files bad, and waits until that was told.
func (h *house) spoil() {
	h.t.Helper()
	if len(h.old) == 0 {
		good := rig.Read(h.t, h.dir, chronyFile)
		h.old[chronyFile] = strings.Replace(good, "server 192.0.2.123 iburst\n", "", 1)
		h.old[issueFile] = "Welcome\n"
	}
	for _, file := range []string{issueFile, chronyFile} {
		rig.Put(h.t, filepath.Join(h.dir, "root", file), h.old[file])
	}
	h.stand("fail")
}

// apply has the enforcer close both rules.
func (h *house) apply() (*api.Applied, error) {
	return h.client.Apply(context.Background(), &api.ApplyRequest{Rules: []string{issueRule, chronyRule}})
}

// applied applies without any trouble, waits until that was told, and knows from
// then on what the new files are.
func (h *house) applied() api.Job {
	h.t.Helper()
	got, err := h.apply()
	if err != nil || got.Failed != "" || len(got.Applied) != 1 {
		h.t.Fatalf("%+v, %v", got, err)
	}
	j := got.Applied[0]
	h.until(about("applied", j.ID))
	h.stand("pass")
	for _, f := range j.Files {
		h.new[f] = rig.Read(h.t, h.dir, f)
	}
	return j
}

// whole tells whether all files are new; that they are all old or all new is held.
func (h *house) whole(when string) (isNew bool) {
	h.t.Helper()
	n := 0
	for _, file := range []string{issueFile, chronyFile} {
		switch now := rig.Read(h.t, h.dir, file); now {
		case h.new[file]:
			n++
		case h.old[file]:
		default:
			h.t.Fatalf("%s: %s is neither old nor new: %.80q", when, file, now)
		}
	}
	if n == 1 {
		h.t.Fatalf("%s: one file is old and one is new", when)
	}
	return n == 2
}

// nothingBeside fails when something is left beside the files, or beside the file
// where the enforcer says what it did.
func (h *house) nothingBeside(when string) {
	h.t.Helper()
	for _, pattern := range []string{"root/etc/.stigwatch-*", "root/etc/*/.stigwatch-*", "run-enforcer/.jobs-*"} {
		if left, _ := filepath.Glob(filepath.Join(h.dir, pattern)); len(left) > 0 {
			h.t.Errorf("%s: left %q", when, left)
		}
	}
}

// jobs is what anybody may read of what the enforcer did.
func (h *house) jobs() []api.Job {
	h.t.Helper()
	jobs, err := api.ReadJobs(h.config().Enforce.Socket)
	if err != nil {
		h.t.Fatal(err)
	}
	return jobs
}

// sameAsAFreshCheck fails when the daemon's report is another than a fresh check's.
func (h *house) sameAsAFreshCheck(when string) {
	h.t.Helper()
	h.rest()
	fresh := check(h.t, h.dir)
	for _, r := range h.agent.Report().Results {
		if f := fresh[r.Rule]; r.Result != f.Result || r.Reason != f.Reason || r.Assurance != f.Assurance {
			h.t.Errorf("%s: %s: the daemon says %s (%s, %s), a fresh check %s (%s, %s)", when, r.Rule, r.Result, r.Assurance, r.Reason, f.Result, f.Assurance, f.Reason)
		}
	}
}

// recorded verifies the journal and gives how often it tells each plan in each
// state, as "KIND ID STATE".
func (h *house) recorded() map[string]int {
	h.t.Helper()
	h.rest()
	out := map[string]int{}
	err := journal.Verify(nil, nil, func(begin func(journal.Extent) error, visit func(journal.Sealed) error) error {
		return h.agent.store.journal.Walk(0, begin, func(s journal.Sealed) error {
			e, err := s.Entry()
			if err == nil && (e.Kind == journal.Applied || e.Kind == journal.Undone) {
				b := jobBody{}
				err = json.Unmarshal(e.Body, &b)
				out[string(e.Kind)+" "+b.Plan.ID+" "+b.Plan.State]++
			}
			if err != nil {
				return err
			}
			return visit(s)
		})
	})
	if err != nil {
		h.t.Error(err)
	}
	return out
}

// toldOnce holds the journal, the ledger and what was told to each other: each plan
// is told once, as what it came to.
func (h *house) toldOnce() {
	h.t.Helper()
	recorded := h.recorded()
	for _, r := range ledgerOf(h.t, h.dir) {
		code, kind := "applied", "applied"
		switch {
		case r.State == enforce.Restored:
			code, kind = "apply-taken-back", "undone"
		case r.State == enforce.Conflict:
			code = "apply-conflict"
		case r.Undoes != "":
			code, kind = "undone", "undone"
		case !r.State.Final():
			h.t.Errorf("%s is %s", r.ID, r.State)
		}
		name := r.ID
		if r.Undoes != "" && code == "undone" {
			name = r.Undoes // by what it undoes
		}
		if n := h.count(code, name); n != 1 {
			h.t.Errorf("%s, which is %s, was told %d times as %s", r.ID, r.State, n, code)
		}
		state := string(r.State)
		if r.State == enforce.Undone {
			state = string(enforce.Done)
		}
		if n := recorded[kind+" "+r.ID+" "+state]; n != 1 {
			h.t.Errorf("%s, which is %s, is %d times in the journal: %v", r.ID, r.State, n, recorded)
		}
	}
}

// ledgerOf reads the enforcer's ledger from the disk, the oldest plan first.
func ledgerOf(t testing.TB, dir string) (out []enforce.Record) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "state-enforcer/plans/*/plan.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		r := enforce.Record{}
		b, err := os.ReadFile(name)
		if err == nil {
			err = json.Unmarshal(b, &r)
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b enforce.Record) int { return cmp.Compare(a.Seq, b.Seq) })
	return out
}

// soaking says that nothing is to be left out for its time.
func soaking() bool { return os.Getenv("STIGWATCH_SOAK") != "" }

// sampled gives the numbers, counted from 1, of the steps to try: the last of each
// kind, which is a step's name without its object; all when soaking.
func sampled(names []string) (out []int) {
	last := map[string]int{}
	for i, name := range names {
		kind := name
		if at := strings.Index(name, "/"); at > 0 {
			kind = name[:at]
		}
		last[kind] = i
	}
	for i, name := range names {
		kind, _, _ := strings.Cut(name, "/")
		if soaking() || last[kind] == i {
			out = append(out, i+1)
		}
	}
	return out
}

func timeIsUp() <-chan time.Time { return time.After(patience) }
func verdict(event finding.Event, rule string) func(alert.Message) bool {
	return func(m alert.Message) bool { return m.Event == event && m.Rule == rule }
}

// inLoop does something in the loop, and waits until the journal has it.
func (h *house) inLoop(do func(l *loop)) {
	h.t.Helper()
	if _, err := inLoop(context.Background(), h.agent, func(l *loop) (struct{}, error) { do(l); return struct{}{}, nil }); err != nil {
		h.t.Fatal(err)
	}
}
