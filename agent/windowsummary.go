package agent

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/finding"
	"stigwatch/agent/maintenance"
)

// summary says what changed in a window, and how it stands now.
func (l *loop) summary(w *maintenance.Window, how, by string, now time.Time) *api.WindowEnd {
	end := &api.WindowEnd{
		Window: shownWindow(w), How: how, By: by, At: api.At(now), Changed: []api.WindowRule{}, Opened: []string{},
	}
	var parts []string
	for _, id := range slices.Sorted(maps.Keys(w.Was)) {
		was, is := w.Was[id], l.before[id].Outcome
		end.Changed = append(end.Changed, api.WindowRule{Rule: id, Was: string(was), Now: string(is)})
		if is == finding.Fail && was != finding.Fail {
			end.Opened = append(end.Opened, id)
		}
		if is != was {
			parts = append(parts, fmt.Sprintf("%s %s → %s", id, orUnknown(was), orUnknown(is)))
		}
	}
	end.Text = fmt.Sprintf("maintenance %s %s", w.Ticket, how)
	if by != "" {
		end.Text += " by " + by
	}
	end.Text += fmt.Sprintf(": %s of %s", counted(int(w.Changes), "change"), counted(len(end.Changed), "rule"))
	if len(end.Opened) > 0 {
		end.Text += fmt.Sprintf(", %d open that %s not before", len(end.Opened), wasWere(len(end.Opened)))
	}
	if len(parts) > 0 {
		end.Text += ": " + abridged(parts)
	}
	return end
}

// mostListed is how much a sentence lists.
const mostListed = 20

func abridged(list []string) string {
	if extra := len(list) - mostListed; extra > 0 {
		return strings.Join(list[:mostListed], ", ") + fmt.Sprintf(" and %d more", extra)
	}
	return strings.Join(list, ", ")
}

func ruleList(rules []string, none string) string {
	if len(rules) == 0 {
		return none
	}
	return abridged(rules)
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

func wasWere(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

func orUnknown(o finding.Outcome) string {
	if o == "" {
		return "not judged"
	}
	return string(o)
}
