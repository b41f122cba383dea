package facts

import (
	"crypto/x509"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"stigwatch/agent/finding"
	"stigwatch/agent/host"
	"stigwatch/agent/mapping"
)

// EvidencePrefix marks a path in the evidence folder instead of the root.
const EvidencePrefix = "evidence:"

// LivePrefix marks what is asked of the running appliance.
const LivePrefix = mapping.LivePrefix

// IsLive tells the path of an answer of the running appliance.
func IsLive(path string) bool { return strings.HasPrefix(path, LivePrefix) }

// errOffline is why nothing can be asked of a copied tree.
var errOffline = errors.New("not available offline: the root is not the running machine's")

// releaseFact decides which confirmed mappings hold, so it is read first.
const releaseFact = "release.version"

// Options of a Reader.
type Options struct {
	Host     *host.Host               // the appliance
	Evidence *host.Host               // the evidence folder; nil when there is none
	Mapping  map[string]mapping.Entry // by fact
	Schema   finding.Schema           // the facts that there are, and their types
	CAs      *x509.CertPool           // the site's approved authorities; nil when it has not said
	Live     Live                     // asks the running appliance; nil when the root is another one
	HostName string                   // for mappings that were confirmed on one host
	Now      func() time.Time         // for certificates; time.Now when nil
}

// Live gives the last answer to a question to the running appliance, without
// waiting for it.
type Live func(question string) ([]byte, error)

// Reader keeps what was read and makes snapshots of it. It is used by one
// goroutine at a time.
type Reader struct {
	o     Options
	docs  map[docKey]*doc
	trees map[treeKey]*tree
	hold  func(path string) bool // nil: never
	kept  int                    // trees after the last forget
	snap  finding.Snapshot
	uses  map[string]*use // by fact
	index *index          // nil: to be made

	order     []string            // facts in the order in which they must be read
	place     map[string]int      // of each in order
	followers map[string][]string // fact → facts that live in the file it names
}

// use is what one fact was made of the last time.
type use struct {
	trees []*tree
}

// New makes a Reader that has read nothing yet.
func New(o Options) *Reader {
	if o.Now == nil {
		o.Now = time.Now
	}
	r := &Reader{o: o, docs: map[docKey]*doc{}, trees: map[treeKey]*tree{}, uses: map[string]*use{}}
	r.order = r.readingOrder()
	r.place, r.followers = map[string]int{}, map[string][]string{}
	for i, name := range r.order {
		r.place[name] = i
		for _, src := range o.Mapping[name].From {
			if src.FileOf != "" {
				r.followers[src.FileOf] = append(r.followers[src.FileOf], name)
			}
		}
	}
	return r
}

// Reopen makes the reader read from these from now on. What was read stays until
// it is read again.
func (r *Reader) Reopen(root, evidence *host.Host) { r.o.Host, r.o.Evidence = root, evidence }

// Hold sets what tells that a file is being written right now and will be
// reported again. It is asked after each read: what was read then may be half of
// the file and is thrown away, what was read before stays.
func (r *Reader) Hold(busy func(path string) bool) { r.hold = busy }

// readingOrder puts the release first, since it decides which mappings hold,
// and a fact that names another's file before that other.
func (r *Reader) readingOrder() []string {
	var first, plain, last []string
	for _, name := range r.o.Schema.Names() {
		switch e := r.o.Mapping[name]; {
		case name == releaseFact:
			first = append(first, name)
		case slices.ContainsFunc(e.From, func(s mapping.Source) bool { return s.FileOf != "" }):
			last = append(last, name)
		default:
			plain = append(plain, name)
		}
	}
	return slices.Concat(first, plain, last)
}

// Changes are the facts that differ from the snapshot before.
type Changes struct {
	Values []string // state or value: these can change a verdict
	Places []string // only where it was read: line, digest, raw text
}

// None tells that nothing changed.
func (c Changes) None() bool { return len(c.Values)+len(c.Places) == 0 }

// All reads everything anew and gives the snapshot with the facts that changed.
func (r *Reader) All() (finding.Snapshot, Changes) {
	for _, d := range r.docs {
		d.stale = true
	}
	for _, t := range r.trees {
		t.stale = true
	}
	r.kept = -1 // forget what is no longer used
	return r.make(r.order)
}

// Update reads again what the changed paths can have changed, and gives the
// snapshot with the facts that changed. A path below a watched folder counts
// for every pattern that matches it.
func (r *Reader) Update(paths []string) (finding.Snapshot, Changes) {
	if r.snap == nil {
		return r.All()
	}
	ix := r.lookup()
	stale := ix.trees(paths)
	if len(stale) == 0 {
		return r.snap, Changes{}
	}
	for t := range stale {
		t.stale = true
		for _, d := range t.docs {
			d.stale = d.stale || slices.Contains(paths, d.path) || slices.Contains(paths, folderOf(d.path))
		}
	}
	return r.make(r.touched(stale))
}

// lookup gives the index as it has to be now.
func (r *Reader) lookup() *index {
	if r.index == nil {
		r.index = r.makeIndex()
	}
	return r.index
}

// touched gives the facts that were made of a stale tree, and those that follow
// such a fact to a file, in the order in which they must be read.
func (r *Reader) touched(stale map[*tree]bool) []string {
	var out []string
	for t := range stale {
		out = append(out, t.facts...)
	}
	for i := 0; i < len(out); i++ { // out grows
		for _, f := range r.followers[out[i]] {
			if !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	if slices.Contains(out, releaseFact) {
		return r.order
	}
	slices.SortFunc(out, func(a, b string) int { return r.place[a] - r.place[b] })
	return slices.Compact(out)
}

// make reads these facts and shares the others with the snapshot before.
func (r *Reader) make(names []string) (finding.Snapshot, Changes) {
	next := make(finding.Snapshot, len(r.order))
	maps.Copy(next, r.snap)
	var c Changes
	for _, name := range names {
		fact := r.read(name, next)
		switch was := next[name]; {
		case was == nil || !sameValue(was, fact):
			next[name] = fact
			c.Values = append(c.Values, name)
		case !samePlace(was, fact):
			next[name] = fact
			c.Places = append(c.Places, name)
		}
	}
	if len(r.trees) != r.kept {
		r.forget()
		r.kept = len(r.trees)
	}
	if r.snap != nil && c.None() {
		return r.snap, c
	}
	r.snap = next
	return next, c
}

// forget drops trees and files that no fact uses any more.
func (r *Reader) forget() {
	for _, u := range r.uses {
		for _, t := range u.trees {
			t.used = true
			for _, d := range t.docs {
				d.used = true
			}
		}
	}
	maps.DeleteFunc(r.trees, func(_ treeKey, t *tree) bool { return !take(&t.used) })
	maps.DeleteFunc(r.docs, func(_ docKey, d *doc) bool { return !take(&d.used) })
	r.index = nil
}

// take gives a mark and removes it.
func take(mark *bool) bool {
	was := *mark
	*mark = false
	return was
}

// Watch tells what to watch: files by path, there or not, and the folders in
// which patterns are looked for. The lists are shared: they are not to be changed.
func (r *Reader) Watch() (files, dirs []string) {
	ix := r.lookup()
	return ix.files, ix.dirs
}
