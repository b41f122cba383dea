package api_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/api"
	"stigwatch/agent/finding"
)

// sample is the shape that scripts rely on, written out.
const sample = `{
  "schema": "stigwatch/v1",
  "host": "sentry1",
  "time": "2026-11-23T01:02:03Z",
  "policy": {
    "digest": "sha256:aa",
    "source": "embedded"
  },
  "summary": {
    "pass": 1,
    "fail": 1,
    "notchecked": 0,
    "notapplicable": 0,
    "error": 0,
    "open": {
      "high": 0,
      "medium": 1,
      "low": 0
    }
  },
  "results": [
    {
      "rule": "V-250989",
      "stig_id": "MOIS-ND-000420",
      "benchmark": "ndm",
      "severity": "medium",
      "title": "Passwords are at least 15 characters long",
      "result": "fail",
      "assurance": "direct",
      "reason": "minimum length is 8, must be at least 15",
      "evidence": [
        {
          "fact": "mics.password_policy.min_length",
          "role": "required",
          "state": "known",
          "file": "/mi/config-system/startup_config/policy.xml",
          "line": 12,
          "digest": "sha256:bb",
          "actual": 8,
          "expected": ">= 15",
          "reason": ""
        },
        {
          "fact": "pwquality.minlen",
          "role": "corroborating",
          "state": "absent",
          "file": "/etc/security/pwquality.conf",
          "line": 0,
          "digest": "",
          "actual": null,
          "expected": "",
          "reason": ""
        }
      ],
      "remark": "",
      "waived": false,
      "since": "2026-11-22T23:00:00Z",
      "evaluated": "2026-11-23T01:02:03Z"
    },
    {
      "rule": "V-250990",
      "stig_id": "",
      "benchmark": "",
      "severity": "",
      "title": "",
      "result": "pass",
      "assurance": "",
      "reason": "",
      "evidence": [],
      "remark": "",
      "waived": false,
      "since": "",
      "evaluated": ""
    }
  ]
}
`

func exampleReport() *api.Report {
	at := time.Date(2026, 11, 23, 2, 2, 3, 999, time.FixedZone("CET", 3600))
	rules := map[string]*finding.Rule{"V-250989": {
		ID: "V-250989", StigID: "MOIS-ND-000420", Benchmark: "ndm", Severity: finding.Medium,
		Title: "Passwords are at least 15 characters long",
	}}
	return api.FromResults("sentry1", at, api.Policy{Digest: "sha256:aa", Source: "embedded"}, rules, []finding.Result{
		{Rule: "V-250990", Outcome: finding.Pass},
		{
			Rule: "V-250989", Outcome: finding.Fail, Assurance: finding.Direct,
			Reason: "minimum length is 8, must be at least 15",
			Evidence: []finding.Item{
				{Fact: "mics.password_policy.min_length", Role: finding.Required, State: finding.Known, File: "/mi/config-system/startup_config/policy.xml", Line: 12, Digest: "sha256:bb", Actual: int64(8), Expected: ">= 15"},
				{Fact: "pwquality.minlen", Role: finding.Corroborating, State: finding.Absent, File: "/etc/security/pwquality.conf"},
			},
			Since: at.Add(-2*time.Hour - 2*time.Minute - 3*time.Second), Evaluated: at,
		},
	})
}

func TestReportHasThePromisedShape(t *testing.T) {
	var b bytes.Buffer
	if err := api.Encode(&b, exampleReport(), true); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample, b.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestReportComesBackFromJSON(t *testing.T) {
	want := exampleReport()
	want.Results[0].Evidence[0].Actual = float64(8)
	var got api.Report
	if err := json.Unmarshal([]byte(sample), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, &got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestNoListIsNull(t *testing.T) {
	docs := map[string]any{
		"report":      api.FromResults("", time.Time{}, api.Policy{}, nil, nil),
		"explanation": api.Explain("", time.Time{}, api.Policy{}, &finding.Rule{}, finding.Result{}, []api.Fact{api.FromFact(finding.Fact{Value: 1}, finding.Required, "")}, nil),
	}
	for name, doc := range docs {
		var b bytes.Buffer
		if err := api.Encode(&b, doc, false); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "null") {
			t.Errorf("%s has a null: %s", name, b.String())
		}
	}
}

func TestEncodeShowsWhatWouldBeHidden(t *testing.T) {
	in := map[string]string{"a": "x\x1b[2J\u009b\u007f\u202e\U000E0041<é>\n"}
	var b bytes.Buffer
	if err := api.Encode(&b, in, false); err != nil {
		t.Fatal(err)
	}
	want := `{"a":"x\u001b[2J\u009b\u007f\u202e\udb40\udc41<é>\n"}` + "\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var back map[string]string
	if err := json.Unmarshal(b.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in, back); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestTimeRefusesWhatIsNoTime(t *testing.T) {
	for _, text := range []string{`"yesterday"`, `7`, `{}`} {
		var v api.Time
		if err := json.Unmarshal([]byte(text), &v); err == nil {
			t.Errorf("%s was taken as %v", text, v)
		}
	}
}
