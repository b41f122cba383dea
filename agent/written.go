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

// writtenBy takes of each file the newest job that stands.
func writtenBy(jobs []api.Job) written {
	w := written{}
	for i := range jobs {
		if jobs[i].State != api.JobDone && jobs[i].State != api.JobWaiting {
			continue
		}
		for _, f := range jobs[i].Wrote {
			if _, known := w[f.Path]; !known {
				w[f.Path] = writtenFile{jobs[i].ID, f.Now, f.Facts}
			}
		}
	}
	return w
}

// unseen marks the passes that rest on a value which stigwatch wrote itself: it
// never proves itself. While the file is what stigwatch made of it, nothing else has
// said that the value is in use, so the result is not more than proxy.
func (w written) unseen(results []finding.Result) {
	if len(w) == 0 {
		return
	}
	for i := range results {
		r := &results[i]
		facts := w.restsOn(r)
		if r.Outcome != finding.Pass || len(facts) == 0 {
			continue
		}
		r.Assurance = r.Assurance.Weaker(finding.Proxy)
		remark := "written by stigwatch, not yet seen in use: " + strings.Join(facts, ", ")
		if r.Remark != "" {
			remark += "; " + r.Remark
		}
		r.Remark = remark
	}
}

func (w written) restsOn(r *finding.Result) []string {
	var facts []string
	for i := range r.Evidence {
		it := &r.Evidence[i]
		f, ok := w[it.File]
		if ok && f.digest == it.Digest && slices.Contains(f.facts, it.Fact) && !slices.Contains(facts, it.Fact) {
			facts = append(facts, it.Fact)
		}
	}
	return facts
}
