package appliance

import (
	"slices"
	"strings"

	"stigwatch/agent/api"
	"stigwatch/agent/finding"
)

// written is what the enforcer wrote and still stands, by path.
type written map[string]writtenFile

type writtenFile struct {
	job    string
	digest string
	facts  []string
}

// Wrote takes note of what the enforcer did, the newest first, and gives the facts
// that stigwatch wrote since the last time, or no longer has: how they are known may
// be another now.
func (p *Parts) Wrote(jobs []api.Job) (facts []string) {
	was, now := p.written, writtenBy(jobs)
	p.written = now
	for path, f := range now {
		if was[path].digest != f.digest {
			facts = append(facts, f.facts...)
		}
	}
	for path, f := range was {
		if now[path].digest != f.digest {
			facts = append(facts, f.facts...)
		}
	}
	return facts
}

// writtenBy takes of each file the newest job that stands, and the facts of all of
// them: what an older one wrote is still there. An undo brings back what others wrote.
func writtenBy(jobs []api.Job) written {
	w := written{}
	for i := range jobs {
		if jobs[i].State != api.JobDone && jobs[i].State != api.JobWaiting || jobs[i].Undoes != "" {
			continue
		}
		for _, f := range jobs[i].Wrote {
			known, ok := w[f.Path]
			if !ok {
				known = writtenFile{job: jobs[i].ID, digest: f.Now}
			}
			for _, fact := range f.Facts {
				if !slices.Contains(known.facts, fact) {
					known.facts = append(known.facts, fact)
				}
			}
			w[f.Path] = known
		}
	}
	return w
}

// unseen marks the passes that rest on a value which stigwatch wrote itself: it
// never proves itself, so the result is not more than proxy. That somebody has edited
// the file since is said, and proves no more: it may have been another line.
func (w written) unseen(results []finding.Result) {
	if len(w) == 0 {
		return
	}
	for i := range results {
		r := &results[i]
		facts, edited := w.restsOn(r)
		if r.Outcome != finding.Pass || len(facts) == 0 {
			continue
		}
		r.Assurance = r.Assurance.Weaker(finding.Proxy)
		remark := "written by stigwatch, not yet seen in use: " + strings.Join(facts, ", ")
		if edited {
			remark += " (the file has been edited since)"
		}
		if r.Remark != "" {
			remark += "; " + r.Remark
		}
		r.Remark = remark
	}
}

func (w written) restsOn(r *finding.Result) (facts []string, edited bool) {
	for i := range r.Evidence {
		it := &r.Evidence[i]
		f, ok := w[it.File]
		if ok && slices.Contains(f.facts, it.Fact) && !slices.Contains(facts, it.Fact) {
			facts, edited = append(facts, it.Fact), edited || f.digest != it.Digest
		}
	}
	return facts, edited
}
