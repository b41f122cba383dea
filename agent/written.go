package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"stigwatch/agent/api"
	"stigwatch/agent/config"
	"stigwatch/agent/finding"
)

// maxJobsFile bounds what is read of what the enforcer says it did.
const maxJobsFile = 4 << 20

// written is what the enforcer wrote and still stands, by path.
type written map[string]writtenFile

type writtenFile struct {
	job    string
	digest string
	facts  []string
}

// readJobs reads what the enforcer did, the newest first; none when it never ran.
func readJobs(cfg *config.Config) ([]api.Job, error) {
	f, err := os.OpenFile(jobsPath(cfg), os.O_RDONLY|syscall.O_NONBLOCK, 0) // whatever is there, it is not waited for
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read what the enforcer did: %w", err)
	}
	defer f.Close()
	var jobs api.Jobs
	if err := json.NewDecoder(io.LimitReader(f, maxJobsFile)).Decode(&jobs); err != nil {
		return nil, fmt.Errorf("cannot read what the enforcer did, %q: %w", jobsPath(cfg), err)
	}
	return jobs.Jobs, nil
}

func jobsPath(cfg *config.Config) string {
	return filepath.Join(filepath.Dir(cfg.Enforce.Socket), jobsFile)
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
