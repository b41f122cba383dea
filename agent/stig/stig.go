// Package stig owns the official benchmarks that a user downloaded: reading
// them, comparing them with what the catalogue knows, and keeping them.
//
// The project ships ids and numbers of the benchmarks and none of their
// sentences. An export that has to carry the official text takes it from here.
//
// A downloaded file is hostile until it is read: no document type, no entity, no
// link is followed, and everything has a bound. A file that says something twice,
// or in a way that would lose text, is refused whole: half a benchmark in a
// checklist is worse than none.
package stig

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"stigwatch/agent/finding"
)

// maxRules is more than any benchmark has.
const maxRules = 2000

// Benchmark is one official document in one release.
type Benchmark struct {
	Name    string `json:"benchmark"` // as the catalogue calls it, "ndm"; "" until it was compared
	ID      string `json:"id"`        // the document's own
	Title   string `json:"title"`
	Release string `json:"release"` // "V3R1"
	Date    string `json:"date"`    // "2024-10-24"
	Digest  string `json:"digest"`  // "sha256:…" of the XCCDF file
	Rules   []Rule `json:"rules"`   // in the order of the document
}

// Rule is one rule of a benchmark. Of a rule in the catalogue only the ids, the
// severity and the CCIs are set.
type Rule struct {
	Rule       string           `json:"rule"`    // "V-250982"
	RuleID     string           `json:"rule_id"` // "SV-250982r1028209_rule"
	StigID     string           `json:"stig_id"` // "MOIS-ND-000020"
	Severity   finding.Severity `json:"severity"`
	SRG        string           `json:"srg"`    // "SRG-APP-000001-NDM-000200"
	CCIs       []string         `json:"ccis"`   // sorted
	Legacy     []string         `json:"legacy"` // ids before 2020, sorted
	Title      string           `json:"title"`
	Check      string           `json:"check"`
	Fix        string           `json:"fix"`
	Discussion string           `json:"discussion"`
}

var (
	formRelease = regexp.MustCompile(`^V(0|[1-9]\d{0,2})R(0|[1-9]\d{0,2})$`)
	formRule    = regexp.MustCompile(`^V-\d{4,7}$`)
	formRuleID  = regexp.MustCompile(`^S(V-\d{4,7})r\d{1,9}_rule$`)
	formStigID  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{1,63}$`)
	formSRG     = regexp.MustCompile(`^SRG-[A-Z0-9-]{1,60}$`)
	formCCI     = regexp.MustCompile(`^CCI-\d{6}$`)
	formLegacy  = regexp.MustCompile(`^S?V-\d{1,7}$`)
)

// check says what is wrong with a benchmark, wherever it was read.
func (b *Benchmark) check() error {
	_, err := time.Parse(time.DateOnly, b.Date)
	switch {
	case strings.TrimSpace(b.ID) == "" || strings.TrimSpace(b.Title) == "":
		return fmt.Errorf("it has no id or no title")
	case !formRelease.MatchString(b.Release):
		return fmt.Errorf("its release is %s, which is not like V3R1", brief(b.Release))
	case err != nil:
		return fmt.Errorf("its date is %s, which is none", brief(b.Date))
	case len(b.Rules) == 0 || len(b.Rules) > maxRules:
		return fmt.Errorf("it has %d rules, and 1 to %d were expected", len(b.Rules), maxRules)
	}
	seen := map[string]bool{}
	for i := range b.Rules {
		r := &b.Rules[i]
		if err := r.check(); err != nil {
			return err
		}
		for _, id := range []string{r.Rule, "id " + r.StigID} {
			if seen[id] {
				return fmt.Errorf("rule %s: it, or its STIG id %s, stands there twice", r.Rule, r.StigID)
			}
			seen[id] = true
		}
	}
	return nil
}

func (r *Rule) check() error {
	if !formRule.MatchString(r.Rule) {
		return fmt.Errorf("a group's id is %s, which is not like V-250982", brief(r.Rule))
	}
	if m := formRuleID.FindStringSubmatch(r.RuleID); m == nil || m[1] != r.Rule {
		return fmt.Errorf("rule %s: its id is %s, which is not like S%sr1028209_rule", r.Rule, brief(r.RuleID), r.Rule)
	}
	for _, one := range []struct {
		what, text string
		form       *regexp.Regexp
	}{{"STIG id", r.StigID, formStigID}, {"SRG", r.SRG, formSRG}} {
		if !one.form.MatchString(one.text) {
			return fmt.Errorf("rule %s: %s is no %s", r.Rule, brief(one.text), one.what)
		}
	}
	if r.Severity.CAT() == 0 {
		return fmt.Errorf("rule %s: its severity is %s, which is not high, medium or low", r.Rule, brief(string(r.Severity)))
	}
	for _, list := range []struct {
		ids  []string
		form *regexp.Regexp
	}{{r.CCIs, formCCI}, {r.Legacy, formLegacy}} {
		if i := slices.IndexFunc(list.ids, func(id string) bool { return !list.form.MatchString(id) }); i >= 0 {
			return fmt.Errorf("rule %s: %s is no CCI and no legacy id", r.Rule, brief(list.ids[i]))
		}
	}
	for _, part := range [][2]string{{"title", r.Title}, {"check", r.Check}, {"fix", r.Fix}, {"discussion", r.Discussion}} {
		if strings.TrimSpace(part[1]) == "" {
			return fmt.Errorf("rule %s: its %s is empty", r.Rule, part[0])
		}
	}
	return nil
}

// CompareReleases orders releases by their numbers: V9R2 is before V10R1. What is
// not like a release comes first.
func CompareReleases(a, b string) int { return releaseNumber(a) - releaseNumber(b) }

func releaseNumber(release string) int {
	m := formRelease.FindStringSubmatch(release)
	if m == nil {
		return -1
	}
	v, _ := strconv.Atoi(m[1])
	r, _ := strconv.Atoi(m[2])
	return v*1000 + r
}

// brief quotes a piece of a file in a sentence.
func brief(s string) string {
	const most = 60
	if r := []rune(s[:min(len(s), 4*most)]); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strconv.Quote(s)
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}
