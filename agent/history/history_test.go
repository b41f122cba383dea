package history

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/api"
	"stigwatch/agent/finding"
	"stigwatch/agent/journal"
)

var begin = time.Date(2026, 10, 31, 22, 0, 0, 0, time.UTC)

func at(hours float64) time.Time { return begin.Add(time.Duration(hours * float64(time.Hour))) }

func entry(t *testing.T, kind journal.Kind, when time.Time, body any) journal.Entry {
	t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return journal.Entry{N: 1, At: when, Kind: kind, Body: b}
}

func result(rule string, outcome finding.Outcome) api.Result {
	return api.Result{Rule: rule, Result: string(outcome), Severity: "medium", Evidence: []api.Evidence{}}
}

func changed(t *testing.T, when time.Time, rule string, outcome finding.Outcome) journal.Entry {
	event := finding.Resolved
	if outcome == finding.Fail {
		event = finding.Opened
	}
	return entry(t, journal.Change, when, Change{Event: event, Result: result(rule, outcome)})
}

func fold(t *testing.T, f *Fold, entries ...journal.Entry) *Fold {
	t.Helper()
	for _, e := range entries {
		if err := f.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func TestExposureAddsUpByMonth(t *testing.T) {
	state := entry(t, journal.State, at(0), State{Host: "h", Results: []api.Result{result("V-1", finding.Pass), result("V-2", finding.Fail)}})
	f := fold(t, New(time.Time{}, at(10), ""), state,
		changed(t, at(1), "V-1", finding.Fail),   // 23:00, October
		changed(t, at(3.5), "V-1", finding.Pass), // 01:30, November
		changed(t, at(4), "V-1", finding.Fail),
	)
	want := []api.Exposure{
		{Rule: "V-1", Severity: "medium", Result: "fail", Since: api.At(at(4)), Known: api.At(at(0)), Times: 2,
			TotalSeconds: 8*3600 + 1800, LongestSeconds: 6 * 3600, NowSeconds: 6 * 3600,
			Months: []api.Month{{Month: "2026-10", Seconds: 3600}, {Month: "2026-11", Seconds: 7*3600 + 1800}}},
		{Rule: "V-2", Severity: "medium", Result: "fail", Since: api.At(at(0)), Known: api.At(at(0)), Times: 1,
			TotalSeconds: 36000, LongestSeconds: 36000, NowSeconds: 36000,
			Months: []api.Month{{Month: "2026-10", Seconds: 2 * 3600}, {Month: "2026-11", Seconds: 8 * 3600}}},
	}
	if d := cmp.Diff(want, f.History().Exposure); d != "" {
		t.Error(d)
	}
}

func TestOnlyWhatLiesBetweenTheEndsCounts(t *testing.T) {
	f := fold(t, New(at(2), at(3), ""),
		changed(t, at(1), "V-1", finding.Fail),
		changed(t, at(2.5), "V-1", finding.Pass),
		changed(t, at(5), "V-1", finding.Fail),
	)
	h := f.History()
	if len(h.Changes) != 1 || len(h.Exposure) != 1 || h.Exposure[0].TotalSeconds != 1800 || h.Exposure[0].Result != "pass" {
		t.Errorf("%+v", h)
	}
}

func TestAStateAtAStartTellsWhatHappenedMeanwhile(t *testing.T) {
	f := fold(t, New(time.Time{}, at(10), ""),
		entry(t, journal.State, at(0), State{Host: "h", Results: []api.Result{result("V-1", finding.Fail)}}),
		entry(t, journal.State, at(6), State{Host: "h", Results: []api.Result{result("V-1", finding.Pass)}}),
	)
	if x := f.History().Exposure[0]; x.TotalSeconds != 6*3600 || x.NowSeconds != 0 {
		t.Errorf("%+v", x)
	}
}

func TestReportIsHowAllStoodAtThatTime(t *testing.T) {
	all := []journal.Entry{
		entry(t, journal.State, at(0), State{Host: "h", Policy: api.Policy{Digest: "d"}, Results: []api.Result{result("V-1", finding.Pass), result("V-2", finding.NotChecked)}}),
		changed(t, at(1), "V-1", finding.Fail),
		changed(t, at(2), "V-1", finding.Pass),
	}
	for hour, want := range map[float64]string{0.5: "pass", 1.5: "fail", 2.5: "pass"} {
		r := fold(t, New(at(hour), at(hour), ""), all...).Report()
		if r.Host != "h" || len(r.Results) != 2 || r.Results[0].Result != want || r.Summary.NotChecked != 1 {
			t.Errorf("after %v hours: %+v", hour, r)
		}
	}
	if r := fold(t, New(at(-1), at(-1), ""), all...).Report(); r != nil {
		t.Errorf("before the journal: %+v", r)
	}
}

// For any sequence of changes the seconds of the months are those of all, and no
// more than the time that went by.
func TestExposureIsNeverMoreThanTheTime(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var all []journal.Entry
		now, failing := begin, false
		want := time.Duration(0)
		for range 1 + r.IntN(30) {
			step := time.Duration(r.IntN(400)) * time.Hour
			if failing {
				want += step
			}
			now = now.Add(step)
			failing = !failing
			outcome := finding.Pass
			if failing {
				outcome = finding.Fail
			}
			all = append(all, changed(t, now, "V-1", outcome))
		}
		x := fold(t, New(time.Time{}, now, "V-1"), all...).History().Exposure[0]
		sum := int64(0)
		for _, m := range x.Months {
			sum += m.Seconds
		}
		if x.TotalSeconds != seconds(want) || sum != x.TotalSeconds || x.LongestSeconds > x.TotalSeconds {
			t.Fatalf("%d s, by month %d, want %v: %+v", x.TotalSeconds, sum, want, x)
		}
	}
}

func TestStartsAndMigrationsReadWell(t *testing.T) {
	f := fold(t, New(time.Time{}, at(10), ""),
		entry(t, journal.Start, at(1), map[string]string{"version": "1.1", "previous": "1.0"}),
		entry(t, journal.Start, at(2), map[string]string{"version": "1.1"}),
		entry(t, journal.Migrated, at(3), journal.Migration{From: 1, To: 2, Copy: "journal.db.schema1.bak"}),
	)
	var got []string
	for _, c := range f.History().Changes {
		got = append(got, c.What+": "+c.Text)
	}
	want := []string{
		"start: 1.1, it was 1.0 before", "start: 1.1",
		"migrated: the journal, from schema 1 to 2; what it was is kept as journal.db.schema1.bak",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
