package selfwatch

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// box is a little machine.
type box struct {
	t *testing.T
	o Options
}

const unit = "/usr/lib/systemd/system/stigwatch.service"

func newBox(t *testing.T) *box {
	t.Helper()
	b := &box{t, Here("1")}
	b.o.Root, b.o.Binary, b.o.Running = t.TempDir(), "/usr/bin/stigwatch", "/running"
	b.o.Config, b.o.Mappings = []string{"/etc/stigwatch/site.yaml", "/etc/stigwatch/stigwatch.yaml"}, []string{"/etc/stigwatch/mapping.d"}
	b.o.Sinks = []string{"/etc/stigwatch/siem.pem"}
	for name, text := range map[string]string{
		"/usr/bin/stigwatch": "binary", unit: "[Service]\n", "/etc/stigwatch/stigwatch.yaml": "a: 1\n", "/etc/stigwatch/mapping.d/10.yaml": "x",
		passwd: "root:x:0:0:root:/root:/bin/bash\nstigwatch:hash:990:991::/var/lib/stigwatch:/usr/sbin/nologin\n",
		group:  "root:x:0:\nstigwatch:x:991:\nstigwatcher:x:992:eve\n",
	} {
		b.put(name, text)
	}
	b.link("usr/lib", "/lib")
	b.link(unit, bootLinks[0])
	return b
}

func (b *box) put(name, text string) {
	b.t.Helper()
	b.do(os.MkdirAll(filepath.Dir(b.o.At(name)), 0o755))
	b.do(os.WriteFile(b.o.At(name)+".new", []byte(text), 0o644))
	b.do(os.Rename(b.o.At(name)+".new", b.o.At(name)))
}

func (b *box) link(target, name string) {
	b.t.Helper()
	b.do(os.MkdirAll(filepath.Dir(b.o.At(name)), 0o755))
	_ = os.Remove(b.o.At(name))
	b.do(os.Symlink(target, b.o.At(name)))
}

func (b *box) remove(name string) { b.t.Helper(); b.do(os.RemoveAll(b.o.At(name))) }

func (b *box) do(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *box) look(before *Picture) *Picture {
	b.t.Helper()
	p, err := b.o.Look(before)
	b.do(err)
	return p
}

// digits are a digest's; which ones, no test cares.
var digits = regexp.MustCompile(`\b[0-9a-f]{12}\b`)

// texts gives what changes say.
func texts(changes []Change) []string {
	out := []string{}
	for _, c := range changes {
		out = append(out, digits.ReplaceAllString(c.Text, "#"))
	}
	return out
}

