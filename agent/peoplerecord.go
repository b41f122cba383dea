package agent

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"stigwatch/agent/appliance"
	"stigwatch/agent/journal"
)

// keptPeople is the name under which the journal keeps what people had answered
// and accepted when it was last recorded.
const keptPeople = "people"

// peopleBody is a change of what people answer and accept.
type peopleBody struct {
	Text         string   `json:"text"`
	Came         []string `json:"came"`
	Went         []string `json:"went"`
	Attestations string   `json:"attestations"` // digest of the file
	Waivers      string   `json:"waivers"`      // likewise
}

// said is one line for each attestation and waiver that the files hold, sorted.
func said(p *appliance.Parts) []string {
	out := []string{}
	for _, a := range p.Attestations.Attestations {
		out = append(out, fmt.Sprintf("attestation %s: %s of %s by %s (%s), %s to %s: %s",
			a.Rule, a.Status, strings.Join(a.Facts, ", "), a.By.Name, a.By.Role, a.When, a.Expires, a.Statement))
	}
	for _, w := range p.Waivers.Waivers {
		out = append(out, fmt.Sprintf("waiver %s: %s approved by %s, %s to %s: %s", w.Rule, w.Ticket, w.Approver, w.When, w.Expires, w.Reason))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// recordPeople records which attestations and waivers came and went since that was
// last recorded, in this run or an earlier one.
func (a *Agent) recordPeople(now time.Time) {
	if a.store.journal == nil {
		return
	}
	var before []string
	if kept := a.store.journal.Kept(keptPeople); kept != nil && json.Unmarshal(kept, &before) != nil {
		before = nil // then all of them came
	}
	p := a.parts
	after := said(p)
	b := peopleBody{Came: without(after, before), Went: without(before, after), Attestations: p.Attestations.Digest, Waivers: p.Waivers.Digest}
	if len(b.Came)+len(b.Went) == 0 {
		return
	}
	b.Text = fmt.Sprintf("%d attestations and waivers came, %d went", len(b.Came), len(b.Went))
	a.store.putKept(map[string]any{keptPeople: after}, nil, journal.Record{Kind: journal.People, At: now, Body: b})
}

// without gives the lines of a that b has not.
func without(a, b []string) []string {
	out := []string{}
	for _, line := range a {
		if !slices.Contains(b, line) {
			out = append(out, line)
		}
	}
	return out
}
