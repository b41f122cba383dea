package lens

import (
	"strings"
	"testing"
)

// A host that the site's own check let through would still be no line of its own: the
// lens takes what is a host, and nothing else.
func TestNoHostBecomesAnotherDirective(t *testing.T) {
	for _, c := range []struct {
		lens, query, file string
		fields            map[string]string
	}{
		{"chrony", "servers", "server 192.0.2.9 iburst\n", map[string]string{"kind": "server"}},
		{"ntp", "servers", "server 192.0.2.9 iburst\n", map[string]string{"kind": "server"}},
		{"rsyslog", "forwards", "*.* /var/log/messages\n*.* @@192.0.2.9:514\n", map[string]string{"port": "6514", "protocol": "tcp"}},
	} {
		l, ok := ByName(c.lens)
		if !ok {
			t.Fatalf("no lens %s", c.lens)
		}
		doc, err := l.Parse("/etc/x.conf", []byte(c.file))
		if err != nil {
			t.Fatal(err)
		}
		f := &File{Doc: doc}
		set := func(host string) ([]Edit, error) {
			w := Want{Fields: map[string]string{"host": host}}
			for name, text := range c.fields {
				w.Fields[name] = text
			}
			return l.(Editor).Set([]*File{f}, Query{Path: c.query}, []Want{w}, f)
		}
		if edits, err := set("time.example"); err != nil || len(edits) == 0 {
			t.Errorf("%s: %v %v", c.lens, edits, err)
		}
		for _, host := range []string{
			"192.0.2.1\nserver evil.example", "192.0.2.1\n", "192.0.2.1\rx", "192.0.2.1\x00", "192.0.2.1 trust", "192.0.2.1\tprefer", "192.0.2.1;x",
			"$(reboot)", "`reboot`", `192.0.2.1" port="1`, "192.0.2.1#x", "-x", "|/bin/sh", "^/bin/sh", `x") action(type="omprog"`, "fe80::1%eth0", "",
			strings.Repeat("a.", 50_000) + "example", "tіme.example", "a\u202eb.example", "[::1]", "@x", "!x", "192.0.2.300",
		} {
			if edits, err := set(host); err == nil {
				t.Errorf("%s: %.40q was taken: %v", c.lens, host, edits)
			}
		}
	}
}
