package mapping

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"stigwatch/agent/strict"
)

// Merge lays layers of entries over each other, fact by fact: an entry replaces
// that of an earlier layer as a whole. The same fact twice in one layer is a
// mistake, since nothing would say which one is meant. The error, if any, is a
// strict.Mistakes.
func Merge(layers ...[]Entry) (map[string]Entry, error) {
	merged := map[string]Entry{}
	var wrong strict.Mistakes
	for _, layer := range layers {
		seen := map[string]Entry{}
		for _, e := range layer {
			if first, ok := seen[e.Fact]; ok {
				wrong = append(wrong, e.mistake(fmt.Sprintf("%s:%d says already where this fact lies: keep one", first.File, first.Line)))
				continue
			}
			seen[e.Fact] = e
		}
		maps.Copy(merged, seen)
	}
	wrong = append(wrong, chains(merged)...)
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	return merged, nil
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
