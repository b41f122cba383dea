package agent

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/finding"
)

// endedAndKilled ends a window that leaves two findings, and gives the ids under which
// those were told for information, what left at the end, and for each message that left the state folder that a kill right after it
// leaves. What changed in the window is recorded by then, or not either.
func (b *bench) endedAndKilled(how string, recorded bool) (before []string, left []alert.Message, dirs []string) {
	b.t.Helper()
	id := b.open("CHG1", time.Hour)
	b.flush()
	b.pass(b.rules[0], finding.Fail, "bad")
	b.pass(b.rules[1], finding.Fail, "worse")
	if recorded {
		b.flush()
	}
	for _, m := range b.told {
		before = append(before, m.ID)
	}
	b.told = nil
	b.leave = func() {
		dirs = append(dirs, filepath.Join(b.t.TempDir(), strconv.Itoa(len(dirs))))
		if err := os.CopyFS(dirs[len(dirs)-1], os.DirFS(b.dir)); err != nil {
			b.t.Fatal(err)
		}
	}
	if how == "expired" {
		time.Sleep(time.Hour)
		b.l.endWindows(time.Now())
	} else if _, ok := b.l.endWindow(id, how, "root", time.Now()); !ok {
		b.t.Fatal("there is no window")
	}
	b.leave = nil
	return before, b.told, dirs
}

func (b *bench) flush() {
	b.t.Helper()
	if err := b.a.store.journal.Flush(); err != nil {
		b.t.Fatal(err)
	}
}

// tales are what messages at full rank and those about windows tell, with their ids.
func tales(messages []alert.Message) (out [][2]string) {
	for _, m := range messages {
		if m.Announced == "" || m.Event == finding.Maintenance {
			out = append(out, [2]string{string(m.Event) + " " + m.Rule + m.Code, m.ID})
		}
	}
	return out
}

func TestTheEndOfAWindowComesAgainWithTheSameIDsAfterAKill(t *testing.T) {
	for _, how := range []string{"closed", "expired"} {
		for _, recorded := range []bool{true, false} {
			for point := range 3 {
				inBench(t, func(t *testing.T, b *bench) {
					before, left, dirs := b.endedAndKilled(how, recorded)
					if len(dirs) != 3 {
						t.Fatalf("%d messages left", len(dirs))
					}
					b.killed(dirs[point])
					b.told = nil
					b.pass(b.rules[0], finding.Fail, "bad")
					b.pass(b.rules[1], finding.Fail, "worse")
					want, got := tales(left), tales(b.told)
					if len(got) != len(want) {
						t.Fatalf("%s, recorded: %v, killed after %d: told %q, before it was %q", how, recorded, point+1, got, want)
					}
					for i := range want { // what did not leave has no id that anybody knows
						if got[i][0] != want[i][0] || (recorded || i <= point) && got[i][1] != want[i][1] || slices.Contains(before, got[i][1]) {
							t.Errorf("%s, recorded: %v, killed after %d: told %q, before it was %q", how, recorded, point+1, got[i], want[i])
						}
					}
				})
			}
		}
	}
}

// The receivers heard of a finding at full rank: so they must of its end.
func TestWhatTheEndOfAWindowToldBeforeAKillIsTakenBackAtFullRank(t *testing.T) {
	for _, how := range []string{"closed", "expired"} {
		for _, recorded := range []bool{true, false} {
			inBench(t, func(t *testing.T, b *bench) {
				_, left, dirs := b.endedAndKilled(how, recorded)
				b.killed(dirs[2])
				b.told = nil
				b.pass(b.rules[0], finding.Pass, "")
				b.pass(b.rules[1], finding.Pass, "")
				s := siem{}
				for _, m := range slices.Concat(left, b.told) {
					s.take(&m)
				}
				if len(s) > 0 {
					t.Errorf("%s, recorded: %v: the receiver takes them for %v", how, recorded, s)
				}
			})
		}
	}
}
