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
		"PRIORITY": "6", "SYSLOG_IDENTIFIER": "stigwatch",
		"MESSAGE":       "V-250989 opened (CAT II): it is␊wrong (/etc/x=y:12)",
		"STIGWATCH_SEQ": "7", "STIGWATCH_ID": got["STIGWATCH_ID"], "STIGWATCH_EVENT": "opened",
		"STIGWATCH_RULE": "V-250989", "STIGWATCH_STIG_ID": "MOIS-ND-000420", "STIGWATCH_SEVERITY": "medium",
		"STIGWATCH_RESULT": "fail", "STIGWATCH_REASON": "it is␊wrong", "STIGWATCH_FILE": "/etc/x=y",
		"STIGWATCH_ASSURANCE": "", "STIGWATCH_LINE": "12", "STIGWATCH_EXPECTED": ">= 15", "STIGWATCH_ACTUAL": `a="b"]␊␀`, "STIGWATCH_CODE": "",
		"STIGWATCH_TIME": "2096-02-29T01:02:03Z", "STIGWATCH_HOST": "sentry1", "STIGWATCH_TITLE": "Passwords are long",
		"STIGWATCH_PREVIOUS": "pass", "STIGWATCH_FACT": "min_length", "STIGWATCH_BEFORE": "15", "STIGWATCH_WAIVED": "false",
		"STIGWATCH_ANNOUNCED": "CHG-1", "STIGWATCH_HEAD": "", "STIGWATCH_COUNTER_RULES_OPEN": "3",
		"STIGWATCH_WHO": "audit", "STIGWATCH_WHO_LOGIN": "admin", "STIGWATCH_WHO_USER": "root", "STIGWATCH_WHO_PID": "42",
		"STIGWATCH_WHO_COMMAND": "vi", "STIGWATCH_WHO_TERMINAL": "pts/0", "STIGWATCH_WHO_REMOTE": "192.0.2.7", "STIGWATCH_WHO_PACKAGE": "",
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
