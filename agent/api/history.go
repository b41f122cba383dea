package api

import "stigwatch/agent/finding"

// History is what happened between two times, oldest first.
type History struct {
	Schema   string        `json:"schema"`
	Host     string        `json:"host"`
	From     Time          `json:"from"`
	Until    Time          `json:"until"`
	Changes  []HistoryLine `json:"changes"`
	Exposure []Exposure    `json:"exposure"` // of each rule that failed in that time, or of the one that was asked for
}

// HistoryLine is one entry of the journal, for people.
type HistoryLine struct {
	N         uint64     `json:"n"` // number of the entry
	At        Time       `json:"at"`
	What      string     `json:"what"` // event of a rule, or kind of the entry
	Rule      string     `json:"rule"` // empty: about the agent, as all below but Text
	Severity  string     `json:"severity"`
	Title     string     `json:"title"`
	Previous  string     `json:"previous"`
	Result    string     `json:"result"`
	Text      string     `json:"text"`
	Announced string     `json:"announced"` // ticket of the window of maintenance that it happened in
	Evidence  []Evidence `json:"evidence"`
	Diff      []FileDiff `json:"diff"` // of the files that it rests on
}

// FileDiff is what changed in one file, of the lines that facts are read from.
type FileDiff struct {
	File   string   `json:"file"`
	Before string   `json:"before"` // digest; empty: it was not there, or not read
	After  string   `json:"after"`  //
	Lines  []string `json:"lines"`  // "-5 minlength=15", "+5 minlength=8", secrets masked
	Hunks  []Hunk   `json:"hunks"`  // the same as a unified diff; none in what an earlier stigwatch recorded
}

// Hunk is a part of a unified diff. Where it has no lines before, or after, the
// number is that of the line that they would follow.
type Hunk struct {
	Old      int      `json:"old"` // number of the first line before
	OldLines int      `json:"old_lines"`
	New      int      `json:"new"` // after
	NewLines int      `json:"new_lines"`
	Lines    []string `json:"lines"` // " kept", "-removed", "+added", secrets masked
}

// FromDiffs makes the diffs of a change.
func FromDiffs(diffs []finding.FileDiff) []FileDiff {
	out := []FileDiff{}
	for _, d := range diffs {
		one := FileDiff{File: d.File, Before: d.Before, After: d.After, Lines: append([]string{}, d.Lines...), Hunks: []Hunk{}}
		for _, h := range d.Hunks {
			one.Hunks = append(one.Hunks, Hunk(h))
		}
		out = append(out, one)
	}
	return out
}

// Exposure is how long a rule was out of compliance. While the agent was down it
// counts as it was found before.
type Exposure struct {
	Rule           string  `json:"rule"`
	Title          string  `json:"title"`
	Severity       string  `json:"severity"`
	Result         string  `json:"result"` // at the end
	Since          Time    `json:"since"`  // of that result
	Known          Time    `json:"known"`  // from when on the journal knows
	Times          int     `json:"times"`
	TotalSeconds   int64   `json:"total_seconds"`
	LongestSeconds int64   `json:"longest_seconds"`
	NowSeconds     int64   `json:"now_seconds"` // that it has been failing; 0: it is not
	Months         []Month `json:"months"`      // that had any, in order
}

// Month is a calendar month in UTC.
type Month struct {
	Month   string `json:"month"` // 2026-11
	Seconds int64  `json:"seconds"`
}
