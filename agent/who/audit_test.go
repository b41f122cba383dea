package who

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fixture is what auditd 3 writes, between other events: an editor's open(2), a
// rename(2) with two keys and names that the kernel does not quote, and a failure.
func fixture(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile("testdata/audit.log")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// logWith makes an audit log and a finder of it.
func logWith(t *testing.T, text string) (*Finder, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "audit.log")
	put(t, path, text)
	f := New(Options{Audit: true, AuditLog: path, Passwd: "testdata/passwd"})
	t.Cleanup(f.Close)
	return f, path
}

func put(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func about(sec int64, paths ...string) Question {
	return Question{Paths: paths, Seen: time.Unix(sec, 0)}
}

func ask(t *testing.T, f *Finder, q Question) *Answer {
	t.Helper()
	a, _ := f.Look(q)
	return a
}

func TestTheAuditLogSaysWhoOpenedTheFile(t *testing.T) {
	f, _ := logWith(t, fixture(t))
	want := &Answer{
		Source: Audit, Login: "admin", User: "root", PID: 2345, Command: "/usr/bin/vi", Title: "vi sshd_config",
		Terminal: "pts/0", Remote: "192.0.2.7",
	}
	got, final := f.Look(about(1700733701, "/etc/ssh/sshd_config"))
	if diff := cmp.Diff(want, got); diff != "" || !final {
		t.Error(final, diff)
	}
	if got, _ := f.AtOnce(about(1700733701, "/etc/ssh/sshd_config")); !cmp.Equal(want, got) {
		t.Errorf("what was read is not known at once: %+v", got)
	}
}

func TestTheAuditLogSaysWhoRenamed(t *testing.T) {
	f, _ := logWith(t, fixture(t))
	want := &Answer{Source: Audit, User: "996", PID: 3001, Command: `/usr/bin/python3.9 (a "key="stig)`}
	for _, q := range []Question{
		about(1700733711, "/mi/a name.xml"),
		about(1700733711, "/mi"), // something in the folder
	} {
		if diff := cmp.Diff(want, ask(t, f, q)); diff != "" {
			t.Errorf("%v: %s", q.Paths, diff)
		}
	}
}

func TestTheAuditLogDoesNotKnow(t *testing.T) {
	f, _ := logWith(t, fixture(t))
	earlier := about(1700733702, "/etc/ssh/sshd_config")
	earlier.After = time.Unix(1700733701, 0)
	for name, q := range map[string]Question{
		"another file":           about(1700733701, "/etc/ssh/ssh_config"),
		"long ago":               about(1700733705, "/etc/ssh/sshd_config"),
		"only an attempt":        about(1700733720, "/etc/passwd"),
		"of the change before":   earlier,
		"nothing to ask":         about(1700733701),
		"before that the window": about(0, "/etc/ssh/sshd_config.d"),
	} {
		if got, final := f.Look(q); got != nil || final {
			t.Errorf("%s: %+v %v", name, got, final)
		}
	}
}

// What auditd 3.0.9 of Debian 12 wrote, with our rules, of an ssh login whose sudo
// ran sed -i, a shell's redirection and rm, and of a sed -i that nobody logged in to.
func TestADebianAuditdNamesWhoEditedRedirectedAndRemoved(t *testing.T) {
	b, err := os.ReadFile("testdata/debian12.log")
	if err != nil {
		t.Fatal(err)
	}
	f, _ := logWith(t, string(b))
	by := func(pid int, command, title string) *Answer {
		return &Answer{Source: Audit, Login: "admin", User: "root", PID: pid, Command: command, Title: title, Terminal: "pts/1", Remote: "127.0.0.1"}
	}
	const file = "/mi/config-system/startup_config/identityconfig.xml"
	for at, want := range map[int64]*Answer{
		1795814079: by(446, "/usr/bin/sed", "sed -i s/>15</>14</ "+file),
		1795814086: by(459, "/usr/bin/dash (echo)", "/bin/sh /root/echo"),
		1795814105: {Source: Audit, User: "root", PID: 540, Command: "/usr/bin/sed", Title: "sed -i s/>15</>14</ " + file},
		1795814110: by(562, "/usr/bin/rm", "rm "+file),
		1795814095: nil,
	} {
		if diff := cmp.Diff(want, ask(t, f, about(at, file))); diff != "" {
			t.Errorf("at %d: %s", at, diff)
		}
	}
}

// A record from before the clock was set back lies ahead.
func TestARecordOfTheFutureNamesNobody(t *testing.T) {
	f, _ := logWith(t, fixture(t))
	if got := ask(t, f, about(1700733701-3600, "/etc/ssh/sshd_config")); got != nil {
		t.Errorf("%+v", got)
	}
}

// Seen and After have a clock that cannot be set, beside the one of the log.
func TestTheChangeBeforeIsBeforeThoughTheClockWasSetBack(t *testing.T) {
	seen := time.Now()
	q := Question{Seen: seen, After: seen.Add(-10 * time.Second)}
	if got, want := q.after(), seen.Round(0).Add(-10*time.Second); got != want {
		t.Errorf("%v, and not %v", got, want)
	}
	if got := (Question{Seen: seen}).after(); !got.IsZero() {
		t.Error(got)
	}
}

func TestTheFileIsKnownByItsInodeToo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "real")
	put(t, file, "x")
	is := identify([]string{file})
	f, _ := logWith(t, fmt.Sprintf(`type=SYSCALL msg=audit(1700733700.413:1): success=yes pid=7 auid=0 uid=0 tty=tty1 ses=1 comm="sh" exe="/bin/sh" key="stigwatch"
type=PATH msg=audit(1700733700.413:1): item=0 name="by/a/link" inode=%d dev=%02x:%02x nametype=NORMAL
`, is.ino, is.major, is.minor))
	if got := ask(t, f, about(1700733701, file)); got == nil || got.PID != 7 || got.Terminal != "tty1" {
		t.Errorf("%+v", got)
	}
}

