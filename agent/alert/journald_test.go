package alert

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// journalSocket is the library's variable for the journal's path, which only the
// linker can set.
const journalSocket = "github.com/coreos/go-systemd/v22/journal.journalSocket"

// TestJournalReceivesFields stands in for the journal: what arrives is what the
// library wrote on the wire, one FIELD=value a line.
func TestJournalReceivesFields(t *testing.T) {
	dir := t.TempDir()
	path, program := filepath.Join(dir, "socket"), filepath.Join(dir, "journalsend")
	build := exec.Command("go", "build", "-ldflags", "-X "+journalSocket+"="+path, "-o", program, "./testdata/journalsend")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := exec.Command(program).CombinedOutput(); err == nil || !strings.Contains(string(out), "it is not there") {
		t.Errorf("without a journal: %v: %s", err, out)
	}

	receiver := datagrams(t, "unixgram", path)
	if out, err := exec.Command(program).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	got := fieldsOf(t, datagram(t, receiver))
	want := map[string]string{
		"PRIORITY": "3", "SYSLOG_IDENTIFIER": "stigwatch",
		"MESSAGE":       "V-250989 opened (CAT II): it is␊wrong (/etc/x=y:12)",
		"STIGWATCH_SEQ": "7", "STIGWATCH_ID": got["STIGWATCH_ID"], "STIGWATCH_EVENT": "opened",
		"STIGWATCH_RULE": "V-250989", "STIGWATCH_STIG_ID": "MOIS-ND-000420", "STIGWATCH_SEVERITY": "medium",
		"STIGWATCH_RESULT": "fail", "STIGWATCH_REASON": "it is␊wrong", "STIGWATCH_FILE": "/etc/x=y",
		"STIGWATCH_ASSURANCE": "", "STIGWATCH_LINE": "12", "STIGWATCH_EXPECTED": ">= 15", "STIGWATCH_ACTUAL": `a="b"]␊␀`, "STIGWATCH_CODE": "",
	}
	if d := cmp.Diff(want, got); d != "" || len(got["STIGWATCH_ID"]) != 32 {
		t.Error(d)
	}
}

func fieldsOf(t *testing.T, b []byte) map[string]string {
	t.Helper()
	fields := map[string]string{}
	for line := range strings.Lines(string(b)) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !ok {
			t.Fatalf("no field: %q", line)
		}
		fields[name] = value
	}
	return fields
}
