package mapping

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"stigwatch/agent/strict"
)

// Merge lays layers of entries over each other, fact by fact: an entry replaces
// that of an earlier layer as a whole. The same fact twice in one layer is a
// mistake, since nothing would say which one is meant, unless both name the same
// places: then the one with the better status counts, and confirmations add up,
// of several releases and hosts. The error, if any, is a strict.Mistakes.
func Merge(layers ...[]Entry) (map[string]Entry, error) {
	merged := map[string]Entry{}
	var wrong strict.Mistakes
	for _, layer := range layers {
		seen := map[string]Entry{}
		for _, e := range layer {
			first, again := seen[e.Fact]
			both, agree := first.with(e)
			switch {
			case !again:
				seen[e.Fact] = e
			case agree:
				seen[e.Fact] = both
			default:
				wrong = append(wrong, e.mistake(fmt.Sprintf("%s:%d says already where this fact lies: keep one", first.File, first.Line)))
			}
		}
		maps.Copy(merged, seen)
	}
	wrong = append(wrong, chains(merged)...)
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	return merged, nil
}

// trust orders the statuses.
var trust = map[Status]int{Assumed: 1, Learned: 2, Confirmed: 3, Documented: 4}

// with makes one entry of two that name the same places. Two of one status say
// nothing new, but for confirmations.
func (e Entry) with(next Entry) (Entry, bool) {
	switch {
	case !reflect.DeepEqual(e.From, next.From) || e.Assurance != next.Assurance:
		return e, false
	case e.Status == Confirmed && next.Status == Confirmed && next.Confirmed != nil:
		e.Also = append(slices.Clone(e.Also), *next.Confirmed)
		return e, true
	case trust[next.Status] > trust[e.Status]:
		return next, true
	}
	return e, trust[next.Status] < trust[e.Status]
}

// chains finds file_of that names a fact which is itself in a file named by
// another: one step is what programs do, and steps could go round in circles.
func chains(merged map[string]Entry) strict.Mistakes {
	var wrong strict.Mistakes
	for _, name := range slices.Sorted(maps.Keys(merged)) {
		for i, s := range merged[name].From {
			target := merged[s.FileOf]
			if s.FileOf == "" || !slices.ContainsFunc(target.From, func(t Source) bool { return t.FileOf != "" }) {
				continue
			}
			m := merged[name].mistake(fmt.Sprintf("file_of %q, which lies itself in a file that a fact names (%s:%d): name the file",
				s.FileOf, target.File, target.Line))
			m.Key += ".from[" + strconv.Itoa(i) + "]"
			wrong = append(wrong, m)
		}
	}
	return wrong
}

func (e Entry) mistake(msg string) strict.Mistake {
	return strict.Mistake{File: e.File, Line: e.Line, Key: e.Fact, Msg: msg}
}
