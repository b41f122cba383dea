package finding

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// FileDiff shows what changed in one file, of the lines that facts are read from:
// secrets are masked there, and nobody knows what other lines hold.
type FileDiff struct {
	File   string
	Before string // digest; empty: it was not there, or not read
	After  string
	Lines  []string // "-5 minlength=15", "+5 minlength=8": removed and added, with the line's number; moved ones are left out
	Hunks  []Hunk   // the same as a unified diff, with those that moved
}

// maxDiffLines bounds what one diff shows.
const maxDiffLines = 40

// lineOf is one line that a fact was read from.
type lineOf struct {
	no  int
	raw string
}

// FileDiffs shows what changed, from one snapshot to the next, in the files that
// the evidence of two results names. A file that did not change is left out.
func FileDiffs(before, after Snapshot, was, now Result) []FileDiff {
	files := map[string]bool{}
	for _, r := range []Result{was, now} {
		for i := range r.Evidence {
			if f := r.Evidence[i].File; f != "" {
				files[f] = true
			}
		}
	}
	var out []FileDiff
	for _, file := range slices.Sorted(maps.Keys(files)) {
		d := FileDiff{File: file}
		var old, fresh []lineOf
		old, d.Before = linesOf(before, file)
		fresh, d.After = linesOf(after, file)
		if d.Before == d.After {
			continue
		}
		d.Lines, d.Hunks = diffLines(old, fresh), bounded(hunks(old, fresh))
		out = append(out, d)
	}
	return out
}

// linesOf gives the lines of a file that facts are read from, in order, each
// once, and the file's digest.
func linesOf(snap Snapshot, file string) (lines []lineOf, digest string) {
	seen := map[lineOf]bool{}
	for _, f := range snap {
		for _, list := range [][]Evidence{f.Evidence, f.Items} {
			for i := range list {
				e := &list[i]
				if e.File != file {
					continue
				}
				digest = cmp.Or(digest, e.Digest)
				if l := (lineOf{e.Line, e.Raw}); e.Raw != "" && !seen[l] {
					seen[l] = true
					lines = append(lines, l)
				}
			}
		}
	}
	slices.SortFunc(lines, func(a, b lineOf) int { return cmp.Or(a.no-b.no, cmp.Compare(a.raw, b.raw)) })
	return lines, digest
}

// bounded leaves out the hunks after those that have enough lines.
func bounded(hunks []Hunk) []Hunk {
	n := 0
	for i := range hunks {
		if n += len(hunks[i].Lines); n > 2*maxDiffLines {
			return hunks[:i]
		}
	}
	return hunks
}

// diffLines leaves out what stands in both, wherever it stands.
func diffLines(old, fresh []lineOf) []string {
	kept := map[string]int{}
	for _, l := range fresh {
		kept[l.raw]++
	}
	var out []string
	for _, l := range old {
		if kept[l.raw]--; kept[l.raw] < 0 {
			out = append(out, fmt.Sprintf("-%d %s", l.no, l.raw))
		}
	}
	clear(kept)
	for _, l := range old {
		kept[l.raw]++
	}
	for _, l := range fresh {
		if kept[l.raw]--; kept[l.raw] < 0 {
			out = append(out, fmt.Sprintf("+%d %s", l.no, l.raw))
		}
	}
	if len(out) > maxDiffLines {
		out = append(out[:maxDiffLines], fmt.Sprintf("… and %d more lines", len(out)-maxDiffLines))
	}
	return out
}