func TestEachChangeIsNamedInWords(t *testing.T) {
	conf := "/etc/systemd/system/stigwatch.service.d/x.conf"
	for name, c := range map[string]struct {
		change func(b *box)
		want   []string
	}{
		"nothing":          {func(*box) {}, []string{}},
		"the same bytes":   {func(b *box) { b.put(unit, "[Service]\n") }, []string{}},
		"binary replaced":  {func(b *box) { b.put("/usr/bin/stigwatch", "other") }, []string{"its own binary was replaced: /usr/bin/stigwatch (sha256 # → #)"}},
		"binary removed":   {func(b *box) { b.remove("/usr/bin/stigwatch") }, []string{"its own binary was removed: /usr/bin/stigwatch"}},
		"setuid":           {func(b *box) { b.do(os.Chmod(b.o.At("/usr/bin/stigwatch"), 0o755|os.ModeSetuid)) }, []string{"mode or owner of its own binary was changed: /usr/bin/stigwatch (0644 root:root → 4755 root:root)"}},
		"a link instead":   {func(b *box) { b.link("/opt/other", "/usr/bin/stigwatch") }, []string{"its own binary is a link to /opt/other now: /usr/bin/stigwatch (sha256 was #)"}},
		"unit edited":      {func(b *box) { b.put(unit, "[Service]\nUser=root\n") }, []string{"its own unit was changed: " + unit + " (sha256 # → #)"}},
		"unit masked":      {func(b *box) { b.link("/dev/null", "/etc/systemd/system/stigwatch.service") }, []string{"its own unit was masked, so that it cannot be started: /etc/systemd/system/stigwatch.service"}},
		"enforcer's unit":  {func(b *box) { b.put("/usr/lib/systemd/system/stigwatch-enforcer.service", "x") }, []string{"the enforcer's unit was put there: /usr/lib/systemd/system/stigwatch-enforcer.service (sha256 #)"}},
		"drop-in":          {func(b *box) { b.put(conf, "[Service]\nUser=root\n") }, []string{"a drop-in of its own unit was put there: " + conf + " (sha256 #): it sets User=root"}},
		"for all services": {func(b *box) { b.put("/run/systemd/system/service.d/x.conf", "") }, []string{"a drop-in of its own unit was put there: /run/systemd/system/service.d/x.conf (sha256 #)"}},
		"by its prefix":    {func(b *box) { b.put("/etc/systemd/system/stigwatch-.service.d/x.conf", "") }, []string{"a drop-in of its own unit was put there: /etc/systemd/system/stigwatch-.service.d/x.conf (sha256 #)"}},
		"set-property": {func(b *box) {
			b.put("/etc/systemd/system.control/stigwatch.service.d/50-MemoryMax.conf", "[Service]\nMemoryMax=1\n")
		}, []string{"a drop-in of its own unit was put there: /etc/systemd/system.control/stigwatch.service.d/50-MemoryMax.conf (sha256 #): it sets MemoryMax=1"}},
		"no drop-in":       {func(b *box) { b.put(conf+".bak", "User=root") }, []string{}},
		"disabled":         {func(b *box) { b.remove(bootLinks[0]) }, []string{"it is not started at boot any more: " + bootLinks[0] + " was removed"}},
		"enforcer at boot": {func(b *box) { b.link("/x", bootLinks[1]) }, []string{"the enforcer is started at boot from now on: " + bootLinks[1] + " was made"}},
		"user's shell":     {func(b *box) { b.put(passwd, "stigwatch:hash:990:991::/var/lib/stigwatch:/bin/sh\n") }, []string{"the user stigwatch was changed: shell /usr/sbin/nologin → shell /bin/sh"}},
		"user's password":  {func(b *box) { b.put(passwd, "stigwatch:other:990:991::/var/lib/stigwatch:/usr/sbin/nologin\n") }, []string{}},
		"user removed":     {func(b *box) { b.put(passwd, "root:x:0:0:root:/root:/bin/bash\n") }, []string{"the user stigwatch was removed"}},
		"another user": {func(b *box) {
			b.put(passwd, "bob:x:1:1::/:/bin/sh\nstigwatch:hash:990:991::/var/lib/stigwatch:/usr/sbin/nologin\n")
		}, []string{}},
		"a member": {func(b *box) { b.put(group, "stigwatch:x:991:alice,bob\n") }, []string{"somebody was added to the group stigwatch, who may ask it now: alice, bob"}},
		"by his own group": {func(b *box) {
			b.put(passwd, "bob:x:1:991::/:/bin/sh\nstigwatch:hash:990:991::/var/lib/stigwatch:/usr/sbin/nologin\n")
		}, []string{"somebody was added to the group stigwatch, who may ask it now: bob"}},
		"another group":      {func(b *box) { b.put(group, "stigwatch:x:991:\nother:x:1:bob\n") }, []string{}},
		"configuration":      {func(b *box) { b.put("/etc/stigwatch/stigwatch.yaml", "") }, []string{"its configuration was changed: /etc/stigwatch/stigwatch.yaml (sha256 # → #)"}},
		"a site profile":     {func(b *box) { b.put("/etc/stigwatch/site.yaml", "") }, []string{"its configuration was put there: /etc/stigwatch/site.yaml (sha256 #)"}},
		"a mapping more":     {func(b *box) { b.put("/etc/stigwatch/mapping.d/20.yaml", "") }, []string{"its configuration was put there: /etc/stigwatch/mapping.d/20.yaml (sha256 #)"}},
		"a mapping less":     {func(b *box) { b.remove("/etc/stigwatch/mapping.d") }, []string{"its configuration was removed: /etc/stigwatch/mapping.d/10.yaml"}},
		"no mapping":         {func(b *box) { b.put("/etc/stigwatch/mapping.d/README", "") }, []string{}},
		"all may write it":   {func(b *box) { b.do(os.Chmod(b.o.At("/etc/stigwatch/stigwatch.yaml"), 0o666)) }, []string{"mode or owner of its configuration was changed: /etc/stigwatch/stigwatch.yaml (0644 root:root → 0666 root:root)"}},
		"an authority":       {func(b *box) { b.put("/etc/stigwatch/siem.pem", "") }, []string{"a file of certificates that its sinks go by was put there: /etc/stigwatch/siem.pem (sha256 #)"}},
		"another policy":     {func(b *box) { b.o.Policies = "sha256:ab" }, []string{"its policies are others (sha256 ab)"}},
		"the worst is first": {func(b *box) { b.put("/etc/stigwatch/site.yaml", ""); b.put("/usr/bin/stigwatch", "other") }, []string{"its own binary was replaced: /usr/bin/stigwatch (sha256 # → #)", "its configuration was put there: /etc/stigwatch/site.yaml (sha256 #)"}},
	} {
		t.Run(name, func(t *testing.T) {
			if os.Geteuid() != 0 {
				t.Skip("the texts name root as the owner")
			}
			b := newBox(t)
			before := b.look(nil)
			c.change(b)
			if diff := cmp.Diff(c.want, texts(Changes(before, b.look(before)))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatWasUndoneIsToldAgain(t *testing.T) {
	b := newBox(t)
	before := b.look(nil)
	b.put(group, "stigwatch:x:991:alice\n")
	with := b.look(before)
	b.put(group, "stigwatch:x:991:\n")
	if got := texts(Changes(with, b.look(with))); !slices.Equal(got, []string{"somebody was taken out of the group stigwatch: alice"}) {
		t.Errorf("%q", got)
	}
}

func TestWhatIsNotThereIsNotSpokenOf(t *testing.T) {
	o := Here("1")
	o.Root, o.Binary, o.Running, o.Config = t.TempDir(), "/opt/stigwatch", "/running", []string{"/nowhere/stigwatch.yaml"}
	first, err := o.Look(nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := o.Look(first)
	if err != nil || len(Changes(first, again)) > 0 {
		t.Errorf("%v, %+v", err, Changes(first, again))
	}
}

func TestAPathThatWasNotLookedAtBeforeIsNoNews(t *testing.T) {
	b := newBox(t)
	before := b.look(nil)
	b.o.Config = append(b.o.Config, "/etc/stigwatch/waivers.yaml")
	b.o.Mappings = append(b.o.Mappings, "/etc/more.d")
	b.put("/etc/stigwatch/waivers.yaml", "x")
	b.put("/etc/more.d/x.yaml", "x")
	if got := Changes(before, b.look(before)); len(got) > 0 {
		t.Errorf("%+v", got)
	}
}

func TestALinkedFolderOfUnitsIsLookedAtOnce(t *testing.T) {
	b := newBox(t)
	files, folders := b.o.Watched()
	for _, p := range slices.Concat(files, folders) {
		if strings.HasPrefix(p, "/lib/") {
			t.Errorf("%s is the same as in /usr/lib", p)
		}
	}
	b.remove("/lib")
	b.do(os.MkdirAll(b.o.At("/lib/systemd/system"), 0o755))
	if _, folders := b.o.Watched(); !slices.Contains(folders, "/lib/systemd/system") {
		t.Error("a folder of its own is not looked at")
	}
}

func TestAFileThatSomebodyWritesIsLeftAsItWas(t *testing.T) {
	b := newBox(t)
	before := b.look(nil)
	for _, p := range []string{"/etc/stigwatch/stigwatch.yaml", "/usr/bin/stigwatch", group, passwd} {
		b.put(p, "half")
	}
	b.o.Busy = func(string) bool { return true }
	if got := Changes(before, b.look(before)); len(got) > 0 {
		t.Errorf("%+v", got)
	}
	b.o.Busy = nil
	if got := Changes(before, b.look(before)); len(got) != 4 {
		t.Errorf("%+v", texts(got))
	}
}

func TestAFileThatCannotBeReadIsComparedWithWhatWasKnown(t *testing.T) {
	b := newBox(t)
	before := b.look(nil)
	b.remove("/etc/stigwatch/stigwatch.yaml")
	b.do(os.Mkdir(b.o.At("/etc/stigwatch/stigwatch.yaml"), 0o755)) // not even root reads that
	folder := b.look(before)
	b.remove("/etc/stigwatch/stigwatch.yaml")
	b.put("/etc/stigwatch/stigwatch.yaml", "a: 2\n")
	got := Changes(folder, b.look(folder))
	if len(got) != 1 || got[0].From != before.Parts["/etc/stigwatch/stigwatch.yaml"].Digest {
		t.Errorf("%+v", got)
	}
}

func TestTheBinaryIsReadOnlyWhenItIsAnother(t *testing.T) {
	b := newBox(t)
	first := b.look(nil)
	same := b.look(first)
	if d := same.Parts["/usr/bin/stigwatch"].Digest; d == "" || d != first.Parts["/usr/bin/stigwatch"].Digest {
		t.Errorf("%q", d)
	}
	print := first.Parts["/usr/bin/stigwatch"]
	print.Digest = "sha256:as it was"
	first.Parts["/usr/bin/stigwatch"] = print
	if d := b.look(first).Parts["/usr/bin/stigwatch"].Digest; d != "sha256:as it was" {
		t.Error("it was read again")
	}
}

func TestWhatRunsIsToldFromWhatStandsThere(t *testing.T) {
	b := newBox(t)
	b.do(os.Link(b.o.At("/usr/bin/stigwatch"), b.o.At("/running")))
	first := b.look(nil)
	if first.Running == "" || first.Running != first.Parts["/usr/bin/stigwatch"].Digest {
		t.Errorf("%+v", first)
	}
	b.put("/usr/bin/stigwatch", "other")
	if b.remove("/running"); b.look(first).Running != first.Running {
		t.Error("what runs was read again")
	}
	b.put("/running", "binary")
	for _, before := range []*Picture{nil, first} {
		if p := b.look(before); p.Running != first.Running || p.Parts["/usr/bin/stigwatch"].Digest == first.Running {
			t.Errorf("%+v", p)
		}
	}
}

func TestADropInTellsNoSecret(t *testing.T) {
	text := strings.Join([]string{
		"# Comment=1", "[Service]", "NoNewPrivileges = no", "Environment=TOKEN=hunter2", `Environment="A=hunter2"`, "SetCredential=x:hunter2",
		"ExecStart=", "ExecStart=/usr/bin/other --password hunter2", "ExecStartPre=+/bin/sh -c 'echo hunter2'", "X-Password=hunter2", "ReadWritePaths=/a /b",
		"Nonsense\x1b[31m=hunter2", "Odd=\x1b[31mhunter2", "Long=" + strings.Repeat("x", 200), "no setting",
	}, "\n")
	want := []string{
		"NoNewPrivileges=no", "Environment=…", "Environment=…", "SetCredential=…", "ExecStart=", "ExecStart=/usr/bin/other …", "ExecStartPre=+/bin/sh …",
		"…", "ReadWritePaths=/a /b", "…", "Odd=…", "Long=…",
	}
	if diff := cmp.Diff(want, settings([]byte(text))); diff != "" {
		t.Error(diff)
	}
	if got := settings([]byte(strings.Repeat("A=b\n", 1000))); len(got) != maxSettings+1 {
		t.Errorf("%d settings", len(got))
	}
}

func TestAPictureOutlivesJSON(t *testing.T) {
	b := newBox(t)
	b.put("/etc/systemd/system/stigwatch.service.d/x.conf", "[Service]\nUser=root\n")
	p := b.look(nil)
	if diff := cmp.Diff(p, throughJSON(t, p), cmpopts.IgnoreUnexported(Print{}), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if got := Changes(throughJSON(t, p), p); len(got) > 0 {
		t.Errorf("%+v", got)
	}
}

func throughJSON(t *testing.T, p *Picture) *Picture {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "hash") {
		t.Errorf("it holds the password: %s", text)
	}
	out := &Picture{}
	if err := json.Unmarshal(text, out); err != nil {
		t.Fatal(err)
	}
	return out
}
