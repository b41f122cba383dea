package alert

import (
	"cmp"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Config is one entry under sinks in stigwatch.yaml. Which keys a type of sink
// takes besides the first block, its kind says.
type Config struct {
	Name      string `key:"name,required"`
	Type      string `key:"type,required"`
	Heartbeat string `key:"heartbeat"`  // a duration, "5m": how often the agent says that it lives; empty: never
	Rate      int    `key:"rate"`       // messages a minute at most, 0: as many as there are; delays, never drops
	Damp      Damp   `key:"damp"`       // a rule that flaps
	MaxWait   string `key:"max_wait"`   // a duration: what waits for longer is dropped and counted; default 168h
	MaxQueued int    `key:"max_queued"` // what waits at most; default 100,000

	Address  string `key:"address"`  // where to; its form is the type's
	Format   string `key:"format"`   //
	Facility string `key:"facility"` // of a syslog

	CA         string `key:"ca"`          // PEM file: who may have signed the receiver's certificate; empty: the system's
	Cert       string `key:"cert"`        // PEM file: our own certificate
	Key        string `key:"key"`         // PEM file or credential:NAME: its private key
	ServerName string `key:"server_name"` // in the receiver's certificate; empty: the address's host

	TokenFile    string            `key:"token_file"`    // a secret: file, or credential:NAME
	SecretFile   string            `key:"secret_file"`   // a secret: file, or credential:NAME
	PasswordFile string            `key:"password_file"` // a secret: file, or credential:NAME
	User         string            `key:"user"`
	Headers      map[string]string `key:"headers"`
	Index        string            `key:"index"`
	SourceType   string            `key:"sourcetype"`
	Acks         *bool             `key:"acks"`

	From string   `key:"from"`
	To   []string `key:"to"`

	Path    string `key:"path"`
	MaxSize int    `key:"max_size_mb"`
	Keep    int    `key:"keep"`
}

// Damp says when a rule that changes again and again is told in summaries.
type Damp struct {
	Changes int    `key:"changes"` // more than so many
	Within  string `key:"within"`  // in so long a time
}

// Every says how often the sink wants a heartbeat; 0: never.
func (c *Config) Every() time.Duration { return span(c.Heartbeat, 0) }

// Most is how many messages may wait.
func (c *Config) Most() int { return cmp.Or(c.MaxQueued, 100_000) }

// Longest is how long one may wait.
func (c *Config) Longest() time.Duration { return span(c.MaxWait, 7*24*time.Hour) }

// common are the keys that every type takes.
var common = []string{"name", "type", "heartbeat", "rate", "damp", "max_wait", "max_queued"}

var sinkName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Fill sets the defaults of the type.
func (c *Config) Fill() {
	k := kinds()[c.Type]
	if len(k.formats) > 0 && c.Format == "" {
		c.Format = k.formats[0]
	}
	if k.fill != nil {
		k.fill(c)
	}
}

// Check tells each thing that is wrong with a filled configuration; has tells
// which keys were written.
func (c *Config) Check(has func(key string) bool, wrong Wrong) {
	if has("name") && !sinkName.MatchString(c.Name) {
		wrong("name", "%q is not a name: up to 64 letters, digits, dots, dashes and underscores", c.Name)
	}
	c.checkCommon(has, wrong)
	k, known := kinds()[c.Type]
	if !known {
		if has("type") {
			wrong("type", "%q is not a type: write one of %s", c.Type, strings.Join(Types(), ", "))
		}
		return
	}
	for _, key := range keysOfConfig() {
		if has(key) && !slices.Contains(common, key) && !slices.Contains(k.keys, key) && !(key == "format" && len(k.formats) > 0) {
			wrong(key, "a sink of type %s has none: remove the key", c.Type)
		}
	}
	if len(k.formats) > 0 && !slices.Contains(k.formats, c.Format) {
		wrong("format", "%q is not a format of type %s: write one of %s", c.Format, c.Type, strings.Join(k.formats, ", "))
	}
	if k.check != nil {
		k.check(c, wrong)
	}
}

func (c *Config) checkCommon(has func(key string) bool, wrong Wrong) {
	for key, text := range map[string]string{"heartbeat": c.Heartbeat, "max_wait": c.MaxWait, "damp.within": c.Damp.Within} {
		if !has(key) && text == "" {
			continue
		}
		if d, err := time.ParseDuration(text); err != nil || d < time.Second || d > 366*24*time.Hour {
			wrong(key, "%q is not a time from 1s to 8784h: write it like 5m", text)
		}
	}
	if c.Rate < 0 {
		wrong("rate", "%d is not a number of messages a minute: write 1 or more, or remove the key", c.Rate)
	}
	if has("max_queued") && (c.MaxQueued < 1 || c.MaxQueued > 1_000_000) {
		wrong("max_queued", "%d is not from 1 to 1000000", c.MaxQueued)
	}
	if has("damp") && (c.Damp.Changes < 1 || c.Damp.Within == "") {
		wrong("damp", "it needs both changes (1 or more) and within: write {changes: 5, within: 10m}")
	}
}

// keysOfConfig are all keys, in the order of the struct.
func keysOfConfig() []string {
	t := reflect.TypeFor[Config]()
	var keys []string
	for i := range t.NumField() {
		key, _, _ := strings.Cut(t.Field(i).Tag.Get("key"), ",")
		keys = append(keys, key)
	}
	return keys
}

// span reads a duration that was checked.
func span(text string, otherwise time.Duration) time.Duration {
	if d, err := time.ParseDuration(text); err == nil {
		return d
	}
	return otherwise
}
