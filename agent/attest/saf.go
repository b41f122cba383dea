package attest

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"stigwatch/agent/finding"
	"stigwatch/agent/strict"
)

// legacyPlugin is under what InSpec's own configuration keeps the same list.
const legacyPlugin = "inspec-reporter-json-hdf"

// FromSAF reads an attestation file of MITRE's SAF CLI, JSON or YAML. The error,
// about the file as a whole, is a strict.Mistakes.
//
// A frequency of more than 366 days counts as 366 days, the longest that an
// attestation may hold.
func FromSAF(b []byte, in Import) (Imported, error) {
	items, err := in.safItems(b)
	if err != nil {
		return Imported{}, err
	}
	answers := make([]foreign, len(items))
	for i, item := range items {
		answers[i] = in.safAnswer(item)
	}
	return in.take(answers), nil
}

// safItems gives the list of the file. SAF minds no further keys, and neither
// do we.
func (in Import) safItems(b []byte) ([]map[string]string, error) {
	if len(b) > MaxImport {
		return nil, in.errorf(0, "the file is larger than %d bytes", MaxImport)
	}
	if text := body(b); len(text) == 0 || text[0] != '[' && text[0] != '{' {
		var items []map[string]string
		err := strict.Decode(in.File, b, &items).Mistakes().Err()
		return items, err
	}
	text := body(b)
	v, err := decodeJSON(text)
	if err != nil {
		return nil, in.errorf(lineOf(text, err), "cannot read it as JSON: %s", err)
	}
	if _, ok := v.([]any); !ok {
		v = at(v, "plugins", legacyPlugin, "attestations")
	}
	list, ok := v.([]any)
	if !ok {
		return nil, in.errorf(0, "there is no list of attestations: name a file that saf attest create wrote")
	}
	items := make([]map[string]string, len(list))
	for i := range list {
		items[i] = texts(list[i])
	}
	return items, nil
}

func (in Import) safAnswer(item map[string]string) foreign {
	a := foreign{statement: item["explanation"], by: item["updated_by"]}
	if id, ok := item["control_id"]; ok {
		a.ids = []string{id}
	}
	switch item["status"] {
	case "passed":
		a.status = finding.Pass
	case "failed":
		a.status = finding.Fail
	default:
		a.fault = brief(item["status"]) + " is not a status of an attestation: write passed or failed"
	}
	var known, ok bool
	if a.when, known = safTime(item["updated"]); known {
		a.expires, ok = safEnd(a.when, item["frequency"])
	}
	switch {
	case a.fault != "":
	case !known:
		a.fault = brief(item["updated"]) + " under updated is not a time: write it like 2026-11-20"
	case !ok:
		a.fault = brief(item["frequency"]) + " is not a frequency: write one like annually or 3m"
	case a.when.After(in.Now):
		a.fault = "it is dated in the future, " + a.when.Format(time.RFC3339)
	case !in.Now.Before(a.expires):
		a.fault = "it expired on " + a.expires.Format(time.RFC3339) + ": attest it anew"
	}
	return a
}

// safTime reads a day or an instant, and gives it to the second in UTC.
func safTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
			t = t.UTC().Truncate(time.Second)
			return t, t.Year() > 0
		}
	}
	return time.Time{}, false
}

// safTerm is a frequency in months, or in days.
type safTerm struct{ months, days int }

// safTerms are SAF's words.
func safTerms() map[string]safTerm {
	return map[string]safTerm{
		"annually": {12, 0}, "semiannually": {6, 0}, "quarterly": {3, 0}, "monthly": {1, 0},
		"every2weeks": {0, 14}, "fortnightly": {0, 14}, "weekly": {0, 7}, "every3days": {0, 3}, "daily": {0, 1},
	}
}

// safTermForm is a number with days, weeks, months or years: 3m, 2wk, 1.5y.
var safTermForm = regexp.MustCompile(`^(\d{1,4}(?:\.\d{1,4})?)\s{0,10}([dwmy])[a-z]{0,10}$`)

// safEnd gives the instant at which an answer of that frequency has to be given
// anew, at most 366 days on.
func safEnd(from time.Time, frequency string) (time.Time, bool) {
	frequency = strings.ToLower(strings.TrimSpace(frequency))
	term, ok := safTerms()[frequency]
	if m := safTermForm.FindStringSubmatch(frequency); !ok && m != nil {
		n, err := strconv.ParseFloat(m[1], 64)
		if ok = err == nil; ok {
			term = safNumber(n, m[2])
		}
	}
	end := from.AddDate(0, term.months, term.days)
	if over := end.Day(); term.months > 0 && over != from.Day() {
		end = end.AddDate(0, 0, -over) // a month after 31 January is the last of February
	}
	if last := from.Add(maxTerm); end.After(last) {
		end = last
	}
	return end, ok && end.After(from)
}

// safNumber rounds down: an answer that ends early is asked for again, one that
// ends late is believed too long.
func safNumber(n float64, unit string) safTerm {
	switch unit {
	case "d":
		return safTerm{0, int(n)}
	case "w":
		return safTerm{0, int(7 * n)}
	case "m":
		return safTerm{int(n), 0}
	}
	return safTerm{int(12 * n), 0}
}

// at gives what lies under a path of keys, nil when nothing does.
func at(v any, keys ...string) any {
	for _, key := range keys {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}

// texts gives the keys of an object that hold text.
func texts(v any) map[string]string {
	out := map[string]string{}
	m, _ := v.(map[string]any)
	for key, value := range m {
		if s, ok := value.(string); ok {
			out[key] = s
		}
	}
	return out
}
