package enforcer

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"stigwatch/agent/appliance"
	"stigwatch/agent/appliance/rig"
)

func TestFilesThatAreNotRootsAloneAreRefused(t *testing.T) {
	in := func(dir, name string) string { return filepath.Join(dir, "root", name) }
	for _, c := range []struct {
		name, reason string
		root         bool // only root can set it up
		make         func(t *testing.T, dir string)
	}{
		{"a link", "link", false, func(t *testing.T, dir string) {
			mustDo(t, os.Rename(in(dir, clockFile), in(dir, clockFile)+".real"))
			mustDo(t, os.Symlink("chrony.conf.real", in(dir, clockFile)))
		}},
		{"a folder that is a link", "link", false, func(t *testing.T, dir string) {
			mustDo(t, os.Rename(in(dir, "etc"), in(dir, "real")))
			mustDo(t, os.Symlink("real", in(dir, "etc")))
		}},
		{"a second name", "hard-linked", false, func(t *testing.T, dir string) { mustDo(t, os.Link(in(dir, clockFile), in(dir, "other"))) }},
		{"a folder for all", "folder", false, func(t *testing.T, dir string) { mustDo(t, os.Chmod(in(dir, "etc"), 0o777)) }},
		{"a folder for the group", "folder", false, func(t *testing.T, dir string) { mustDo(t, os.Chmod(in(dir, "etc"), 0o775)) }},
		{"a folder like /tmp", "folder", false, func(t *testing.T, dir string) { mustDo(t, os.Chmod(in(dir, "etc"), 0o777|os.ModeSticky)) }},
		{"the whole root for all", "folder", false, func(t *testing.T, dir string) { mustDo(t, os.Chmod(in(dir, ""), 0o777)) }},
		{"too large", "too-large", false, func(t *testing.T, dir string) {
			rig.Put(t, in(dir, clockFile), strings.Repeat("# "+strings.Repeat("x", 997)+"\n", 1100)+rig.Read(t, dir, clockFile))
		}},
		{"another's file", "owner", true, func(t *testing.T, dir string) { mustDo(t, os.Chown(in(dir, clockFile), foreignUID, -1)) }},
		{"the agent's file", "owner", true, func(t *testing.T, dir string) { mustDo(t, os.Chown(in(dir, clockFile), agentUID, -1)) }},
		{"the agent's folder", "folder", true, func(t *testing.T, dir string) { mustDo(t, os.Chown(in(dir, "etc"), agentUID, -1)) }},
		{"another's folder", "folder", true, func(t *testing.T, dir string) { mustDo(t, os.Chown(in(dir, "etc"), foreignUID, -1)) }},
		{"another file system", "other-file-system", true, func(t *testing.T, dir string) {
			text, at := rig.Read(t, dir, clockFile), in(dir, "etc")
			mustDo(t, unix.Mount("tmpfs", at, "tmpfs", 0, "mode=755"))
			t.Cleanup(func() { _ = unix.Unmount(at, unix.MNT_DETACH) })
			mustDo(t, os.WriteFile(in(dir, clockFile), []byte(text), 0o644))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.root {
				needRoot(t)
			}
			dir := clockDrifted(t)
			c.make(t, dir)
			e := enforcerIn(t, dir, Options{})
			refuses(t, dir, e, me(), plain(clockRule), c.reason)
		})
	}
}

func needRoot(t testing.TB) {
	t.Helper()
	if os.Getuid() == 0 {
		return
	}
	if os.Getenv("STIGWATCH_NEED_RIGS") == "1" {
		t.Fatal("this needs root, and STIGWATCH_NEED_RIGS=1 says that it must run")
	}
	t.Skip("this needs root: it mounts, changes owners or is another user")
}

// What happens to a file while it is being replaced takes the whole plan back.
func TestAFileThatSomebodyWritesIsLeftToHim(t *testing.T) {
	dir := clockDrifted(t)
	name := filepath.Join(dir, "root", clockFile)
	e := enforcerIn(t, dir, Options{})
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	mustDo(t, err)
	before := rig.Tree(t, filepath.Join(dir, "root"))
	got := ask(t, e, me(), http.MethodPost, "/v1/apply", asBody(t, plain(clockRule)))
	mustDo(t, f.Close())
	if got.applied.Failed == "" || len(got.applied.Closed) != 0 || !strings.Contains(got.applied.Failed, "open for writing") {
		t.Errorf("%+v", got)
	}
	sameTree(t, before, filepath.Join(dir, "root"))
}

