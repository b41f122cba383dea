package finding

import (
	"testing"
	"time"
)

func result(o Outcome, reason string) Result { return Result{Rule: "V-1", Outcome: o, Reason: reason} }

func TestTransitions(t *testing.T) {
	for _, c := range []struct {
		name     string
		was, now Result
		known    bool
		want     Event
	}{
		{"first pass opens a fail", Result{}, result(Fail, "x"), false, Opened},
		{"first pass tells nothing of a pass", Result{}, result(Pass, ""), false, ""},
		{"first pass tells nothing of what is not checked", Result{}, result(NotChecked, ""), false, ""},
		{"pass to fail", result(Pass, ""), result(Fail, "x"), true, Opened},
		{"not checked to fail", result(NotChecked, ""), result(Fail, "x"), true, Opened},
		{"error to fail", result(Error, ""), result(Fail, "x"), true, Opened},
		{"fail to pass", result(Fail, "x"), result(Pass, ""), true, Resolved},
		{"fail to not applicable", result(Fail, "x"), result(NotApplicable, ""), true, Resolved},
		{"fail on other evidence", result(Fail, "x"), result(Fail, "y"), true, Changed},
		{"fail on the same evidence", result(Fail, "x"), result(Fail, "x"), true, ""},
		{"fail that cannot be told any more", result(Fail, "x"), result(NotChecked, "z"), true, Lost},
		{"pass that cannot be told any more", result(Pass, ""), result(NotChecked, "z"), true, Lost},
		{"pass to a policy error", result(Pass, ""), result(Error, "z"), true, Lost},
		{"not checked to a policy error", result(NotChecked, ""), result(Error, "z"), true, Lost},
		{"can be told again", result(NotChecked, ""), result(Pass, ""), true, Regained},
		{"pass stays", result(Pass, ""), result(Pass, ""), true, ""},
		{"not checked for another reason", result(NotChecked, "a"), result(NotChecked, "b"), true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := map[string]Result{}
			if c.known {
				before["V-1"] = c.was
			}
			got := Diff(map[string]*Rule{"V-1": {ID: "V-1"}}, before, []Result{c.now}, time.Now())
			switch {
			case c.want == "" && len(got) != 0:
				t.Errorf("%+v", got)
			case c.want != "" && (len(got) != 1 || got[0].Event != c.want || got[0].Rule == nil):
				t.Errorf("%+v, want %s", got, c.want)
			}
		})
	}
}

func TestSinceIsKeptWhileTheOutcomeHolds(t *testing.T) {
	t0, t1 := time.Unix(1, 0), time.Unix(2, 0)
	before := map[string]Result{"V-1": {Rule: "V-1", Outcome: Fail, Since: t0}, "V-2": {Rule: "V-2", Outcome: Pass, Since: t0}}
	after := []Result{{Rule: "V-1", Outcome: Fail}, {Rule: "V-2", Outcome: Fail}, {Rule: "V-3", Outcome: Pass}}
	Carry(before, after, t1)
	if !after[0].Since.Equal(t0) || !after[1].Since.Equal(t1) || !after[2].Since.Equal(t1) {
		t.Errorf("%v", after)
	}
}

func TestWeakerAssuranceWins(t *testing.T) {
	order := []Assurance{Direct, Proxy, Attested, Unknown}
	for i, a := range order {
		for j, b := range order {
			if got := a.Weaker(b); got != order[max(i, j)] {
				t.Errorf("%s and %s: %s", a, b, got)
			}
		}
	}
}
