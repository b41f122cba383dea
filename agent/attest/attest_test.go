package attest

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/finding"
	"stigwatch/agent/strict"
)

func known() Known {
	return Known{
		"V-251004": {"core.backup_schedule", "core.backup_restore"},
		"V-250987": {"sshd.banner"},
		"V-250990": {},
	}
}

var aDigest = "sha256:" + strings.Repeat("0a", 32)

func nightly() Attestation {
	return Attestation{
		Rule: "V-251004", Facts: []string{"core.backup_schedule"}, Status: finding.Pass,
		Statement: "Nightly snapshots, kept for 30 days; restore tried in October.",
		By:        Person{"ISSO of the lab", "ISSO"},
		When:      "2026-11-20T10:00:00Z", Expires: "2027-11-20T10:00:00Z",
		Evidence: &Evidence{"backup-job.txt", aDigest},
	}
}

var full = `attestations:
  - rule: V-251004
    facts: [core.backup_schedule]
    status: pass
    statement: Nightly snapshots, kept for 30 days; restore tried in October.
    by: {name: ISSO of the lab, role: ISSO}
    when: "2026-11-20T10:00:00Z"
    expires: "2027-11-20T10:00:00Z"
    evidence: {file: backup-job.txt, digest: "` + aDigest + `"}
`

func put(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "attestations.yaml")
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLoadReadsEveryKey(t *testing.T) {
	book, err := Load(put(t, full), true, known())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&Book{Attestations: []Attestation{nightly()}, Digest: strict.Digest([]byte(full))}, book); diff != "" {
		t.Error(diff)
	}
}

func TestLoadWithoutAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.yaml")
	book, err := Load(path, false, known())
	if err != nil || len(book.Attestations) != 0 || book.Digest != strict.Digest(nil) {
		t.Errorf("%+v %v", book, err)
	}
	_, err = Load(path, true, known())
	want := strict.Mistakes{{File: path, Msg: "cannot read it: no such file or directory: create it, or correct the path"}}
	if diff := cmp.Diff(error(want), err); diff != "" {
		t.Error(diff)
	}
	if _, err := Load(t.TempDir(), false, known()); err == nil {
		t.Error("a folder is no file")
	}
}