func TestOnTheMachineItselfOnlyRootSaysWhatIsWritten(t *testing.T) {
	needRoot(t)
	in := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) { mustDo(t, os.Chown(filepath.Join(dir, name), agentUID, -1)) }
	}
	for _, c := range []struct {
		name string
		make func(t *testing.T, dir string)
	}{
		{"the configuration", in("stigwatch/stigwatch.yaml")},
		{"the site profile", in("stigwatch/site.yaml")},
		{"an authority", in("stigwatch/ca/approved-ca.pem")},
		{"attestations", in("stigwatch/attestations.yaml")},
		{"a mapping", func(t *testing.T, dir string) {
			name := filepath.Join(dir, "stigwatch/mapping.d/own.yaml")
			rig.Put(t, name, "facts: []\n")
			mustDo(t, os.Chmod(name, 0o666))
		}},
		{"the mappings' folder", in("stigwatch/mapping.d")},
		{"the folder of it all", in("stigwatch")},
		{"a folder above", in("")},
		{"the site profile, for the group", func(t *testing.T, dir string) {
			mustDo(t, os.Chmod(filepath.Join(dir, "stigwatch/site.yaml"), 0o664))
		}},
		{"where waivers would be", func(t *testing.T, dir string) { mustDo(t, os.Chmod(filepath.Join(dir, "stigwatch"), 0o777)) }},
		{"the state", func(t *testing.T, dir string) {
			mustDo(t, os.Mkdir(filepath.Join(dir, "state-enforcer"), 0o755))
			in("state-enforcer")(t, dir)
		}},
		{"the socket's folder", func(t *testing.T, dir string) {
			mustDo(t, os.Mkdir(filepath.Join(dir, "run-enforcer"), 0o755))
			in("run-enforcer")(t, dir)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := rig.New(t, "compliant")
			p, err := appliance.Build(optionsIn(dir))
			mustDo(t, err)
			defer p.Close()
			if err := ownedByRoot(p); err != nil {
				t.Fatal(err)
			}
			p.Config.Root = "/" // as if
			c.make(t, dir)
			if err := trusted(p); err == nil {
				t.Error("it is trusted")
			}
		})
	}
}

