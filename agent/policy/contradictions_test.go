package policy

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"stigwatch/agent/finding"
)

// The STIG's text contradicts itself, or the product, in 26 places. Each has a
// test, in Rego or here, whose name says which: test_s3_NN_… or TestS3_NN_….
func TestEachContradictionOfTheTextHasATest(t *testing.T) {
	named := regexp.MustCompile(`(?:\btest_s3_|func TestS3_)(\d\d)_`)
	seen := map[string]bool{}
	for _, pattern := range []string{"../../policies/lib/*/*_test.rego", "../../policies/stig/*/*/*_test.rego", "../*_test.go", "*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, name := range files {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range named.FindAllSubmatch(b, -1) {
				seen[string(m[1])] = true
			}
		}
	}
	for i := 1; i <= 26; i++ {
		if n := fmt.Sprintf("%02d", i); !seen[n] {
			t.Errorf("no test is named after entry %s", n)
		}
	}
}

// sameAnswer judges rules and demands that they all come to the same.
func sameAnswer(t *testing.T, rules []string, snap finding.Snapshot, want finding.Outcome) {
	t.Helper()
	e := load(t, map[string]any{"syslog_servers": []any{map[string]any{"host": "192.0.2.51", "port": int64(6514), "protocol": "tcp"}}})
	for _, r := range e.Evaluate(context.Background(), snap, rules, time.Unix(0, 0)) {
		if r.Outcome != want {
			t.Errorf("%s is %s (%s), want %s like the others", r.Rule, r.Outcome, r.Reason, want)
		}
	}
}

func TestS3_08_OneFIPSSettingGivesNineEqualResults(t *testing.T) {
	rules := strings.Fields("V-250995 V-250997 V-251001 V-251011 V-251012 V-251014 V-251036 V-251037 V-251038")
	with := func(kernel, cli any) finding.Snapshot {
		facts := map[string]*finding.Fact{"kernel.fips_enabled": known(kernel)}
		if cli != nil {
			facts["captures.fips_enabled"] = known(cli)
		}
		return snapshot(facts)
	}
	sameAnswer(t, rules, with(true, nil), finding.Pass)
	sameAnswer(t, rules, with(true, true), finding.Pass)
	sameAnswer(t, rules, with(false, true), finding.Fail)
	sameAnswer(t, rules, with(true, false), finding.Fail)
	sameAnswer(t, rules, snapshot(map[string]*finding.Fact{"captures.fips_enabled": known(true)}), finding.NotChecked)
}

func TestS3_12_OneSyslogSettingGivesTenEqualResults(t *testing.T) {
	rules := strings.Fields("V-251002 V-251006 V-251015 V-251016 V-251017 V-251018 V-251019 V-251020 V-251030 V-251039")
	with := func(enabled, audit bool) finding.Snapshot {
		server := map[string]any{"host": "192.0.2.51", "port": int64(6514), "protocol": "tcp"}
		listed := map[string]any{"host": "192.0.2.51", "port": int64(6514), "protocol": "tcp", "enabled": enabled, "audit": audit}
		return snapshot(map[string]*finding.Fact{"mics.syslog.servers": known([]any{listed}), "rsyslog.forwards": known([]any{server})})
	}
	sameAnswer(t, rules, with(true, true), finding.Pass)
	sameAnswer(t, rules, with(false, true), finding.Fail)
	sameAnswer(t, rules, with(true, false), finding.Fail)
}

func TestS3_25_NoGuidanceCitesAPage(t *testing.T) {
	page := regexp.MustCompile(`(?i)\bp(age|\.)\s*\d`)
	for _, r := range load(t, nil).Rules {
		for _, text := range []string{r.Title, r.GUI, r.CLI, r.Remark} {
			if page.MatchString(text) {
				t.Errorf("%s: %q", r.ID, text)
			}
		}
	}
}
