package history

import (
	"encoding/json"
	"testing"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/journal"
)

func TestHistoryShowsWindowsAndWhatWasAnnounced(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	f := New(at.Add(-time.Hour), at.Add(time.Hour), "")
	for i, e := range []struct {
		kind journal.Kind
		body string
	}{
		{journal.Window, `{"what":"opened","window":{"id":"W7"},"text":"maintenance CHG1 opened by root"}`},
		{journal.Change, `{"event":"opened","announced":"CHG1","result":{"rule":"V-1","result":"fail","since":"","evaluated":""}}`},
		{journal.Window, `{"what":"closed","window":{"id":"W7"},"end":{"how":"closed"},"text":"maintenance CHG1 closed by root: 1 change of 1 rule"}`},
	} {
		if err := f.Add(journal.Entry{N: uint64(i + 1), At: at, Kind: e.kind, Body: json.RawMessage(e.body)}); err != nil {
			t.Fatal(err)
		}
	}
	var got []api.HistoryLine
	for _, l := range f.History().Changes {
		got = append(got, api.HistoryLine{What: l.What, Rule: l.Rule, Announced: l.Announced, Text: l.Text})
	}
	want := []api.HistoryLine{
		{What: "window", Text: "maintenance CHG1 opened by root"},
		{What: "opened", Rule: "V-1", Announced: "CHG1"},
		{What: "window", Text: "maintenance CHG1 closed by root: 1 change of 1 rule"},
	}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range want {
		if g := got[i]; g.What != want[i].What || g.Rule != want[i].Rule || g.Announced != want[i].Announced || g.Text != want[i].Text {
			t.Errorf("%+v, want %+v", g, want[i])
		}
	}
}
