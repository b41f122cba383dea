package finding

import (
	"slices"
	"strings"
)

const (
	aroundHunk = 3       // lines that did not change, before and after those that did
	maxAligned = 1 << 20 // pairs of lines that are compared
)

// Hunk is a part of a unified diff: lines that follow each other in a file before and
// after a change. Of a file only lines that facts are read from are known, so what
// changed in between shows as a step in the numbers and as nothing else.
type Hunk struct {
	Old, OldLines int      // number of the first line before, and how many; without one, of the line that they would follow
	New, NewLines int      // after, likewise
	Lines         []string // " kept", "-removed", "+added"
}

// chunk is a place where both files are the same for one line, or where some lines of
// one, which follow each other, became some of the other.
type chunk struct {
	kept     bool
	old, new []lineOf
}

// hunks gives the unified diff of two lists of lines, each in order.
func hunks(old, fresh []lineOf) []Hunk {
	var out []Hunk
	var run []string // lines that follow each other in both files
	var oldFirst, newFirst, oldNext, newNext int
	for _, c := range chunks(spread(old), spread(fresh)) {
		o, n := first(c.old), first(c.new)
		switch shift := newNext - oldNext; {
		case len(c.old) == 0:
			o = n - shift
		case len(c.new) == 0:
			n = o + shift
		}
		if o != oldNext || n != newNext {
			out = append(out, cut(run, oldFirst, newFirst)...)
			run, oldFirst, newFirst = nil, o, n
		}
		run = append(run, c.lines()...)
		oldNext, newNext = o+len(c.old), n+len(c.new)
	}
	return append(out, cut(run, oldFirst, newFirst)...)
}

func first(lines []lineOf) int {
	if len(lines) == 0 {
		return 0
	}
	return lines[0].no
}

// spread gives a text of several lines as these.
func spread(lines []lineOf) []lineOf {
	var out []lineOf
	for _, l := range lines {
		for i, text := range strings.Split(strings.TrimSuffix(l.raw, "\n"), "\n") {
			out = append(out, lineOf{max(l.no, 1) + i, text})
		}
	}
	return out
}

func (c *chunk) lines() (out []string) {
	if c.kept {
		return []string{" " + c.old[0].raw}
	}
	for _, l := range c.old {
		out = append(out, "-"+l.raw)
	}
	for _, l := range c.new {
		out = append(out, "+"+l.raw)
	}
	return out
}

// chunks goes from one file to the other by as few changes as there can be.
func chunks(old, fresh []lineOf) []chunk {
	longest := common(old, fresh)
	var out []chunk
	var went, came []lineOf
	i, k := 0, 0
	for i < len(old) || k < len(fresh) {
		switch {
		case i < len(old) && k < len(fresh) && old[i].raw == fresh[k].raw && longest != nil:
			out = append(out, replaced(went, came)...)
			out = append(out, chunk{true, old[i : i+1], fresh[k : k+1]})
			went, came = nil, nil
			i, k = i+1, k+1
		case k == len(fresh) || i < len(old) && (longest == nil || longest[i+1][k] >= longest[i][k+1]):
			went = append(went, old[i])
			i++
		default:
			came = append(came, fresh[k])
			k++
		}
	}
	return append(out, replaced(went, came)...)
}

// common gives, for each two places, how many lines the rests have in common; nil
// when there are too many to compare.
func common(old, fresh []lineOf) [][]int {
	if (len(old)+1)*(len(fresh)+1) > maxAligned {
		return nil
	}
	n := make([][]int, len(old)+1)
	for i := range n {
		n[i] = make([]int, len(fresh)+1)
	}
	for i := len(old) - 1; i >= 0; i-- {
		for k := len(fresh) - 1; k >= 0; k-- {
			n[i][k] = max(n[i+1][k], n[i][k+1])
			if old[i].raw == fresh[k].raw {
				n[i][k] = n[i+1][k+1] + 1
			}
		}
	}
	return n
}

// replaced makes chunks of the lines that went between two that stayed, and of those
// that came there: the first that follow each other became the first, and so on.
func replaced(went, came []lineOf) (out []chunk) {
	for len(went) > 0 || len(came) > 0 {
		n, m := following(went), following(came)
		out = append(out, chunk{false, went[:n], came[:m]})
		went, came = went[n:], came[m:]
	}
	return out
}

// following counts the first lines that follow each other.
func following(lines []lineOf) int {
	n := min(len(lines), 1)
	for n > 0 && n < len(lines) && lines[n].no == lines[n-1].no+1 {
		n++
	}
	return n
}

// cut makes hunks of lines that follow each other, with a few around those that
// changed.
func cut(run []string, old, fresh int) (out []Hunk) {
	for at := 0; ; {
		first := slices.IndexFunc(run[at:], changed)
		if first < 0 {
			return out
		}
		first += at
		last := first
		for i := first; i < len(run) && i-last <= 2*aroundHunk+1; i++ {
			if changed(run[i]) {
				last = i
			}
		}
		from, to := max(first-aroundHunk, at), min(last+1+aroundHunk, len(run))
		h := begin(run[:from], old, fresh)
		h.add(run[from:to]...)
		h.point()
		out = append(out, h)
		at = to
	}
}

func changed(l string) bool { return l[0] != ' ' }

// begin is an empty hunk after some lines.
func begin(before []string, old, fresh int) Hunk {
	h := Hunk{}
	h.add(before...)
	return Hunk{Old: old + h.OldLines, New: fresh + h.NewLines}
}

func (h *Hunk) add(lines ...string) {
	for _, l := range lines {
		if l[0] != '+' {
			h.OldLines++
		}
		if l[0] != '-' {
			h.NewLines++
		}
	}
	h.Lines = append(h.Lines, lines...)
}

// point has the number of a side without lines be that of the line before.
func (h *Hunk) point() {
	if h.OldLines == 0 {
		h.Old = max(h.Old-1, 0)
	}
	if h.NewLines == 0 {
		h.New = max(h.New-1, 0)
	}
}
