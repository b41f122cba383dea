package watch

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}

func TestBatch(t *testing.T) {
	one, two := time.Unix(1, 0), time.Unix(2, 0)
	b := batch{limit: 3}
	b.add("b", two)
	b.add("a", two)
	b.merge(Event{Paths: []string{"b", "c"}, At: one})
	if d := cmp.Diff(Event{Paths: []string{"a", "b", "c"}, At: one}, b.take()); d != "" {
		t.Error(d)
	}
	if !b.empty() {
		t.Error("not empty after take")
	}
}

func TestBatchAllSwallowsPaths(t *testing.T) {
	at := time.Unix(1, 0)
	b := batch{limit: 1}
	b.add("a", at)
	b.everything("this", at)
	b.everything("that", at)
	b.everything("this", at)
	b.add("b", at)
	if d := cmp.Diff(Event{All: true, Reason: "this; that", At: at}, b.take()); d != "" {
		t.Error(d)
	}
	b.add("a", at)
	b.add("b", at)
	if e := b.take(); !e.All || e.Reason == "" || e.Paths != nil {
		t.Errorf("beyond the limit: %+v", e)
	}
}
