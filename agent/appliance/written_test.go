package appliance

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/api"
	"stigwatch/agent/finding"
)

func wrote(path, now string, facts ...string) []api.Wrote {
	return []api.Wrote{{Path: path, Now: now, Facts: facts}}
}

func TestWhatStandsOfSeveralPlansOnOneFileIsAllOurs(t *testing.T) {
	w := writtenBy([]api.Job{ // the newest first
		{ID: "undo", State: api.JobDone, Undoes: "gone", Wrote: wrote("/f", "sha256:3", "c")},
		{ID: "gone", State: api.JobUndone, Wrote: wrote("/f", "sha256:9", "c")},
		{ID: "two", State: api.JobWaiting, Wrote: wrote("/f", "sha256:2", "b")},
		{ID: "back", State: api.JobRestored, Wrote: wrote("/f", "sha256:8", "d")},
		{ID: "one", State: api.JobDone, Wrote: wrote("/f", "sha256:1", "a", "b")},
	})
	if d := cmp.Diff([]string{"b", "a"}, w["/f"].facts); d != "" || w["/f"].digest != "sha256:2" || len(w) != 1 {
		t.Error(d, w)
	}
}

func TestAPassOnWhatStigwatchWroteIsNoMoreThanProxy(t *testing.T) {
	w := writtenBy([]api.Job{{ID: "one", State: api.JobDone, Wrote: wrote("/f", "sha256:1", "a")}})
	pass := func(file, digest, fact string) finding.Result {
		return finding.Result{Outcome: finding.Pass, Assurance: finding.Direct, Evidence: []finding.Item{{Fact: fact, File: file, Digest: digest}}}
	}
	for name, c := range map[string]struct {
		result finding.Result
		proxy  bool
		remark string
	}{
		"as it was written":  {pass("/f", "sha256:1", "a"), true, "written by stigwatch, not yet seen in use: a"},
		"edited since":       {pass("/f", "sha256:2", "a"), true, "(the file has been edited since)"},
		"another fact of it": {pass("/f", "sha256:1", "b"), false, ""},
		"another file":       {pass("/g", "sha256:1", "a"), false, ""},
		"a fail is a fail": {finding.Result{Outcome: finding.Fail, Assurance: finding.Direct, Evidence: []finding.Item{{Fact: "a", File: "/f", Digest: "sha256:1"}}},
			false, ""},
	} {
		results := []finding.Result{c.result}
		w.unseen(results)
		if got := results[0]; (got.Assurance == finding.Proxy) != c.proxy || !strings.Contains(got.Remark, c.remark) || c.remark == "" && got.Remark != "" {
			t.Errorf("%s: %s %q", name, got.Assurance, got.Remark)
		}
	}
}
