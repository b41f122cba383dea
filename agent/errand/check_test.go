package errand

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"stigwatch/agent/api"
	"stigwatch/agent/appliance"
	"stigwatch/agent/appliance/rig"
)

func optionsIn(dir string) appliance.Options {
	path, over := rig.Config(dir)
	return appliance.Options{ConfigPath: path, Over: over}
}

// check judges the appliance in dir and gives its results by rule.
func check(t testing.TB, dir string) map[string]api.Result {
	t.Helper()
	r, err := Check(context.Background(), optionsIn(dir), nil)
	return rig.Results(t, r, err)
}

func TestUnknownRuleNamesTheNearest(t *testing.T) {
	_, err := Check(context.Background(), optionsIn(rig.New(t, "empty")), []string{"V-250889"})
	var unknown *api.UnknownRule
	if !errors.As(err, &unknown) || unknown.ID != "V-250889" || unknown.Nearest != "V-250989" {
		t.Errorf("%v", err)
	}
}

// An EDIPI identifies a person: rules compare it, and nobody sees it whole.
func TestPersonalDataIsMaskedWhereverItLeaves(t *testing.T) {
	dir := rig.New(t, "compliant")
	rig.Edit(t, filepath.Join(dir, rig.Identity), "1000000002", "1000000001") // the same twice: a finding, with its item
	r := check(t, dir)["V-250994"]
	x, err := Explain(context.Background(), optionsIn(dir), "V-250994", true)
	if err != nil || len(x.Trace) == 0 || r.Result != "fail" {
		t.Fatalf("%s %v", r.Result, err)
	}
	for _, text := range []string{fmt.Sprintf("%+v", r), fmt.Sprintf("%+v", x)} {
		if strings.Contains(text, "1000000001") || !strings.Contains(text, "********01") {
			t.Errorf("%s", text)
		}
	}
}