func event1(n int) string {
	return fmt.Sprintf("type=SYSCALL msg=audit(1700733700.413:%d): success=yes pid=%d auid=0 uid=0 ses=1 comm=\"sh\" exe=\"/bin/sh\" key=\"stigwatch\"\n"+
		"type=PATH msg=audit(1700733700.413:%d): item=0 name=\"/f%d\" inode=0 dev=00:00 nametype=NORMAL\n", n, n, n, n)
}

func pidOf(t *testing.T, f *Finder, n int) int {
	t.Helper()
	if a := ask(t, f, about(1700733701, fmt.Sprintf("/f%d", n))); a != nil {
		return a.PID
	}
	return 0
}

func TestALogIsFollowedOverRotationTruncationAndHalfLines(t *testing.T) {
	f, path := logWith(t, event1(1))
	if pidOf(t, f, 1) != 1 {
		t.Fatal("the first event is not known")
	}
	whole := event1(2)
	put(t, path, whole[:len(whole)/2])
	pidOf(t, f, 2)
	put(t, path, whole[len(whole)/2:])
	if pidOf(t, f, 2) != 2 {
		t.Error("a line that came in two halves was lost")
	}
	put(t, path, event1(3)) // and is not read before the rotation
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	put(t, path, event1(4))
	if pidOf(t, f, 3) != 3 || pidOf(t, f, 4) != 4 {
		t.Error("a rotation lost events")
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	pidOf(t, f, 4)
	put(t, path, event1(5))
	if pidOf(t, f, 5) != 5 {
		t.Error("after a truncation nothing is read")
	}
}

func TestALogMayComeLater(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	f := New(Options{Audit: true, AuditLog: path})
	defer f.Close()
	if _, final := f.Look(about(1700733701, "/f1")); !final || len(f.Sources()) != 0 {
		t.Error("a log that is not there is waited for")
	}
	put(t, path, event1(1))
	if pidOf(t, f, 1) != 1 {
		t.Error("a log that came is not read")
	}
}

func TestWhoLoggedInBeforeTheRotationIsKnown(t *testing.T) {
	f, path := logWith(t, strings.ReplaceAll(event1(1), "ses=1", "ses=3"))
	put(t, path+".1", fixture(t))
	if a := ask(t, f, about(1700733701, "/f1")); a == nil || a.Remote != "192.0.2.7" {
		t.Errorf("%+v", a)
	}
	put(t, path, "type=SYSTEM_BOOT msg=audit(1700733900.000:1): pid=1 uid=0 auid=4294967295 ses=4294967295 msg=' comm=\"systemd-update-utmp\" res=success'\n")
	if a := ask(t, f, about(1700733701, "/f1")); a == nil || a.Remote != "" {
		t.Errorf("a session outlived a boot: %+v", a)
	}
}

func TestHostileLogsAreBounded(t *testing.T) {
	var many strings.Builder
	for n := range 3 * maxEvents {
		many.WriteString(event1(n))
		fmt.Fprintf(&many, "type=USER_LOGIN msg=audit(1.0:%d): auid=0 ses=%d msg='op=login addr=192.0.2.1 res=success'\n", n, n*7)
	}
	for range 3 * maxNames {
		fmt.Fprintf(&many, "type=PATH msg=audit(1700733700.413:%d): name=\"/x\"\n", 3*maxEvents-1)
	}
	many.WriteString("type=SYSCALL msg=audit(1700733700.413:1): key=\"stigwatch\" pid=1 exe=\"" + strings.Repeat("A", 1<<20) + "\"\n")
	many.WriteString(event1(9999))
	f, _ := logWith(t, many.String())
	if pidOf(t, f, 9999) != 9999 {
		t.Error("what follows hostile lines is lost")
	}
	if n := len(f.audit.events); n > maxEvents {
		t.Errorf("%d events are kept", n)
	}
	for _, e := range f.audit.events {
		if len(e.names) > maxNames || len(e.exe) > maxWord {
			t.Errorf("an event has %d names", len(e.names))
		}
	}
}

func TestALogThatIsNoFileAnswersNothing(t *testing.T) {
	f := New(Options{Audit: true, AuditLog: t.TempDir()})
	defer f.Close()
	if a, final := f.Look(about(1700733701, "/f1")); a != nil || !final {
		t.Errorf("%+v", a)
	}
}

func FuzzAuditLog(f *testing.F) {
	for _, line := range strings.SplitAfter(fixture(f), "\n") {
		f.Add(line)
	}
	f.Add(fixture(f))
	f.Add("type=SYSCALL msg=audit(1700733700.413:1): pid=1 key=\"stigwatch\"\ntype=PATH msg=audit(1700733700.413:1): name=\"")
	f.Fuzz(func(t *testing.T, text string) {
		l := newAuditLog("")
		l.lines([]byte(text))
		l.find(about(1700733701, "/etc/ssh/sshd_config"), 0, true)
		for _, e := range l.events {
			if len(e.names) > maxNames || len(e.exe) > 3*maxWord || len(e.title) > 3*maxTitle {
				t.Errorf("%+v", e)
			}
		}
	})
}

// BenchmarkAuditLog is a full log of other people's events, as at the start.
func BenchmarkAuditLog(b *testing.B) {
	other := strings.ReplaceAll(fixture(b), `"stigwatch"`, `"other"`)
	text := []byte(strings.Repeat(other, maxUnread/len(other)))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		newAuditLog("").lines(text)
	}
}
