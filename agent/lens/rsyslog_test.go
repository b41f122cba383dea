package lens

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// forwarded is what the lens says of one action, in few words: protocol, host,
// port, selector in brackets, and "shadowed".
func forwarded(vs []Value) []string {
	out := []string{}
	for _, v := range vs {
		s := v.Fields["protocol"] + " " + v.Fields["host"] + " " + v.Fields["port"] + " [" + v.Fields["selector"] + "]"
		if v.Fields["shadowed"] == "true" {
			s += " shadowed"
		}
		out = append(out, s)
	}
	return out
}

func checkForwards(t *testing.T, cases []programCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			vs := disk{"/f": c.text}.asked(t, Rsyslog{}, "forwards", "/f")
			if d := cmp.Diff(append([]string{}, c.want...), forwarded(vs)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestRsyslogActions(t *testing.T) {
	checkForwards(t, []programCase{
		{"udp", "*.* @192.0.2.1\n", "", []string{"udp 192.0.2.1 514 [*.*]"}},
		{"tcp with a port", "local3.* @@h:6514\n", "", []string{"tcp h 6514 [local3.*]"}},
		{"octet framing", "*.*\t@@(o)h:6514\n", "", []string{"tcp h 6514 [*.*]"}},
		{"options", "*.* @(z9,o)h\n", "", []string{"udp h 514 [*.*]"}},
		{"version 6", "*.* @@[2001:db8::1]:6514;RSYSLOG_Format\n", "", []string{"tcp 2001:db8::1 6514 [*.*]"}},
		{"template", "*.* @h;RSYSLOG_Format\n", "", []string{"udp h 514 [*.*]"}},
		{"comment behind", "*.* @h # c\n", "", []string{"udp h 514 [*.*]"}},
		{"commented out", "#*.* @h\n # *.* @@h\n/* *.* @h\n*.* @h */\n", "", nil},
		{"a comment that goes on", "# c \\\n*.* @h\n*.* @i\n", "", []string{"udp i 514 [*.*]"}},
		{"continued", "*.* \\\n   @@h:1\n", "", []string{"tcp h 1 [*.*]"}},
		{"files are no forwards", "*.* -/var/log/@x\nmail.* /var/log/@@m\n*.* :omusrmsg:*\n*.emerg *\n", "", nil},
		{"relp", "*.* :omrelp:h:2514;T\n*.* action(type=\"omrelp\" target=\"i\" port=\"1\")\n", "", []string{"relp h 2514 [*.*]", "relp i 1 [*.*]"}},
		{"bare action", "action(type=\"omfwd\" target=\"h\" port=\"6514\" protocol=\"tcp\")\n", "", []string{"tcp h 6514 []"}},
		{"defaults", "action(type=\"omfwd\" target=\"h\")\n", "", []string{"udp h 514 []"}},
		{"case", "ACTION(TYPE=\"omfwd\" Target=\"h\" Protocol=\"TCP\")\n", "", []string{"tcp h 514 []"}},
		{"filter and action", "*.* action(type=\"omfwd\" target=\"h\")\n", "", []string{"udp h 514 [*.*]"}},
		{"several lines", "*.info action( # c\n  type=\"omfwd\"\n  /* target=\"x\" */ target=\"h\"\n\n  port=\"1\"\n)\n", "", []string{"udp h 1 [*.info]"}},
		{"parameter commented out", "action(type=\"omfwd\"\n target=\"h\"\n #protocol=\"tcp\"\n)\n", "", []string{"udp h 514 []"}},
		{"turned off", "action(type=\"omfwd\" target=\"h\" config.enabled=\"off\")\naction(type=\"omfwd\" target=\"i\" config.enabled=\"on\")\n", "", []string{"udp i 514 []"}},
		{"other actions", "action(type=\"omfile\" file=\"/x\" target=\"h\")\ninput(type=\"imudp\" target=\"h\")\n", "", nil},
		{"target pool", "action(type=\"omfwd\" target=[\"a\", \"b\"])\n", "", []string{"udp a 514 []", "udp b 514 []"}},
		{"if", "if $syslogfacility-text == 'local3' then action(type=\"omfwd\" target=\"h\")\n", "", []string{"udp h 514 [if $syslogfacility-text == 'local3' then]"}},
		{"if with then in quotes", "if $msg contains 'then @x' then @@h\n", "", []string{"tcp h 514 [if $msg contains 'then @x' then]"}},
		{"else", "if $a == 1 then {\n  @@h\n} else {\n  @i\n}\n", "", []string{"tcp h 514 [if $a == 1 then]", "udp i 514 [if $a == 1 else]"}},
		{"else if", "if $a then stop else if $b then @h\nelse @i\n", "", []string{"udp h 514 [if $a else if $b then]", "udp i 514 [if $a else if $b else]"}},
		{"nested", "if $a then {\n*.info {\n @h\n}\n}\n", "", []string{"udp h 514 [if $a then *.info]"}},
		{"chain", "local3.* @a\n& @@b\n&action(type=\"omfwd\" target=\"c\")\n", "", []string{"udp a 514 [local3.*]", "tcp b 514 [local3.*]", "udp c 514 [local3.*]"}},
		{"chain around directives", "local3.* @a\n# c\n$ActionQueueType Direct\n& @@b\n", "", []string{"udp a 514 [local3.*]", "tcp b 514 [local3.*]"}},
		{"property filter", ":programname, isequal, \"audit\" @@h\n", "", []string{`tcp h 514 [:programname, isequal, "audit"]`}},
		{"filter mid-line is none", "if $a then *.* @h\n", "", nil},
		{"several selectors", "kern.*;mail.info,local3.none @h\n", "", []string{"udp h 514 [kern.*;mail.info,local3.none]"}},
	})
}

func TestRsyslogShadows(t *testing.T) {
	checkForwards(t, []programCase{
		{"stop", "stop\n*.* @h\n", "", []string{"udp h 514 [*.*] shadowed"}},
		{"stop for all", "*.* stop\n*.* @h\n", "", []string{"udp h 514 [*.*] shadowed"}},
		{"tilde for all", "*.* ~\n*.* @h\n", "", []string{"udp h 514 [*.*] shadowed"}},
		{"tilde with a comment", "*.* ~ # c\n*.* @h\n", "", []string{"udp h 514 [*.*] shadowed"}},
		{"debug is all", "*.debug stop\n*.* @h\n", "", []string{"udp h 514 [*.*] shadowed"}},
		{"chained tilde", "*.* /var/log/x\n& ~\n*.* @h\n", "", []string{"udp h 514 [*.*] shadowed"}},
		{"chained tilde of some", "local3.* @a\n& ~\n*.* @h\n", "", []string{"udp a 514 [local3.*]", "udp h 514 [*.*]"}},
		{"stop of some", "mail.* stop\n:msg, contains, \"x\" ~\nif $a then stop\n*.* @h\n", "", []string{"udp h 514 [*.*]"}},
		{"behind", "*.* @h\n*.* stop\n", "", []string{"udp h 514 [*.*]"}},
		{"commented out", "#*.* stop\n# stop\n*.* @h\n", "", []string{"udp h 514 [*.*]"}},
		{"in its own block", "if $a then {\n stop\n @h\n}\n@i\n", "", []string{"udp h 514 [if $a then] shadowed", "udp i 514 []"}},
		{"both branches", "if $a then stop else stop\n@h\n", "", []string{"udp h 514 [] shadowed"}},
		{"always true", "if (1) then stop\n@h\n", "", []string{"udp h 514 [] shadowed"}},
		{"never true", "if 0 then stop\n@h\n", "", []string{"udp h 514 []"}},
		{"block for all", "*.* {\n /var/log/x\n stop\n}\n@h\n", "", []string{"udp h 514 [] shadowed"}},
		{"a user's name is not stop", "*.* stopper\n*.* @h\n", "", []string{"udp h 514 [*.*]"}},
		{"in a called ruleset", "ruleset(name=\"rs\") {\n stop\n}\ncall rs\n@h\n", "", []string{"udp h 514 [] shadowed"}},
		{"in a called ruleset with a queue", "ruleset(name=\"rs\" queue.type=\"LinkedList\") {\n stop\n}\ncall rs\n@h\n", "", []string{"udp h 514 []"}},
		{"in another ruleset", "ruleset(name=\"rs\") {\n stop\n}\n@h\n", "", []string{"udp h 514 []"}},
	})
}

func TestRsyslogRulesets(t *testing.T) {
	r := "ruleset(name=\"RS\") {\n @h\n}\n"
	sel := `ruleset(name="RS")`
	checkForwards(t, []programCase{
		{"nothing feeds it", r, "", []string{"udp h 514 [" + sel + "] shadowed"}},
		{"called", "call rs\n" + r, "", []string{"udp h 514 [" + sel + "]"}},
		{"called too late", r + "stop\ncall RS\n", "", []string{"udp h 514 [" + sel + "] shadowed"}},
		{"fed by an input", "input(type=\"imfile\" file=\"/x\" ruleset=\"RS\")\n" + r, "", []string{"udp h 514 [" + sel + "]"}},
		{"turned off", strings.Replace(r, `"RS"`, `"RS" config.enabled="off"`, 1) + "call RS\n", "", nil},
		{"legacy", "$RuleSet RS\n*.* @h\n$RuleSet RSYSLOG_DefaultRuleset\n*.* @i\n", "", []string{"udp h 514 [" + sel + " *.*] shadowed", "udp i 514 [*.*]"}},
		{"calls itself", "ruleset(name=\"RS\") {\n call RS\n @h\n}\ncall RS\n", "", []string{"udp h 514 [" + sel + "]"}},
	})
}

func TestRsyslogIncludes(t *testing.T) {
	cases := []struct {
		name  string
		files disk
		want  []string
	}{
		{"spliced", disk{"/f": "@a\n$IncludeConfig /d/*.conf\n@z\n", "/d/2.conf": "@2\n", "/d/1.conf": "@1\n"},
			[]string{"udp a 514 []", "udp 1 514 []", "udp 2 514 []", "udp z 514 []"}},
		{"shadows what follows", disk{"/f": "$IncludeConfig /d/*.conf\n@z\n", "/d/1.conf": "@1\nstop\n"}, []string{"udp 1 514 []", "udp z 514 [] shadowed"}},
		{"in a block", disk{"/f": "if $a then {\ninclude(file=\"/i\")\n@b\n}\n@z\n", "/i": "@i\nstop\n"},
			[]string{"udp i 514 [if $a then]", "udp b 514 [if $a then] shadowed", "udp z 514 []"}},
		{"commented out", disk{"/f": "#$IncludeConfig /i\n", "/i": "@i\n"}, []string{}},
		{"turned off", disk{"/f": "include(file=\"/i\" config.enabled=\"off\")\n", "/i": "@i\n"}, []string{}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, forwarded(c.files.asked(t, Rsyslog{}, "forwards", "/f"))); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestRsyslogRefuses(t *testing.T) {
	checkRefused(t, Rsyslog{}, map[string]int{
		"*.* @h\n}\n": 2, "if $a then {\n @h\n": 2, "action(type=\"omfwd\"\n": 1, "/* c\n": 1, "\n& @h\n": 2, "*.*\n": 1,
		"action(type=omfwd)\n": 1, "if $a\n": 1, "else @h\n": 1, "action(type=\"omfwd)\n": 1, "%x\n": 1, "{ stop }\n": 1,
		strings.Repeat("if $a then ", MaxDepth) + "stop\n": 1,
	})
}

func TestRsyslogPlace(t *testing.T) {
	text := "# c\nlocal3.*   @@h:1 # d\n"
	want := []Value{{
		Fields: map[string]string{"host": "h", "port": "1", "protocol": "tcp", "selector": "local3.*", "shadowed": "false"},
		File:   "/f0", Line: 2, Start: 15, End: 24, Raw: "local3.*   @@h:1 # d",
	}}
	if d := cmp.Diff(want, ask(t, Rsyslog{}, Query{Path: "forwards"}, text)); d != "" {
		t.Error(d)
	}
}
