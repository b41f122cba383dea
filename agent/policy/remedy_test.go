package policy

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"

	"stigwatch/agent/finding"
)

func TestRemediesAreTyped(t *testing.T) {
	e := load(t, map[string]any{"ntp_servers": []any{"192.0.2.1", "192.0.2.2"}})
	snap := finding.Snapshot{
		"chrony.servers":    {Name: "chrony.servers", State: finding.Absent},
		"limits.max_logins": {Name: "limits.max_logins", State: finding.Known, Value: int64(50)},
	}
	got, err := e.Remedies(context.Background(), snap, "V-250999")
	want := []finding.Remedy{{
		Rule: "V-250999", Fact: "chrony.servers", Why: "chrony then follows the site's time servers, and no other",
		Value: []any{map[string]any{"host": "192.0.2.1", "kind": "server"}, map[string]any{"host": "192.0.2.2", "kind": "server"}},
	}}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Error(err, d)
	}
	got, err = e.Remedies(context.Background(), snap, "V-250982")
	if err != nil || len(got) != 1 || got[0].Value != int64(10) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err = e.Remedies(context.Background(), snap, "V-251011"); err != nil || got != nil {
		t.Errorf("FIPS mode has a remedy: %+v, %v", got, err)
	}
}

func TestRemedySiteValuesAreDerived(t *testing.T) {
	e := load(t, nil)
	if d := cmp.Diff([]string{"literal_readings", "ntp_servers"}, e.Rules["V-250999"].RemedySite); d != "" {
		t.Error(d)
	}
	if e.Rules["V-251011"].RemedySite != nil {
		t.Error("a rule without remedies has site values of them")
	}
}

func TestARemedyOfTheWrongShapeIsAFault(t *testing.T) {
	e := load(t, nil)
	for _, text := range []string{
		`"x"`,
		`{"fact": "pwquality.minlen", "value": "15", "why": "w"}`,
		`{"fact": "pwquality.minlen", "value": 15.5, "why": "w"}`,
		`{"fact": "pwquality.minlen", "value": 15}`,
		`{"fact": "pwquality.nothing", "value": 15, "why": "w"}`,
		`{"fact": "chrony.servers", "value": "a", "why": "w"}`,
		`{"fact": "chrony.servers", "value": [{"host": 1}], "why": "w"}`,
		`{"fact": "chrony.servers", "value": [{"name": "a"}], "why": "w"}`,
	} {
		if r, err := e.readRemedy("V-250989", ast.MustParseTerm(text)); err == nil {
			t.Errorf("%s was taken as %+v", text, r)
		}
	}
}
