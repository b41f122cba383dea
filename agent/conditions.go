package agent

import (
	"slices"
	"strings"
	"sync"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/facts"
	"stigwatch/agent/finding"
)

// Codes of the conditions that come before there is a loop.
const (
	noJournal    = "journal-unusable" // nothing is recorded
	journalFresh = "journal-fresh"    // it took the place of a broken one
)

// conditions are what is wrong with the agent itself. Codes are stable; a code
// may carry a second word, which tells two of a kind apart and is not shown.
type conditions struct {
	mu  sync.Mutex // guards all
	all map[string]condition

	// changed is told when one begins or ends; nil: nobody is. It may not block.
	changed func(code, message string, began bool)
}

type condition struct {
	code, message, file string
	since               time.Time
}

// set records a condition and tells whether it is new.
func (c *conditions) set(key, message, file string) (began bool) {
	defer func() {
		if began {
			c.tell(key, message, true)
		}
	}()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = map[string]condition{}
	}
	was, known := c.all[key]
	since := time.Now()
	if known {
		since = was.since
	}
	code, _, _ := strings.Cut(key, " ")
	c.all[key] = condition{code, message, file, since}
	return !known
}

func (c *conditions) clear(key string) {
	c.mu.Lock()
	was, known := c.all[key]
	delete(c.all, key)
	c.mu.Unlock()
	if known {
		c.tell(key, was.message, false)
	}
}

func (c *conditions) tell(key, message string, began bool) {
	if c.changed != nil {
		code, _, _ := strings.Cut(key, " ")
		c.changed(code, message, began)
	}
}

// keep clears the conditions whose key begins with prefix and is not wanted.
func (c *conditions) keep(prefix string, wanted func(rest string) bool) {
	c.mu.Lock()
	var gone []string
	for key := range c.all {
		if rest, ok := strings.CutPrefix(key, prefix); ok && !wanted(rest) {
			gone = append(gone, key)
		}
	}
	c.mu.Unlock()
	for _, key := range gone {
		c.clear(key)
	}
}

// replace makes the conditions of one code those of files, with their messages.
func (c *conditions) replace(code string, files map[string]string) {
	for _, k := range c.list() {
		if k.Code == code && files[k.File] == "" {
			c.clear(code + " " + k.File)
		}
	}
	for file, message := range files {
		c.set(code+" "+file, message, file)
	}
}

func (c *conditions) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.all)
}

func (c *conditions) list() []api.Condition {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]api.Condition, 0, len(c.all))
	for _, k := range c.all {
		out = append(out, api.Condition{Code: k.code, Message: k.message, File: k.file, Since: api.At(k.since)})
	}
	slices.SortFunc(out, func(a, b api.Condition) int {
		return strings.Compare(a.Code+" "+a.File+a.Message, b.Code+" "+b.File+b.Message)
	})
	return out
}

// policyFaults keeps one condition for each rule whose policy is in error.
func (l *loop) policyFaults(evaluated []finding.Result) {
	for i := range evaluated {
		code := "policy-fault " + evaluated[i].Rule
		if evaluated[i].Outcome != finding.Error {
			l.a.conds.clear(code)
			continue
		}
		if l.a.conds.set(code, evaluated[i].Reason, "") {
			l.agentAlert("policy-fault", evaluated[i].Rule+": "+evaluated[i].Reason)
		}
	}
}

// journalFault keeps the condition that the journal takes nothing.
func (l *loop) journalFault() {
	if l.a.store.journal == nil {
		return
	}
	err := l.a.store.journal.Fault()
	if err == nil {
		l.a.conds.clear("journal-fault")
		return
	}
	if l.a.conds.set("journal-fault", err.Error(), l.a.parts.Config.StateDir) {
		l.agentAlert("journal-fault", "nothing can be recorded: "+err.Error())
	}
}

// unreadable keeps one condition for each file that cannot be read. A port that
// does not answer, or is not asked, is no file.
func (l *loop) unreadable() {
	bad := map[string]string{}
	for _, f := range l.snap {
		if f.State == finding.Unreadable && len(f.Evidence) > 0 && !facts.IsLive(f.Evidence[0].File) {
			bad[f.Evidence[0].File] = f.Reason
		}
	}
	l.a.conds.replace("unreadable-file", bad)
}

// expiring tells of each attestation and waiver that ends soon, once for each of
// the thresholds that it crosses.
func (l *loop) expiring(now time.Time) {
	soon := l.a.parts.Expiring(now)
	for key, text := range soon {
		if l.a.conds.set("expiring "+key, text, "") {
			l.agentAlert("expiring", text)
		}
	}
	l.a.conds.keep("expiring ", func(key string) bool { return soon[key] != "" })
}
