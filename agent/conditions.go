package agent

import (
	"slices"
	"strings"
	"sync"
	"time"

	"stigwatch/agent/api"
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
