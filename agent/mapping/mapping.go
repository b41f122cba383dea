// Package mapping says which fact lies in which file, through which lens, at
// which path. Mappings are YAML: the shipped ones, and over them those of the
// site.
//
// A mapping is trusted only as far as somebody stands behind it. What we ship
// about the product is mostly a guess: its facts are read and shown, and never
// reach a rule, until an operator has compared them with what the product's own
// pages say, for one release.
package mapping

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"stigwatch/agent/finding"
)

// EvidencePrefix marks a path in the evidence folder instead of the root.
const EvidencePrefix = "evidence:"

// LivePrefix marks what is asked of the running appliance instead of a file:
// "live:tls/443", which TLS versions that port of it speaks; "live:cert/443", which
// certificates it shows there and whether it asks for one;
// "live:unit/rsyslog.service", what state systemd has that unit in.
const LivePrefix = "live:"

// Status says who stands behind an entry.
type Status string

// The statuses.
const (
	Documented Status = "documented" // the makers of the file's format say so
	Assumed    Status = "assumed"    // a guess
	Learned    Status = "learned"    // found by the values that an operator set and we saw
	Confirmed  Status = "confirmed"  // an operator compared, on one release
)

// The units that a source may have.
const (
	Seconds = "seconds"
	Minutes = "minutes"
)

// Mapping is one file as it is written.
type Mapping struct {
	Release string  `key:"release"` // what it was written for, for the reader
	Facts   []Entry `key:"facts,required"`
}

// Entry says where one fact lies.
type Entry struct {
	Fact      string            `key:"fact,required"`
	Status    Status            `key:"status,required"`
	Assurance finding.Assurance `key:"assurance"` // Proxy when not given
	Source    string            `key:"source"`    // where this is known from
	Confirmed *Confirmation     `key:"confirmed"`
	From      []Source          `key:"from,required"` // in order: the first that sets it wins

	File string         // where the entry stands
	Line int            //
	Also []Confirmation // more of them, from entries of the same folder that say the same
}

// Source is one place where a fact may be set.
type Source struct {
	Files    []string `key:"files"`   // paths or globs, in the order that the program reads them
	FileOf   string   `key:"file_of"` // instead of Files: the fact whose value is the path
	Lens     string   `key:"lens,required"`
	Path     string   `key:"path"`
	Fields   Fields   `key:"fields"` // field of a record → path below the record's element
	Unit     string   `key:"unit"`   // of the source: Seconds, Minutes, or "" for the fact's own
	Optional bool     `key:"optional"`
}

// Fields are a record's.
type Fields map[string]string

// String writes them as YAML, which is how an entry that is added gets into its file.
func (f Fields) String() string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(f)) {
		pairs = append(pairs, fmt.Sprintf("%q: %q", name, f[name]))
	}
	return "{" + strings.Join(pairs, ", ") + "}"
}

// Confirmation says who compared an entry with the product, when, and on what.
type Confirmation struct {
	By      string `key:"by,required"`
	When    string `key:"when,required"` // RFC 3339
	Release string `key:"release,required"`
	Host    string `key:"host"`
	Fleet   bool   `key:"fleet"` // for every host instead of Host
}

// Time is When, parsed.
func (c *Confirmation) Time() time.Time {
	t, _ := time.Parse(time.RFC3339, c.When)
	return t.UTC()
}

// Known is what a mapping may speak of.
type Known struct {
	Facts  finding.Schema
	Lenses []string // names
}

// near names the facts of the same group as one that there is not, or the groups.
func (k Known) near(fact string) string {
	group, _, _ := strings.Cut(fact, ".")
	var same, groups []string
	for _, name := range k.Facts.Names() {
		first, _, _ := strings.Cut(name, ".")
		if first == group {
			same = append(same, name)
		}
		groups = append(groups, first)
	}
	if len(same) > 0 {
		return "known are " + strings.Join(same, ", ")
	}
	return "their names begin with " + strings.Join(slices.Compact(groups), ", ")
}

// Usable reports whether the entry's fact may reach the rules, on an appliance
// of this release and host name, and otherwise why not. An empty release is one
// that could not be told.
func (e Entry) Usable(release, host string) (bool, string) {
	switch e.Status {
	case Documented:
		return true, ""
	case Confirmed:
		return e.confirmed(release, host)
	case Learned:
		return false, "learned from the values that were set; no operator has confirmed it"
	}
	return false, "assumed by the shipped mapping; no operator has confirmed it"
}

// confirmed looks for a confirmation that holds; when none does, the newest says why.
func (e Entry) confirmed(release, host string) (bool, string) {
	ok, why := e.Confirmed.holds(release, host)
	for i := 0; !ok && i < len(e.Also); i++ {
		ok, why = e.Also[i].holds(release, host)
	}
	return ok, why
}

func (c *Confirmation) holds(release, host string) (bool, string) {
	switch {
	case c == nil:
		return false, "said to be confirmed, but not by whom"
	case release == "":
		return false, "confirmed for release " + c.Release + "; which release this is cannot be told"
	case release != c.Release && !strings.HasPrefix(release, c.Release+"."):
		return false, "confirmed for release " + c.Release + "; this is " + release
	case !c.Fleet && c.Host != host:
		return false, "confirmed on host " + c.Host + "; this is " + host
	}
	return true, ""
}
