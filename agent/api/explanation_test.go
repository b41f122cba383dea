package api_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/api"
	"stigwatch/agent/finding"
)

func TestExplainDerivesWhatWouldMakeItPass(t *testing.T) {
	evidence := []finding.Item{
		{Fact: "a.bad", Role: finding.Required, State: finding.Known, Actual: 1, Expected: ">= 2", Reason: "is 1"},
		{Fact: "a.lost", Role: finding.Required, State: finding.Unreadable, Reason: "permission denied"},
		{Fact: "a.good", Role: finding.Required, State: finding.Known},
		{Fact: "a.beside", Role: finding.Corroborating, State: finding.Unmapped, Reason: "not mapped"},
	}
	site := []api.SiteValue{{Key: "limit"}, {Key: "users", Set: true, Value: []any{}}}
	want := []api.Need{
		{Fact: "a.bad", Expected: ">= 2", Reason: "is 1"},
		{Fact: "a.lost", Reason: "permission denied"},
		{Fact: "site.limit", Reason: "the site profile does not set it"},
	}
	cases := map[finding.Outcome][]api.Need{
		finding.Fail:          want,
		finding.NotChecked:    want,
		finding.Pass:          {},
		finding.NotApplicable: {},
	}
	for outcome, want := range cases {
		result := finding.Result{Rule: "V-1", Outcome: outcome, Evidence: evidence}
		got := api.Explain("h", time.Unix(0, 0), api.Policy{}, &finding.Rule{ID: "V-1"}, result, nil, site)
		if diff := cmp.Diff(want, got.ToPass); diff != "" {
			t.Errorf("%s: -want +got:\n%s", outcome, diff)
		}
	}
}