// Each case changes one line of full.
func TestLoadListsMistakes(t *testing.T) {
	tests := map[string]struct{ old, new, want string }{
		"unknown key":        {"status: pass", "status: pass\n    state: x", "a.yaml:5: attestations[0].state: unknown key: known here are rule, facts, status, statement, by, when, expires, evidence"},
		"missing key":        {"    status: pass\n", "", "a.yaml:2: attestations[0].status: the key is missing: it has no default"},
		"rule form":          {"V-251004", "SV-251004", `a.yaml:2: attestations[0].rule: "SV-251004" is not a rule: write it like V-251004`},
		"rule unknown":       {"V-251004", "V-999999", `a.yaml:2: attestations[0].rule: there is no rule "V-999999": write one that stigwatch status lists`},
		"rule readable":      {"V-251004", "V-250990", "a.yaml:3: attestations[0].facts[0]: V-250990 has nothing that an attestation may answer: remove this entry"},
		"fact of another":    {"V-251004", "V-250987", `a.yaml:3: attestations[0].facts[0]: "core.backup_schedule" is nothing that an attestation may answer for V-250987: write one of sshd.banner`},
		"no facts":           {"[core.backup_schedule]", "[]", "a.yaml:3: attestations[0].facts: the list is empty: name at least one of core.backup_schedule, core.backup_restore"},
		"fact twice":         {"[core.backup_schedule]", "[core.backup_schedule, core.backup_schedule]", "a.yaml:3: attestations[0].facts[1]: core.backup_schedule stands there twice: remove one"},
		"status":             {"status: pass", "status: Pass", `a.yaml:4: attestations[0].status: "Pass" is not a status: write pass, fail or notapplicable`},
		"status unanswered":  {"status: pass", "status: notchecked", `a.yaml:4: attestations[0].status: "notchecked" is not a status: write pass, fail or notapplicable`},
		"statement blank":    {"Nightly snapshots, kept for 30 days; restore tried in October.", `" \n "`, "a.yaml:5: attestations[0].statement: it is blank: say what is so, and how it is known"},
		"statement long":     {"Nightly", strings.Repeat("é", 946), "a.yaml:5: attestations[0].statement: it has 1001 characters: write at most 1000, and put the rest in an evidence file"},
		"statement control":  {"Nightly snapshots, kept for 30 days; restore tried in October.", `"a\eb"`, "a.yaml:5: attestations[0].statement: it holds control characters: write plain text"},
		"name blank":         {"name: ISSO of the lab", `name: " "`, "a.yaml:6: attestations[0].by.name: it is blank: name who answers"},
		"role blank":         {"role: ISSO", `role: ""`, "a.yaml:6: attestations[0].by.role: it is blank: say in what role, such as ISSO"},
		"role of two lines":  {"role: ISSO", `role: "a\nb"`, "a.yaml:6: attestations[0].by.role: it holds line breaks or control characters: write plain text in one line"},
		"by is no person":    {"{name: ISSO of the lab, role: ISSO}", "me", `a.yaml:6: attestations[0].by: "me" stands here where keys with values belong (name: value)`},
		"when is a day":      {"2026-11-20T10:00:00Z", "2026-11-20", `a.yaml:7: attestations[0].when: "2026-11-20" is not a time in UTC: write it like "2026-11-20T10:00:00Z"`},
		"when elsewhere":     {"2026-11-20T10:00:00Z", "2026-11-20T10:00:00+00:00", `a.yaml:7: attestations[0].when: "2026-11-20T10:00:00+00:00" is not a time in UTC: write it like "2026-11-20T10:00:00Z"`},
		"when no such day":   {"2026-11-20T10:00:00Z", "2026-11-31T10:00:00Z", `a.yaml:7: attestations[0].when: "2026-11-31T10:00:00Z" is not a time in UTC: write it like "2026-11-20T10:00:00Z"`},
		"when one digit":     {"2026-11-20T10:00:00Z", "2026-11-20T1:00:00Z", `a.yaml:7: attestations[0].when: "2026-11-20T1:00:00Z" is not a time in UTC: write it like "2026-11-20T10:00:00Z"`},
		"ends as it begins":  {"2027-11-20T10:00:00Z", "2026-11-20T10:00:00Z", "a.yaml:8: attestations[0].expires: it is not after when, 2026-11-20T10:00:00Z: write a later time"},
		"evidence above":     {"backup-job.txt", "../x", `a.yaml:9: attestations[0].evidence.file: "../x" does not name a file in the evidence folder: write its name there, without a leading / and without ..`},
		"evidence elsewhere": {"backup-job.txt", "/etc/passwd", `a.yaml:9: attestations[0].evidence.file: "/etc/passwd" does not name a file in the evidence folder: write its name there, without a leading / and without ..`},
		"evidence folder":    {"backup-job.txt", ".", `a.yaml:9: attestations[0].evidence.file: "." does not name a file in the evidence folder: write its name there, without a leading / and without ..`},
		"digest form":        {"sha256:", "sha1:", `a.yaml:9: attestations[0].evidence.digest: "sha1:` + strings.Repeat("0a", 32) + `" is not a digest: write sha256: and 64 hexadecimal digits in lower case, as sha256sum prints them`},
		"digest missing":     {`, digest: "` + aDigest + `"`, "", "a.yaml:9: attestations[0].evidence.digest: the key is missing: it has no default"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if strings.Count(full, tt.old) != 1 {
				t.Fatalf("%q stands there %d times", tt.old, strings.Count(full, tt.old))
			}
			list, err := parse("a.yaml", []byte(strings.Replace(full, tt.old, tt.new, 1)), known())
			if err == nil || err.Error() != tt.want || list != nil {
				t.Errorf("got:\n%v\nwant:\n%s", err, tt.want)
			}
		})
	}
}

func TestLoadListsEveryMistake(t *testing.T) {
	_, err := Load(put(t, full+`  - {rule: V-1, facts: [x], status: no, statement: "", by: {name: "", role: ""}, when: a, expires: b}
  - {rule: V-251004, facts: [core.backup_restore, core.backup_schedule], status: fail, statement: a, by: {name: a, role: b}, when: "2026-11-20T10:00:00Z", expires: "2026-11-20T10:00:01Z"}
`), true, known())
	var wrong strict.Mistakes
	if !errors.As(err, &wrong) || len(wrong) != 7 || wrong[6].Key != "attestations[1].expires" {
		t.Errorf("%d:\n%v", len(wrong), err)
	}
}

func TestLoadTakesTheLongestOfAll(t *testing.T) {
	text := strings.Replace(full, "2027-11-20T10", "2027-11-21T10", 1) // 366 days
	text = strings.Replace(text, "Nightly", strings.Repeat("é", 1000-len("Nightly snapshots, kept for 30 days; restore tried in October.")+len("Nightly")), 1)
	if _, err := parse("a.yaml", []byte(text), known()); err != nil {
		t.Error(err)
	}
}

