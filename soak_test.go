package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"stigwatch/agent/alert/testdata/rig"
	"stigwatch/agent/api"
	"stigwatch/agent/journal"
)

// The soak runs the real binary for minutes while everything around it breaks:
// STIGWATCH_SOAK=1 or `make soak`. Without that it is short.
type soakSize struct {
	writes, kills int
	apart         time.Duration // of two writes, at most
	down          time.Duration // that a receiver is away for, at most
}

func sizeOfSoak() soakSize {
	if os.Getenv("STIGWATCH_SOAK") != "" {
		return soakSize{writes: 11_000, kills: 200, apart: 30 * time.Millisecond, down: 2 * time.Minute}
	}
	return soakSize{writes: 1000, kills: 25, apart: 10 * time.Millisecond, down: time.Second}
}

// patience is how long a test waits for what must come; nothing waits that long
// when all is well.
const patience = time.Minute

// soak is a daemon that is killed again and again, what it watches, and who it
// alerts.
type soak struct {
	*benchRig
	size    soakSize
	streams []*stream
	hook    *hook
	unix    *inbox
	key     journal.Key
	writes  int
	kills   int
	stops   int
	noted   map[uint64]journal.Told // by number: about to be told at a kill
}

// benchRig is the rig of bench_test.go, beside the package of that name.

func newSoak(t *testing.T) *soak {
	t.Helper()
	s := &soak{benchRig: newProgram(t), size: sizeOfSoak(), noted: map[uint64]journal.Told{}}
	pki := rig.NewPKI(t, t.TempDir())
	s.streams = []*stream{
		listenStream(t, "tcp", min(s.size.down, 3*time.Second), nil),
		listenStream(t, "tls", s.size.down, pki),
	}
	s.hook, s.unix = listenHook(t), listenUnix(t, s.path("alerts.sock"))
	secret := "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))
	if err := os.WriteFile(s.path("secret"), []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.sinks(
		fmt.Sprintf("{name: tcp, type: syslog, address: \"tcp://%s\"}", s.streams[0].address),
		fmt.Sprintf("{name: tls, type: syslog, address: \"tls://%s\", ca: %q}", s.streams[1].address, pki.File("ca.pem")),
		fmt.Sprintf("{name: unix, type: syslog, address: \"unix://%s\"}", s.path("alerts.sock")),
		fmt.Sprintf("{name: hook, type: webhook, address: %q, secret_file: %q}", s.hook.address, s.path("secret")),
		fmt.Sprintf("{name: file, type: file, path: %q, max_size_mb: 1000}", s.path("alerts.json")),
	)
	return s
}

// start starts the daemon and does not wait for it.
func (s *soak) start() *exec.Cmd {
	s.b.Helper()
	said, err := os.OpenFile(s.path("stderr"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		s.b.Fatal(err)
	}
	defer said.Close()
	cmd := exec.Command(s.bin, s.flags("run")...)
	cmd.Stderr = said
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		s.b.Fatal(err)
	}
	return cmd
}

// lives starts and ends the daemon again and again. Some ends are asked for;
// some come before it is ready.
func (s *soak) lives(ctx context.Context) {
	for s.kills < s.size.kills && ctx.Err() == nil {
		cmd := s.start()
		pause(ctx, rand.N(300*time.Millisecond)+time.Duration(rand.N(2))*rand.N(900*time.Millisecond))
		if rand.N(8) == 0 {
			s.stops++
			s.kill(cmd)
			continue
		}
		s.kills++
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		s.note()
	}
}

// note keeps what the daemon was about to tell when it was killed.
func (s *soak) note() {
	s.b.Helper()
	told, err := journal.ReadTold(s.path("state"))
	if err != nil {
		s.b.Error(err)
	}
	for _, n := range told {
		s.noted[n.Seq] = n
	}
}

// texts are the states of one file; the first is compliant.
type texts struct {
	file   string
	states []string
	now    int
}

func (s *soak) files() []*texts {
	s.b.Helper()
	of := func(name, old string, others ...string) *texts {
		b, err := os.ReadFile(s.path(name))
		if err != nil || !strings.Contains(string(b), old) {
			s.b.Fatalf("%s has no %q: %v", name, old, err)
		}
		out := &texts{file: s.path(name), states: []string{string(b)}}
		for _, other := range others {
			out.states = append(out.states, strings.ReplaceAll(string(b), old, other))
		}
		return out
	}
	return []*texts{
		of(benchFile, ">15<", ">14<", ">8<"),
		of("root/mi/config-system/startup_config/systemconfig.xml", "<maxsshsessions>5<", "<maxsshsessions>50<", "<maxsshsessions>60<"),
		of("root/etc/chrony.conf", "server 198.51.100.123 iburst\n", ""),
		of("root/etc/rsyslog.d/60-remote.conf", "*.* @@198.51.100.51:6514\n", ""),
		of("root/etc/snmp/snmpd.conf", "rouser watch priv", "rouser watch priv\nrocommunity public"),
	}
}

// write changes one file, in place or by another in its place.
func (s *soak) write(f *texts) {
	f.now = (f.now + 1 + rand.N(len(f.states)-1)) % len(f.states)
	text := []byte(f.states[f.now])
	if rand.N(2) == 0 {
		inPieces(f.file, text, 1+rand.N(3))
	} else if err := os.WriteFile(s.path("beside"), text, 0o644); err != nil {
		s.b.Error(err)
	} else if err := os.Rename(s.path("beside"), f.file); err != nil {
		s.b.Error(err)
	}
	s.writes++
}

// change writes files until it is told to stop and has written enough.
func (s *soak) change(enough *atomic.Bool) {
	files := s.files()
	for s.writes < s.size.writes || !enough.Load() {
		f := files[rand.N(len(files))]
		if f.states[0] == "" || strings.HasSuffix(f.file, "60-remote.conf") && rand.N(4) > 0 {
			continue // it fails ten rules at once
		}
		s.write(f)
		time.Sleep(rand.N(s.size.apart))
	}
}

// takeKey waits for the journal's first key.
func (s *soak) takeKey() {
	s.b.Helper()
	s.await("the journal's key", func() bool {
		return journal.TakeKey(s.path("state"), func(k journal.Key) error { s.key = k; return nil }) == nil
	})
}

func (s *soak) await(what string, done func() bool) {
	s.b.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.b.Fatalf("%s did not come", what)
		}
	}
}

