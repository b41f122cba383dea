package errand

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/attest"
	"stigwatch/agent/finding"
)

func TestWhatNobodyCanReadIsAnsweredAndNothingElse(t *testing.T) {
	dir := rig.New(t, "compliant")
	if err := os.Remove(filepath.Join(dir, "stigwatch/attestations.yaml")); err != nil {
		t.Fatal(err)
	}
	rig.Put(t, filepath.Join(dir, "stigwatch/evidence/backup.txt"), "it ran\n")
	now := time.Now().UTC().Truncate(time.Second)
	a := attest.Attestation{
		Rule: "V-251004", Status: finding.Pass, Statement: "It runs each night.", By: attest.Person{Name: "A", Role: "ISSO"},
		When: now.Format(time.RFC3339), Expires: now.AddDate(0, 0, 300).Format(time.RFC3339), Evidence: &attest.Evidence{File: "backup.txt"},
	}
	if _, err := Attest(optionsIn(dir), a); err != nil {
		t.Fatal(err)
	}
	if r := check(t, dir)["V-251004"]; r.Result != "pass" {
		t.Errorf("%s: %s", r.Result, r.Reason)
	}
	a.Rule = "V-250989"
	if _, err := Attest(optionsIn(dir), a); err == nil || !strings.Contains(err.Error(), "all that it needs can be read") {
		t.Errorf("%v", err)
	}
}