func TestAtSaysWhyAnAnswerIsVoid(t *testing.T) {
	when, end := nightly().instants()
	good := func(string) (string, error) { return aDigest, nil }
	tests := map[string]struct {
		now    time.Time
		digest func(string) (string, error)
		void   string
	}{
		"the instant it begins":   {when, good, ""},
		"just before":             {when.Add(-1), good, "is dated in the future, 2026-11-20T10:00:00Z"},
		"just before the end":     {end.Add(-1), good, ""},
		"the instant it ends":     {end, good, "expired on 2027-11-20T10:00:00Z"},
		"in another zone":         {end.In(time.FixedZone("", 3600)), good, "expired on 2027-11-20T10:00:00Z"},
		"evidence changed":        {when, func(string) (string, error) { return strict.Digest(nil), nil }, "its evidence backup-job.txt changed"},
		"evidence gone":           {when, func(f string) (string, error) { _, err := os.ReadFile("/none/" + f); return "", err }, "its evidence backup-job.txt cannot be read: no such file or directory"},
		"evidence not read":       {when, func(string) (string, error) { return aDigest, errors.New("too large") }, "its evidence backup-job.txt cannot be read: too large"},
		"expired before evidence": {end, func(string) (string, error) { t.Error("read for nothing"); return "", nil }, "expired on 2027-11-20T10:00:00Z"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := nightly()
			a.Facts = []string{"core.backup_schedule", "core.backup_restore"}
			got := (&Book{Attestations: []Attestation{a}}).At(tt.now, tt.digest)
			want := Answer{
				Rule: "V-251004", Fact: "core.backup_schedule", Status: finding.Pass, Statement: a.Statement,
				By: "ISSO of the lab", Role: "ISSO", When: when, Expires: end, Void: tt.void,
			}
			other := want
			other.Fact = "core.backup_restore"
			if diff := cmp.Diff([]Answer{want, other}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func (a Attestation) instants() (time.Time, time.Time) { return a.start(), a.end() }

func TestAtAsksForNoEvidenceThatIsNotNamed(t *testing.T) {
	a := nightly()
	a.Evidence = nil
	got := (&Book{Attestations: []Attestation{a}}).At(a.start(), nil)
	if len(got) != 1 || got[0].Void != "" {
		t.Errorf("%+v", got)
	}
	if got := new(Book).At(a.start(), nil); got != nil {
		t.Errorf("%+v", got)
	}
}

func TestExpiringNamesTheThreshold(t *testing.T) {
	const day = 24 * time.Hour
	b := &Book{Attestations: []Attestation{nightly()}}
	start, end := nightly().instants()
	keys := map[string]bool{}
	tests := []struct {
		left time.Duration
		want int
	}{
		{30*day + 1, 0}, {30 * day, 30}, {14*day + 1, 30}, {14 * day, 14}, {7*day + 1, 14}, {7 * day, 7}, {1, 7}, {0, 0}, {-1, 0}, {end.Sub(start) + 1, 0},
	}
	for _, tt := range tests {
		got := b.Expiring(end.Add(-tt.left))
		if tt.want == 0 {
			if len(got) != 0 {
				t.Errorf("%v left: %+v", tt.left, got)
			}
			continue
		}
		want := []Warning{{Rule: "V-251004", Facts: []string{"core.backup_schedule"}, Days: tt.want, Expires: end}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v left: %s", tt.left, diff)
		}
		keys[got[0].Key()] = true
	}
	if len(keys) != 3 {
		t.Errorf("keys: %v", keys)
	}
}

func TestExpiringLeavesOutWhatHasNotBegun(t *testing.T) {
	a := nightly()
	a.Expires = "2026-11-21T10:00:00Z"
	b := &Book{Attestations: []Attestation{a}}
	if got := b.Expiring(a.start().Add(-1)); got != nil {
		t.Errorf("%+v", got)
	}
	if got := b.Expiring(a.start()); len(got) != 1 || got[0].Days != 7 {
		t.Errorf("%+v", got)
	}
}

func TestAddMakesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "attestations.yaml")
	if err := Add(path, nightly(), known()); err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer(
		"statement: Nightly snapshots, kept for 30 days; restore tried in October.", `statement: "Nightly snapshots, kept for 30 days; restore tried in October."`,
		"name: ISSO of the lab", `name: "ISSO of the lab"`).Replace(full)
	if diff := cmp.Diff(want, read(t, path)); diff != "" {
		t.Error(diff)
	}
	if fi, err := os.Stat(path); err != nil || fi.Mode() != 0o640 {
		t.Errorf("%v %v", fi.Mode(), err)
	}
}

func TestAddRefusesAMistake(t *testing.T) {
	other := nightly()
	other.Facts = []string{"core.backup_restore"}
	unknown := nightly()
	unknown.Facts = []string{"core.backup"}
	tests := map[string]struct {
		before string
		add    Attestation
		want   string
	}{
		"in the file":    {strings.Replace(full, "V-2", "X-2", 1), other, `cannot add the attestation: PATH:2: attestations[0].rule: "X-251004" is not a rule: write it like V-251004`},
		"in the new one": {full, unknown, `cannot add the attestation: with it the file would have a mistake: PATH:11: attestations[1].facts[0]: "core.backup" is nothing that an attestation may answer for V-251004: write one of core.backup_schedule, core.backup_restore`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path := put(t, tt.before)
			err := Add(path, tt.add, known())
			if got := strings.ReplaceAll(fmt.Sprint(err), path, "PATH"); got != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
			if wrong := (strict.Mistakes)(nil); !errors.As(err, &wrong) {
				t.Error("no strict.Mistakes")
			}
			if read(t, path) != tt.before {
				t.Error("the file changed")
			}
		})
	}
	if err := Add("/proc/attestations.yaml", nightly(), known()); !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a folder that takes no file: %v", err)
	}
}

func TestAddLeavesEarlierBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	letters := []rune("aZ \"'\\\n\t:#-[]{}é…\u00a0\u202e\U0001F600")
	word := func(also string) string {
		b := []rune("w")
		for range r.IntN(30) {
			if l := letters[r.IntN(len(letters))]; !strings.ContainsRune(also, l) {
				b = append(b, l)
			}
		}
		return string(append(b, 'w'))
	}
	k := Known{"V-251004": {}}
	path := put(t, "# Ours, by hand.\nattestations:\n- rule: V-250987   # the banner\n  facts:\n  - sshd.banner\n"+
		"  status: fail\n  by:\n    name: me\n    role: ISSO\n  when: 2026-11-20T10:00:00Z\n  expires: 2026-11-21T10:00:00Z\n  statement: >\n    It is\n    folded.")
	k["V-250987"] = []string{"sshd.banner"}
	var want []Attestation
	for i := range 40 {
		a := nightly()
		a.Facts = []string{fmt.Sprintf("core.f%d", i)}
		a.Statement, a.By = word(""), Person{word("\n\t"), word("\n\t")}
		if r.IntN(2) == 0 {
			a.Evidence = nil
		}
		k["V-251004"] = append(k["V-251004"], a.Facts[0])
		want = append(want, a)
		before := read(t, path)
		if err := Add(path, a, k); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(read(t, path), before) {
			t.Fatal("earlier bytes changed")
		}
	}
	book, err := Load(path, true, k)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, book.Attestations[1:]); diff != "" || book.Attestations[0].Statement != "It is folded." {
		t.Error(diff)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte("attestations: [{rule: V-250990, facts: [a]}]"))
	f.Add([]byte("attestations:\n- &a [*a]\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := parse("f", b, known())
		if err != nil {
			var wrong strict.Mistakes
			if !errors.As(err, &wrong) || len(wrong) == 0 || list != nil {
				t.Fatal(err)
			}
			return
		}
		book := &Book{Attestations: list}
		begin, end := nightly().instants()
		for _, a := range book.At(begin, func(string) (string, error) { return "", nil }) {
			if a.Rule == "" || a.Fact == "" || a.Statement == "" || a.By == "" || a.Role == "" || !a.Expires.After(a.When) {
				t.Fatalf("%+v", a)
			}
		}
		book.Expiring(end)
	})
}

func TestALaterAnswerTakesThePlaceOfAnEarlierOne(t *testing.T) {
	when, end := nightly().instants()
	earlier, later := nightly(), nightly()
	later.Status, later.When, later.Expires = finding.Fail, when.AddDate(0, 0, 10).Format(time.RFC3339), when.AddDate(0, 0, 20).Format(time.RFC3339)
	book := Book{Attestations: []Attestation{earlier, later}}
	good := func(string) (string, error) { return aDigest, nil }
	for _, tt := range []struct {
		days   int
		status finding.Outcome
		void   bool
	}{{1, finding.Pass, false}, {10, finding.Fail, false}, {19, finding.Fail, false}, {20, finding.Pass, false}, {400, finding.Fail, true}} {
		got := book.At(when.AddDate(0, 0, tt.days), good)
		if len(got) != 1 || got[0].Status != tt.status || (got[0].Void != "") != tt.void {
			t.Errorf("after %d days: %+v", tt.days, got)
		}
	}
	renewal := nightly()
	renewal.When, renewal.Expires = end.AddDate(0, 0, -20).Format(time.RFC3339), end.AddDate(1, 0, 0).Format(time.RFC3339)
	book = Book{Attestations: []Attestation{earlier, renewal}}
	if got := book.Expiring(end.AddDate(0, 0, -25)); len(got) != 1 {
		t.Errorf("before the renewal: %+v", got)
	}
	if got := book.Expiring(end.AddDate(0, 0, -5)); len(got) != 0 {
		t.Errorf("after the renewal: %+v", got)
	}
}