// status asks the daemon; nil while it does not answer.
func (s *soak) status() *api.Report {
	rep, err := api.Dial(s.path("run/stigwatch.sock")).Status(context.Background())
	if err != nil {
		return nil
	}
	return rep
}

// check is a fresh judgement, by a process of its own.
func (s *soak) check() *api.Report {
	s.b.Helper()
	out, _ := exec.Command(s.bin, s.flags("check", "--json")...).Output() // its exit code says what is open
	rep := &api.Report{}
	if err := json.Unmarshal(out, rep); err != nil {
		s.b.Fatalf("check: %v: %s", err, out)
	}
	return rep
}

// settle lets everything that waits arrive, and gives what each sink got.
func (s *soak) settle() []*inbox {
	s.b.Helper()
	for _, r := range s.streams {
		r.calm.Store(true)
	}
	s.hook.calm.Store(true)
	cmd := s.start()
	inboxes := []*inbox{&s.streams[0].inbox, &s.streams[1].inbox, s.unix, &s.hook.inbox}
	count, quiet := 0, time.Now()
	defer func() {
		if rep := s.status(); s.b.Failed() && rep != nil {
			s.b.Logf("at the end: %+v", rep.Agent.Sinks)
		}
	}()
	s.await("silence", func() bool {
		n := 0
		for _, in := range inboxes {
			n += len(in.all())
		}
		rep := s.status()
		if n != count || rep == nil || waiting(rep) > 0 {
			count, quiet = n, time.Now()
		}
		return time.Since(quiet) > 2*time.Second
	})
	s.kill(cmd)
	return append(inboxes, readLines(s.b, s.path("alerts.json")))
}

func waiting(rep *api.Report) (n int) {
	for _, sink := range rep.Agent.Sinks {
		n += int(sink.Queued)
	}
	return n
}

func TestNothingIsLostWhateverBreaksAndHoweverOftenItIsKilled(t *testing.T) {
	s := newSoak(t)
	first := s.start()
	s.takeKey()
	s.await("the first pass", func() bool { return s.status() != nil })
	s.kill(first)
	var enough atomic.Bool
	var writer sync.WaitGroup
	writer.Go(func() { s.change(&enough) })
	s.lives(t.Context())
	enough.Store(true)
	cmd := s.start() // what is left to write is watched
	writer.Wait()
	s.kill(cmd)
	inboxes := s.settle()
	told := readJournal(t, s.path("state"), s.key)
	told.noted = s.noted
	fresh := s.check()
	t.Logf("%d writes, %d kills, %d stops, %d changes of verdict and %d alerts in the journal, entries %v", s.writes, s.kills, s.stops, len(told.changes), len(told.alerts), told.kinds)
	for _, in := range inboxes {
		checkInbox(t, in, told, fresh)
	}
	checkJournal(t, told, inboxes)
	if t.Failed() {
		s.keep(inboxes)
	}
}

// keep saves what a failed run left, where STIGWATCH_SOAK_KEEP says.
func (s *soak) keep(inboxes []*inbox) {
	s.b.Helper()
	to := os.Getenv("STIGWATCH_SOAK_KEEP")
	if to == "" {
		return
	}
	to = filepath.Join(to, fmt.Sprint(time.Now().Unix()))
	s.b.Log(os.CopyFS(to, os.DirFS(s.path("state"))))
	for _, in := range inboxes {
		var got strings.Builder
		for _, m := range in.all() {
			fmt.Fprintln(&got, m.seq, m.event, m.rule, m.previous, m.result, m.whole)
		}
		s.b.Log(os.WriteFile(filepath.Join(to, in.name), []byte(got.String()), 0o600))
	}
}
