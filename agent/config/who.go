package config

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"stigwatch/agent/strict"
)

// Who says of whom it is asked who changed a file.
type Who struct {
	Sources   []string      // of whoSources; empty: nobody is asked
	Wait      time.Duration // how long an alert may be held for the answer
	Arguments bool          // whether command lines are told
	AuditLog  string        // of auditd
}

var whoSources = []string{"audit", "fanotify", "packages"}

// maxWhoWait is what nobody who was promised an alert at once should wait for.
const maxWhoWait = time.Second

// whoFile is Who as it is written.
type whoFile struct {
	Sources   *[]string `key:"sources"`
	Wait      string    `key:"wait"`
	Arguments bool      `key:"arguments"`
	AuditLog  string    `key:"audit_log"`
}

func (w *whoFile) fill(dir string) Who {
	out := Who{Sources: whoSources, Arguments: w.Arguments, AuditLog: within(dir, cmp.Or(w.AuditLog, "/var/log/audit/audit.log"))}
	if w.Sources != nil {
		out.Sources = *w.Sources
	}
	out.Wait, _ = time.ParseDuration(w.Wait) // check tells of the error
	return out
}

func (w *whoFile) check(d *strict.Doc) {
	if w.Sources != nil {
		for i, s := range *w.Sources {
			switch {
			case !slices.Contains(whoSources, s):
				d.Wrong(item("who.sources", i), "%q is not a source: write one of %s", s, strings.Join(whoSources, ", "))
			case slices.Contains((*w.Sources)[:i], s):
				d.Wrong(item("who.sources", i), "%q stands there already: remove one", s)
			}
		}
	}
	if wait, err := time.ParseDuration(w.Wait); d.Has("who.wait") && (err != nil || wait < 0 || wait > maxWhoWait) {
		d.Wrong("who.wait", "%q is not a time from 0 to 1s: write it like 50ms", w.Wait)
	}
	if d.Has("who.audit_log") && w.AuditLog == "" {
		d.Wrong("who.audit_log", "the path is empty: write one, or remove it to get the default")
	}
}
