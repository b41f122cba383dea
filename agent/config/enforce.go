package config

import (
	"cmp"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"stigwatch/agent/permit"
	"stigwatch/agent/strict"
)

// The modes of enforcement.
const (
	ModeAlert   = "alert"   // tell of it
	ModePlan    = "plan"    // and work out what would put it right
	ModeEnforce = "enforce" // and put it right
)

// Bounds and defaults of enforcement.
const (
	confirmDefault = 10 * time.Minute
	confirmLeast   = 30 * time.Second
	confirmMost    = 24 * time.Hour
	keepDefault    = 90 * 24 * time.Hour
	keepLeast      = time.Hour
	keepBytes      = 64 << 20
	fightTimes     = 3
	fightWithin    = 10 * time.Minute
	perHourDefault = 6
)

// Enforce says what is done about failing rules besides telling, and within
// which bounds.
type Enforce struct {
	Mode          string              // of rules that Rules does not name
	Rules         map[string]string   // rule → mode
	Allow         []string            // facts that may be written; empty: all that have a permit
	ConfirmWithin time.Duration       // for what could cut an administrator off
	Keep          time.Duration       // how long copies for undo are kept
	KeepBytes     int64               // and how much of them
	FightTimes    int                 // so often set back within FightWithin, and a rule is left alone
	FightWithin   time.Duration       //
	PerHour       int                 // applies of one rule that the agent may ask for in an hour
	Dir           string              // the enforcer's log and copies
	Socket        string              // the enforcer's
	AgentUser     string              // who may ask the enforcer, besides root
	Reload        map[string][]string // unit → command that has it take its files up, instead of D-Bus
}

// ModeOf gives the mode of a rule.
func (e *Enforce) ModeOf(rule string) string { return cmp.Or(e.Rules[rule], e.Mode, ModeAlert) }

// On tells whether any rule is in another mode than alert.
func (e *Enforce) On() bool {
	if e.Mode != ModeAlert {
		return true
	}
	for _, mode := range e.Rules {
		if mode != ModeAlert {
			return true
		}
	}
	return false
}

// enforceFile is Enforce as it is written.
type enforceFile struct {
	Mode          string              `key:"mode"`
	Rules         map[string]string   `key:"rules"`
	Allow         []string            `key:"allow"`
	ConfirmWithin string              `key:"confirm_within"`
	Keep          string              `key:"keep"`
	KeepBytes     int64               `key:"keep_bytes"`
	FightTimes    int                 `key:"fight_times"`
	FightWithin   string              `key:"fight_within"`
	PerHour       int                 `key:"per_hour"`
	Dir           string              `key:"dir"`
	Socket        string              `key:"socket"`
	AgentUser     string              `key:"agent_user"`
	Reload        map[string][]string `key:"reload"`
}

func (f *enforceFile) fill(dir string, cfg *Config) Enforce {
	e := Enforce{
		Mode: cmp.Or(f.Mode, ModeAlert), Rules: f.Rules, Allow: f.Allow, KeepBytes: cmp.Or(f.KeepBytes, keepBytes),
		ConfirmWithin: duration(f.ConfirmWithin, confirmDefault), Keep: duration(f.Keep, keepDefault),
		FightTimes: cmp.Or(f.FightTimes, fightTimes), FightWithin: duration(f.FightWithin, fightWithin),
		PerHour: cmp.Or(f.PerHour, perHourDefault), Reload: f.Reload, AgentUser: cmp.Or(f.AgentUser, "stigwatch"),
		Dir: within(dir, cmp.Or(f.Dir, cfg.StateDir+"-enforcer")),
	}
	e.Socket = within(dir, cmp.Or(f.Socket, filepath.Join(cfg.RuntimeDir+"-enforcer", "enforcer.sock")))
	return e
}

// duration reads what check has looked at.
func duration(text string, otherwise time.Duration) time.Duration {
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return d
	}
	return otherwise
}

func (f *enforceFile) check(d *strict.Doc) {
	checkMode(d, "enforce.mode", cmp.Or(f.Mode, ModeAlert))
	for _, rule := range slices.Sorted(maps.Keys(f.Rules)) {
		key := "enforce.rules." + rule
		if !ruleForm.MatchString(rule) {
			d.Wrong(key, "%q is not a rule: write it like V-250987", rule)
		}
		checkMode(d, key, f.Rules[rule])
	}
	checkAllow(d, f.Allow)
	checkSpan(d, "enforce.confirm_within", f.ConfirmWithin, confirmLeast, confirmMost)
	checkSpan(d, "enforce.keep", f.Keep, keepLeast, 10*366*24*time.Hour)
	checkSpan(d, "enforce.fight_within", f.FightWithin, time.Second, 24*time.Hour)
	checkCount(d, "enforce.keep_bytes", f.KeepBytes, 1<<20, 16<<30)
	checkCount(d, "enforce.fight_times", int64(f.FightTimes), 1, 1000)
	checkCount(d, "enforce.per_hour", int64(f.PerHour), 1, 3600)
	for _, key := range []string{"dir", "socket"} {
		if text := map[string]string{"dir": f.Dir, "socket": f.Socket}[key]; text == "" && d.Has("enforce."+key) {
			d.Wrong("enforce."+key, "the path is empty: write one, or remove it to get the default")
		}
	}
	for _, unit := range slices.Sorted(maps.Keys(f.Reload)) {
		checkReload(d, "enforce.reload."+unit, unit, f.Reload[unit])
	}
}

func checkMode(d *strict.Doc, key, mode string) {
	switch mode {
	case ModeAlert, ModePlan, ModeEnforce:
	default:
		d.Wrong(key, "%q is not a mode: write alert, plan or enforce", mode)
	}
}

func checkSpan(d *strict.Doc, key, text string, least, most time.Duration) {
	if v, err := time.ParseDuration(text); d.Has(key) && (err != nil || v < least || v > most) {
		d.Wrong(key, "%q is not a time from %s to %s: write it like 10m", text, short(least), short(most))
	}
}

// short writes a duration without the zeros behind it.
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func checkCount(d *strict.Doc, key string, n, least, most int64) {
	if d.Has(key) && (n < least || n > most) {
		d.Wrong(key, "%d is not from %d to %d", n, least, most)
	}
}

// checkReload wants a command that no shell is needed for.
func checkReload(d *strict.Doc, key, unit string, command []string) {
	switch {
	case !strings.HasSuffix(unit, ".service"):
		d.Wrong(key, "%q is not a unit: write it like chronyd.service", unit)
	case len(command) == 0 || !filepath.IsAbs(command[0]):
		d.Wrong(key, "write the program's absolute path and its arguments: [/usr/bin/systemctl, restart, %s]", unit)
	}
}

func checkAllow(d *strict.Doc, allow []string) {
	for i, fact := range allow {
		if _, ok := permit.Of(fact); !ok {
			d.Wrong(item("enforce.allow", i), "%q is never written: those that may be are %s", fact, strings.Join(permit.Facts(), ", "))
		}
	}
}