// The agent's user owns the folder that the enforcer is told to show its jobs in, and
// puts a link in its place.
func TestNothingIsPublishedWhereTheAgentDecides(t *testing.T) {
	needRoot(t)
	for name, make := range map[string]func(t *testing.T, dir, run string){
		"its folder":     func(t *testing.T, _, run string) { mustDo(t, os.Chown(run, agentUID, -1)) },
		"a folder above": func(t *testing.T, _, run string) { mustDo(t, os.Chown(filepath.Dir(run), agentUID, -1)) },
		"for all":        func(t *testing.T, _, run string) { mustDo(t, os.Chmod(run, 0o777)) },
		"its link":       func(t *testing.T, dir, run string) { replaceByLink(t, dir, run) },
		"to be made by it": func(t *testing.T, _, run string) {
			mustDo(t, os.Remove(run))
			mustDo(t, os.Chown(filepath.Dir(run), agentUID, -1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := clockDrifted(t)
			run := filepath.Join(dir, "agents/run")
			mustDo(t, os.MkdirAll(run, 0o755))
			rig.Edit(t, filepath.Join(dir, "stigwatch/stigwatch.yaml"), "agent_user: nobody\n", "agent_user: nobody\n  socket: "+run+"/s\n")
			make(t, dir, run)
			before := rig.Tree(t, filepath.Join(dir, "agents"))
			secret := rig.Tree(t, filepath.Join(dir, "root/etc/ssh"))
			e := enforcerIn(t, dir, Options{})
			if got := ask(t, e, theAgent, http.MethodPost, "/v1/apply", asBody(t, auto(clockRule))); got.code != http.StatusOK {
				t.Errorf("%+v", got)
			}
			if l, err := takeSocket(run+"/s", group); err == nil {
				l.Close()
				t.Error("a socket was taken there")
			}
			sameTree(t, before, filepath.Join(dir, "agents"))
			sameTree(t, secret, filepath.Join(dir, "root/etc/ssh"))
		})
	}
}

func replaceByLink(t *testing.T, dir, run string) {
	t.Helper()
	mustDo(t, os.Remove(run))
	mustDo(t, os.Symlink(filepath.Join(dir, "root/etc/ssh"), run))
	mustDo(t, os.Lchown(run, agentUID, -1))
}

// A pipe where the enforcer's file should be keeps nobody waiting.
func TestAPipeInPlaceOfTheJobsStopsNobody(t *testing.T) {
	dir := clockDrifted(t)
	mustDo(t, os.Mkdir(filepath.Join(dir, "run-enforcer"), 0o755))
	mustDo(t, unix.Mkfifo(filepath.Join(dir, "run-enforcer/jobs.json"), 0o644))
	e := enforcerIn(t, dir, Options{})
	if got := ask(t, e, theAgent, http.MethodPost, "/v1/apply", asBody(t, auto(clockRule))); len(got.applied.Applied) != 1 {
		t.Errorf("%+v", got)
	}
}

// What the agent's user can write besides, the evidence, decides no byte.
func TestEvidenceDecidesNoByte(t *testing.T) {
	var clean string
	for i, forge := range []func(t *testing.T, dir string){
		func(*testing.T, string) {},
		func(t *testing.T, dir string) { mustDo(t, os.RemoveAll(filepath.Join(dir, "stigwatch/evidence"))) },
		func(t *testing.T, dir string) {
			mustDo(t, os.RemoveAll(filepath.Join(dir, "stigwatch/evidence")))
			mustDo(t, os.Symlink("/", filepath.Join(dir, "stigwatch/evidence")))
		},
		func(t *testing.T, dir string) {
			for _, name := range []string{"show-fips.txt", "show-httpd-protocol.txt"} {
				rig.Put(t, filepath.Join(dir, "stigwatch/evidence", name), "# host: sentry1\n# command: x\n# time: "+time.Now().UTC().Format(time.RFC3339)+"\nserver evil.example\n")
			}
		},
		func(t *testing.T, dir string) {
			for _, name := range []string{"show-fips.txt", "show-httpd-protocol.txt"} {
				at := filepath.Join(dir, "stigwatch/evidence", name)
				_ = os.Remove(at)
				mustDo(t, unix.Mkfifo(at, 0o666))
			}
		},
	} {
		dir := clockDrifted(t)
		forge(t, dir)
		e := enforcerIn(t, dir, Options{})
		if got := ask(t, e, theAgent, http.MethodPost, "/v1/apply", asBody(t, auto(clockRule))); len(got.applied.Applied) != 1 || got.applied.Failed != "" {
			t.Fatalf("%d: %+v", i, got)
		}
		if text := rig.Read(t, dir, clockFile); i == 0 {
			clean = text
		} else if text != clean {
			t.Errorf("%d: %s", i, text)
		}
	}
}

// The look at who owns what is not only at the start: nothing of the configuration has
// to change for it to fail.
func TestTrustIsLookedAtAtEachRequest(t *testing.T) {
	needRoot(t)
	dir := rig.New(t, "compliant")
	rig.Edit(t, filepath.Join(dir, "stigwatch/stigwatch.yaml"), "root: ../root", "root: /\nprobe: false")
	e := &enforcer{o: optionsIn(dir)}
	mustDo(t, e.refresh())
	t.Cleanup(func() { e.parts.Close() })
	first := e.parts
	mustDo(t, e.refresh())
	mustDo(t, os.Chown(dir, agentUID, -1))
	if err := e.refresh(); err == nil || e.parts != first {
		t.Errorf("it goes on: %v", err)
	}
	if err := (&enforcer{o: e.o}).refresh(); err == nil {
		t.Error("it begins")
	}
}
