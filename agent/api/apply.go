package api

import (
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// The bounds of what may be asked of the enforcer.
const (
	MaxApplyFiles = 64
	MaxConfirm    = 24 * time.Hour
	maxPath       = 4096
	digestForm    = "sha256:"
)

// ApplyRequest asks the enforcer to close rules. It names no value and no byte: the
// enforcer works them out itself and refuses when a file is another one than the
// asker saw.
type ApplyRequest struct {
	Rules          []string          `json:"rules"`           // empty: all that fail
	Was            map[string]string `json:"was"`             // path → digest that the asker saw; such a file has to be so still
	Now            map[string]string `json:"now"`             // path → digest that the asker was shown as the outcome; every file of the plan, or none at all
	ConfirmSeconds int64             `json:"confirm_seconds"` // 0: as the configuration has it, where it has to be confirmed
	Reason         string            `json:"reason"`
	Auto           bool              `json:"auto"` // nobody asked: a rule in the mode enforce was found failing
}

// Check says what is wrong with a request, as far as that can be told from it. The
// error is a *Refused with a reason of its own for each mistake.
func (r *ApplyRequest) Check() error {
	switch {
	case len(r.Rules) > maxRuleIDs:
		return wrong("too-many-rules", "%d rules are named, at most %d can be", len(r.Rules), maxRuleIDs)
	case r.Auto && len(r.Rules) == 0:
		return wrong("no-rules", "what nobody asked for has to name its rules")
	case r.ConfirmSeconds < 0 || r.ConfirmSeconds > int64(MaxConfirm/time.Second):
		return wrong("confirm", "a change waits for 0s to %dh for its confirmation", MaxConfirm/time.Hour)
	}
	for i, rule := range r.Rules {
		if err := plainLine("name of a rule", rule, 32); err != nil || rule == "" {
			return wrong("rule-name", "%q names no rule", clipped(rule))
		}
		if slices.Contains(r.Rules[:i], rule) {
			return wrong("rule-twice", "%q is named twice", clipped(rule))
		}
	}
	for _, files := range []map[string]string{r.Was, r.Now} {
		if err := checkDigests(files); err != nil {
			return err
		}
	}
	if err := plainLine("reason", r.Reason, maxReason); err != nil {
		return wrong("reason", "%v", err)
	}
	return nil
}

func checkDigests(files map[string]string) error {
	if len(files) > MaxApplyFiles {
		return wrong("too-many-files", "%d files are named, at most %d can be", len(files), MaxApplyFiles)
	}
	for name, digest := range files {
		switch {
		case plainLine("path", name, maxPath) != nil || !path.IsAbs(name) || path.Clean(name) != name:
			return wrong("path", "%q is not an absolute, clean path", clipped(name))
		case !isDigest(digest):
			return wrong("digest", "%q is no digest of %s", clipped(digest), name)
		}
	}
	return nil
}

func wrong(reason, format string, args ...any) error {
	return &Refused{Code: http.StatusBadRequest, Reason: reason, Text: fmt.Sprintf(format, args...)}
}

func isDigest(s string) bool {
	hex, ok := strings.CutPrefix(s, digestForm)
	return ok && len(hex) == 64 && strings.Trim(hex, "0123456789abcdef") == ""
}

func clipped(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}

// Applied is what came of an apply, an undo or a confirmation.
type Applied struct {
	Schema       string         `json:"schema"`
	Applied      []Job          `json:"applied"` // none: there was nothing to write
	Closed       []PlanRule     `json:"closed"`
	Cannot       []PlanRefusal  `json:"cannot"`
	LeftAlone    []PlanRefusal  `json:"left_alone"`    // rules that only a person may have put right now, by their code
	Failed       string         `json:"failed"`        // why what was begun was taken back; empty: it was not
	FailedReason string         `json:"failed_reason"` // a stable word, where it was for what a file is or who is at it
	Edited       []EditedByHand `json:"edited"`        // files that somebody changed, which keeps an undo from them
	Told         []string       `json:"remarks"`       // what a person should know besides
}

// EditedByHand is a file that an undo leaves alone.
type EditedByHand struct {
	Path string `json:"path"`
	Diff string `json:"diff"` // from what was written to what is there, secrets masked
}

// Job is one transaction of the enforcer: the files of one plan, or of an undo.
type Job struct {
	ID      string    `json:"id"`
	State   string    `json:"state"`
	At      Time      `json:"at"`
	By      string    `json:"by"`
	Reason  string    `json:"reason"`
	Auto    bool      `json:"auto"`
	Rules   []string  `json:"rules"`
	Files   []string  `json:"files"`
	Wrote   []Wrote   `json:"wrote"`
	Confirm Time      `json:"confirm"` // until when somebody has to confirm it; empty: nobody has to
	Undoes  string    `json:"undoes"`
	Why     string    `json:"why"`    // it ended as it did
	Checks  []Checked `json:"checks"` // programs that looked at the files
	Gone    bool      `json:"copies_gone"`
}

// Ended says that nothing more happens to it by itself; one that waits has not ended,
// but is not in the middle either.
func (j *Job) Ended() bool {
	switch j.State {
	case JobDone, JobWaiting, JobRestored, JobUndone, JobConflict:
		return true
	}
	return false
}

// UndoneByWill says that somebody took a plan back, or nobody confirmed it: what it
// wrote is not wanted. It is the undo that says the former.
func (j *Job) UndoneByWill() bool {
	return j.Undoes != "" && j.State == JobDone || j.State == JobRestored && strings.HasPrefix(j.Why, "confirm")
}

// Wrote is one file that a job wrote.
type Wrote struct {
	Path  string   `json:"path"`
	Was   string   `json:"was"` // digest
	Now   string   `json:"now"` // digest
	Facts []string `json:"facts"`
}

// Checked is what a program said of a file.
type Checked struct {
	Path    string `json:"path"`
	Program string `json:"program"` // empty: none knows the file
	Said    string `json:"said"`
}

// The states of a job that are final or wait, as people and scripts see them.
const (
	JobDone     = "done"
	JobWaiting  = "waiting"  // for somebody to confirm it
	JobRestored = "restored" // everything is as it was before
	JobUndone   = "undone"
	JobConflict = "conflict" // somebody edited a file before it could be restored
)

// Jobs is what the enforcer did, the newest first.
type Jobs struct {
	Schema string `json:"schema"`
	Jobs   []Job  `json:"plans"`
}
