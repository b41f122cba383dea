package lens

import (
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func rsyslogSetCase() setCase {
	return setCase{
		name: "rsyslog", lens: Rsyslog{}, files: []string{"/f", "/d/1.conf"}, top: 1, into: "/f",
		seeds: [][]string{
			{"# c \\\n*.* @x\n*.info /var/log/m\r\n*.* @a\n& @@(o)b:1;T # c\n$ActionQueueType Direct\nmail.* @@[2001:db8::1]:6514\n  local3.* @c:5 # d\n$IncludeConfig /d/*.conf\n*.* stop\n", "*.* @@i\nstop\n"},
			{"module(load=\"omrelp\")\nif $msg == 'a' then @a\nif $x then {\n @b\n  @c\n} else stop\n*.* action(type=\"omfwd\" target=\"d\"\n port=\"1\" # p\n)\naction(type=\"omrelp\" target=\"r\" port='2')\n*.* :omrelp:q:3\n", ""},
			{"*.* action(type=\"omfwd\" target=\"t\" protocol=\"tcp\" streamdrivermode=\"1\" queue.type=\"linkedlist\")\n*.* action(type=\"omfwd\" target=[\"a\",\"b\"])\nruleset(name=\"r\") {\n @h\n /v\n}\ncall r\n*.* {\n@k\n@l\n}\n*.* ~\n$RuleSet other\n", "*.* @i\n"},
		},
		queries: []Query{{Path: "forwards"}},
		wants: [][]Want{
			records("host=new"), records("host=192.0.2.9 port=6514 protocol=tcp selector=*.* shadowed=false"), records("host=2001:db8::9 protocol=udp"),
			records("host=new protocol=relp"), records("host=x shadowed=true"), records("host=n selector=local3.*;mail.none"), records("host=n selector="),
			records("host=a"), records("host=a~b"), records("host=n port=0"),
		},
	}
}

func TestSetRsyslogAdds(t *testing.T) {
	c := rsyslogSetCase()
	object := `*.* action(type="omfwd" target="h" port="6514" protocol="tcp")` + "\n"
	tcp := records("host=h port=6514 protocol=tcp selector=*.*")
	checkList(t, c, []listChange{
		{name: "to nothing", want: tcp, after: []string{object}},
		{name: "beside legacy actions", before: []string{"*.info /v\n"}, want: tcp, after: []string{"*.info /v\n*.* @@h:6514\n"}},
		{name: "beside objects", before: []string{"*.info /v\naction(type=\"omfile\" file=\"/w\")\n"}, want: tcp, after: []string{"*.info /v\naction(type=\"omfile\" file=\"/w\")\n" + object}},
		{name: "beside a legacy forward", before: []string{"action(type=\"omfile\" file=\"/w\")\n*.* @a\n"}, want: records("host=a", "host=2001:db8::1 protocol=udp"),
			after: []string{"action(type=\"omfile\" file=\"/w\")\n*.* @a\n*.* @[2001:db8::1]:514\n"}},
		{name: "defaults", before: []string{"*.info /v"}, want: records("host=h"), after: []string{"*.info /v\n*.* @@h:514"}},
		{name: "line ends", before: []string{"*.info /v\r\n"}, want: tcp, after: []string{"*.info /v\r\n*.* @@h:6514\r\n"}},
		{name: "a selector", before: []string{"*.info /v\n"}, want: records("host=h selector=local3.*;mail,kern.!=err;auth.none"), after: []string{"*.info /v\nlocal3.*;mail,kern.!=err;auth.none @@h:514\n"}},
		{name: "no selector", want: records("host=h selector="), after: []string{`action(type="omfwd" target="h" port="514" protocol="tcp")` + "\n"}},
		{name: "before a stop", before: []string{"*.info /v\n# c\n*.* stop\n# end\n"}, want: tcp, after: []string{"*.info /v\n# c\n*.* @@h:6514\n*.* stop\n# end\n"}},
		{name: "before a chain that stops", before: []string{"/v\n& /w\n& stop\n*.* /x\n"}, want: tcp, after: []string{"*.* @@h:6514\n/v\n& /w\n& stop\n*.* /x\n"}},
		{name: "before what is for the action that stops", before: []string{"*.err /u\n$ActionQueueType Direct\n*.* /v\n& ~\n*.* /x\n"}, want: tcp,
			after: []string{"*.err /u\n*.* @@h:6514\n$ActionQueueType Direct\n*.* /v\n& ~\n*.* /x\n"}},
		{name: "into an included file", before: []string{"$IncludeConfig /d/*.conf\nstop\n", "*.err /v\n"}, into: "/d/1.conf", want: tcp, after: []string{"$IncludeConfig /d/*.conf\nstop\n", "*.err /v\n*.* @@h:6514\n"}},
		{name: "into a file that nothing reaches", before: []string{"stop\n$IncludeConfig /d/*.conf\n", "*.err /v\n"}, into: "/d/1.conf", want: tcp, why: "where that counts"},
		{name: "before another ruleset", before: []string{"*.err /v\n$RuleSet other\n*.* /w\n"}, want: tcp, after: []string{"*.* @@h:6514\n*.err /v\n$RuleSet other\n*.* /w\n"}},
		{name: "a directive waits for an action", before: []string{"$ActionQueueType LinkedList\n"}, want: tcp, after: []string{"*.* action(type=\"omfwd\" target=\"h\" port=\"6514\" protocol=\"tcp\")\n$ActionQueueType LinkedList\n"}},
		{name: "a directive waits for an action, all along", before: []string{"$ActionQueueType LinkedList\n$IncludeConfig /d/*.conf\n", ""}, into: "/d/1.conf", want: tcp, why: "/f:1: $actionqueuetype is for the next"},
		{name: "an action waits for a failure", before: []string{"$IncludeConfig /d/*.conf\naction(type=\"omfile\" file=\"/w\" action.execOnlyWhenPreviousIsSuspended=\"on\")\n", ""},
			into: "/d/1.conf", want: tcp, why: "/f:2: it waits"},
		{name: "behind a comment that goes on", before: []string{"*.err /v\n# c \\\n"}, want: tcp, after: []string{"*.* @@h:6514\n*.err /v\n# c \\\n"}},
		{name: "relp", before: []string{"module(load=\"omrelp\")\n"}, want: records("host=h protocol=relp port=2514"),
			after: []string{"module(load=\"omrelp\")\n*.* action(type=\"omrelp\" target=\"h\" port=\"2514\")\n"}},
		{name: "relp, legacy", before: []string{"$ModLoad omrelp\n*.* :omrelp:h:1\n"}, want: records("host=h", "host=i protocol=relp"),
			after: []string{"$ModLoad omrelp\n*.* :omrelp:h:1\n*.* :omrelp:i:514\n"}},
		{name: "relp without its module", want: records("host=h protocol=relp"), why: "omrelp is not loaded"},
		{name: "relp before its module", before: []string{"*.* stop\nmodule(load=\"omrelp\")\n"}, want: records("host=h protocol=relp"), why: "where that counts"},
		{name: "beside TLS", before: []string{"*.* action(type=\"omfwd\" target=\"a\" protocol=\"tcp\" StreamDriverMode=\"1\")\n"}, want: records("host=a", "host=h"), why: "/f:1: TLS"},
		{name: "beside legacy TLS", before: []string{"*.* /v\n$ActionSendStreamDriverMode 1\n"}, want: tcp, why: "/f:2: TLS"},
		{name: "beside a driver", before: []string{"global(defaultNetstreamDriverCAFile=\"/c\")\n"}, want: tcp, why: "/f:1: TLS"},
		{name: "beside relp over TLS", before: []string{"module(load=\"omrelp\")\naction(type=\"omrelp\" target=\"a\" tls=\"on\")\n"}, want: records("host=a", "host=h"), why: "/f:2: TLS"},
		{name: "beside the plain driver", before: []string{"$DefaultNetstreamDriver ptcp\n*.* /v\n"}, want: tcp, after: []string{"$DefaultNetstreamDriver ptcp\n*.* /v\n*.* @@h:6514\n"}},
		{name: "out of reach", want: records("host=h shadowed=true"), why: "no message reaches"},
		{name: "a port", want: records("host=h port=070"), why: "is no port"},
		{name: "a port too high", want: records("host=h port=65536"), why: "is no port"},
		{name: "a protocol", want: records("host=h protocol=tls"), why: "is no protocol"},
		{name: "a quote", want: records("host=h\""), why: "is no host"},
		{name: "an unknown facility", want: records("host=h selector=local8.*"), why: "is no selector"},
		{name: "a condition", want: records("host=h selector=if~$msg~then"), why: "is no selector"},
		{name: "a line", want: []Want{{Fields: map[string]string{"host": "h", "selector": "*.*\nstop"}}}, why: "is no selector"},
	})
}

func TestSetRsyslogSwaps(t *testing.T) {
	c := rsyslogSetCase()
	checkList(t, c, []listChange{
		{name: "legacy", before: []string{"local3.* @@(o)a:1;T # c\n"}, want: records("host=b port=2 protocol=tcp"), after: []string{"local3.* @@(o)b:2;T # c\n"}},
		{name: "legacy, to tcp and version 6", before: []string{"*.* @a\n"}, want: records("host=2001:db8::1 port=6514 protocol=tcp"), after: []string{"*.* @@[2001:db8::1]:6514\n"}},
		{name: "legacy, from version 6", before: []string{"*.* @@[::1]\n"}, want: records("host=b port=514 protocol=udp"), after: []string{"*.* @b\n"}},
		{name: "legacy relp", before: []string{"$ModLoad omrelp\n*.* :OMRELP:a:1;T\n"}, want: records("host=b protocol=relp"), after: []string{"$ModLoad omrelp\n*.* :OMRELP:b:1;T\n"}},
		{name: "object", before: []string{"*.* action(type=\"omfwd\" target=\"a\" queue.type=\"linkedlist\" # a\n port='1')\n"}, want: records("host=b port=2 protocol=tcp"),
			after: []string{"*.* action(type=\"omfwd\" target=\"b\" protocol=\"tcp\" queue.type=\"linkedlist\" # a\n port='2')\n"}},
		{name: "TLS is kept", before: []string{"*.* action(type=\"omfwd\" target=\"a\" protocol=\"tcp\" port=\"6514\" StreamDriverMode=\"1\" StreamDriverPermittedPeers=\"*.example\")\n"}, want: records("host=b.example protocol=tcp"),
			after: []string{"*.* action(type=\"omfwd\" target=\"b.example\" protocol=\"tcp\" port=\"6514\" StreamDriverMode=\"1\" StreamDriverPermittedPeers=\"*.example\")\n"}},
		{name: "legacy TLS is kept", before: []string{"$ActionSendStreamDriverMode 1\n*.* @@a:6514\n"}, want: records("host=b port=6514 protocol=tcp"), after: []string{"$ActionSendStreamDriverMode 1\n*.* @@b:6514\n"}},
		{name: "TLS does not become udp", before: []string{"$ActionSendStreamDriverMode 1\n*.* @@a:6514\n"}, want: records("host=b protocol=udp"), why: "/f:1: TLS"},
		{name: "the TLS one is taken, not the plain one", before: []string{"*.* @@a\n$ActionSendStreamDriverMode 1\n*.* @@b\n"}, want: records("host=c", "host=a"),
			after: []string{"*.* @@a\n$ActionSendStreamDriverMode 1\n*.* @@c\n"}},
		{name: "a plain one beside TLS", before: []string{"*.* @@a\n$ActionSendStreamDriverMode 1\n*.* @@b\n"}, want: records("host=c", "host=b"), why: "/f:2: TLS"},
		{name: "a certificate that is asked for by name", before: []string{"$ActionSendStreamDriverMode 1\n$ActionSendStreamDriverPermittedPeer a.example\n*.* @@a.example\n"}, want: records("host=b"), why: "/f:1: TLS"},
		{name: "a certificate that is asked for by name, object", before: []string{"*.* action(type=\"omfwd\" target=\"a\" protocol=\"tcp\" StreamDriverMode=\"1\" StreamDriverPermittedPeers=\"a\")\n"},
			want: records("host=b"), why: "/f:1: TLS"},
		{name: "a queue cannot come along", before: []string{"*.* action(type=\"omfwd\" target=\"a\" queue.type=\"linkedlist\")\n"}, want: records("host=b selector=mail.*"), why: `its "queue.type"`},
		{name: "a template cannot come along", before: []string{"*.* @a;T\n"}, want: records("host=b selector=mail.*"), why: `its ";T"`},
		{name: "options do not fit another protocol", before: []string{"*.* @@(o)a\n"}, want: records("host=b protocol=udp"), why: `its "(o)"`},
		{name: "in a block", before: []string{"if $a then {\n @a\n} else stop\n@z\n"}, want: records("host=b", "host=z"), after: []string{"if $a then {\n @b\n} else stop\n@z\n"}},
		{name: "a list of hosts", before: []string{"action(type=\"omfwd\" target=[\"a\", \"b\"])\n"}, want: records("host=a"), why: "/f:1: one statement gives several"},
		{name: "the same protocol is better", before: []string{"*.* @a\n*.* @@b\n"}, want: records("host=c protocol=tcp"), after: []string{"*.* @@c\n"}},
	})
}

func TestSetRsyslogRemoves(t *testing.T) {
	c := rsyslogSetCase()
	rest := "*.err /v\n"
	checkList(t, c, []listChange{
		{name: "a line", before: []string{rest + "*.* @a # c\n  mail.* @b\n"}, want: records("host=b"), after: []string{rest + "  mail.* @b\n"}},
		{name: "several lines", before: []string{rest + "*.* action(type=\"omfwd\"\n target=\"a\") # c\n"}, after: []string{rest}},
		{name: "a filter over two lines", before: []string{rest + "*.*\n  @a\n"}, after: []string{rest}},
		{name: "continued", before: []string{rest + "*.* \\\n  @a\n" + rest}, after: []string{rest + rest}},
		{name: "the last line", before: []string{rest + "*.* @a"}, after: []string{rest}},
		{name: "a condition", before: []string{"if $a then {\n # c\n @a\n}\n" + rest}, after: []string{rest}},
		{name: "the end of a chain", before: []string{"*.* /v\n& @a\n" + rest}, after: []string{"*.* /v\n" + rest}},
		{name: "the middle of a chain", before: []string{"*.* /v\n& @a\n& stop\n"}, after: []string{"*.* /v\n& stop\n"}},
		{name: "the start of a chain", before: []string{"*.* @a\n& stop\n" + rest}, why: "/f:1: an action hangs on it"},
		{name: "an & on the line before", before: []string{"*.* /v\n&\n@a\n"}, why: "/f:3: an action hangs"},
		{name: "one of a block", before: []string{"*.* {\n @a\n /v\n}\n"}, after: []string{"*.* {\n /v\n}\n"}},
		{name: "all of a block", before: []string{"*.* {\n @a\n @b\n}\n" + rest}, why: "/f:1: no statement would be left"},
		{name: "a block of its own", before: []string{"*.* {\n @a\n}\n" + rest}, after: []string{rest}},
		{name: "a branch", before: []string{"if $a then /v\nelse @a\n" + rest}, why: "/f:2: nothing would be left"},
		{name: "a condition with another branch", before: []string{"if $a then @a\nelse /v\n"}, why: "/f:1: nothing would be left"},
		{name: "a loop", before: []string{"foreach ($.a in $b) do @a\n" + rest}, why: "/f:1: nothing would be left"},
		{name: "a ruleset", before: []string{"ruleset(name=\"r\") {\n @a\n}\ncall r\n" + rest}, why: "/f:2: nothing would be left"},
		{name: "one of a ruleset", before: []string{"ruleset(name=\"r\") {\n @a\n /v\n}\ncall r\n"}, after: []string{"ruleset(name=\"r\") {\n /v\n}\ncall r\n"}},
		{name: "a directive for it", before: []string{rest + "$ActionQueueType LinkedList\n*.* @a\n"}, why: "/f:3: line 2 of /f, $actionqueuetype, is for this action"},
		{name: "a directive for it in another file", before: []string{rest + "$ActionQueueType LinkedList\n$IncludeConfig /d/*.conf\n", "*.* @a\n"}, why: "/d/1.conf:1: line 2 of /f"},
		{name: "a directive for another", before: []string{"$ActionQueueType LinkedList\n" + rest + "*.* @a\n"}, after: []string{"$ActionQueueType LinkedList\n" + rest}},
		{name: "a directive for all", before: []string{"$ActionFileDefaultTemplate T\n*.* @a\n" + rest}, after: []string{"$ActionFileDefaultTemplate T\n" + rest}},
		{name: "another waits for it to fail", before: []string{"*.* @a\n$ActionExecOnlyWhenPreviousIsSuspended on\n& /v\n"}, why: "/f:1: line 2 of /f has an action wait"},
		{name: "another waits for it to fail, object", before: []string{"*.* @a\naction(type=\"omfile\" file=\"/v\" Action.ExecOnlyWhenPreviousIsSuspended=\"on\")\n"}, why: "/f:1: line 2 of /f has an action wait"},
		{name: "two on a line", before: []string{"action(type=\"omfwd\" target=\"a\") action(type=\"omfile\" file=\"/v\")\n"}, why: "/f:1: other text"},
		{name: "behind a comment that goes on", before: []string{rest + "/* c */ \\\n@a\n"}, why: "/f:3: a backslash"},
		{name: "before a comment that goes on", before: []string{"action(type=\"omfwd\" target=\"a\") # c \\\n*.* @z\n" + rest}, why: "/f:1: a backslash"},
		{name: "out of reach, and written anew", before: []string{rest + "*.* stop\n*.* @@a:1\n"}, want: records("host=a port=1 protocol=tcp"), after: []string{rest + "*.* @@a:1\n*.* stop\n"}},
		{name: "out of reach, as it is wanted", before: []string{rest + "*.* stop\n*.* @@a:1\n"}, want: records("host=a shadowed=true"), after: []string{rest + "*.* stop\n*.* @@a:1\n"}},
		{name: "the only action", before: []string{"*.* @a\n"}, why: "does not start"},
		{name: "what shadows nothing stays", before: []string{rest + "stop\n*.* @a\n"}, after: []string{rest + "stop\n"}},
		{name: "nothing says which", before: []string{"*.* @a;T\n*.* @a\n"}, want: records("host=a port=514 protocol=udp selector=*.* shadowed=false"), why: "nothing says which"},
		{name: "removed and added, a last line without its end", before: []string{"mail.* @a\n*.err /v"}, want: records("host=b selector=*.*"), after: []string{"*.err /v\n*.* @@b:514"}},
		{name: "removed and added", before: []string{rest + "mail.* @a"}, want: records("host=b selector=*.* protocol=tcp"), after: []string{rest + "*.* @@b:514"}},
	})
}

// TestSetRsyslogIsRead asks rsyslogd whether it takes what was written.
func TestSetRsyslogIsRead(t *testing.T) {
	rsyslogd := realProgram(t, "rsyslogd", "/usr/sbin/rsyslogd")
	many := records("host=192.0.2.1", "host=2001:db8::1 port=6514 protocol=tcp", "host=a_b.example. protocol=udp selector=local3.*;mail,kern.!=err;auth.none", "host=c selector=")
	cases := []struct {
		before string
		want   []Want
	}{
		{"", many},
		{"*.info /dev/null\n*.* stop\n", many},
		{"*.* @x\n& @@(o)y:1\n*.* action(type=\"omfwd\" target=\"z\"\n port='1')\n", many},
		{"action(type=\"omfile\" file=\"/dev/null\")\nif $msg contains 'a' then {\n @x\n} else {\n @y\n}\n*.* ~\n", many},
		{"*.* /dev/null\n& @x\n& stop\n*.* {\n @y\n /dev/null\n}\nif $msg contains 'a' then @z\n", nil},
		{"ruleset(name=\"rs\") {\n @x\n /dev/null\n}\ncall rs\n", nil},
		{"# c \\\n*.* @c\n*.* /dev/null", many},
	}
	for _, c := range cases {
		got, err := setList(t, rsyslogSetCase(), []string{c.before, ""}, Query{Path: "forwards"}, c.want)
		if err != nil {
			t.Errorf("%q: %v", c.before, err)
			continue
		}
		name := filepath.Join(t.TempDir(), "rsyslog.conf")
		if err := os.WriteFile(name, []byte(got[0]+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(rsyslogd, "-N1", "-f", name).CombinedOutput()
		if err != nil || strings.Contains(string(out), "error") {
			t.Errorf("%q: %v: %s", got[0], err, out)
		}
	}
}

// statementPool is statements that rsyslogd takes, in any order, but for some
// that need another before them.
func statementPool() []string {
	return []string{
		"*.info /dev/null\n", "*.* @a\n", "mail.* @@b:1 # c\n", "  local3.* @[2001:db8::1]\n", "*.* /dev/null\n& @c\n", "*.* @d\n& @@e\n& stop\n", "*.* stop\n", "& @f\n",
		"$ActionQueueType LinkedList\n", "$ActionFileDefaultTemplate RSYSLOG_FileFormat\n", "$ActionExecOnlyWhenPreviousIsSuspended on\n", "# c\n", "/* c */\n", "# c \\\n", "\n",
		"module(load=\"omrelp\")\n", "*.* :omrelp:g:2\n", "action(type=\"omrelp\" target=\"h\")\n", "action(type=\"omfile\" file=\"/dev/null\")\n",
		"*.* action(type=\"omfwd\" target=\"i\"\n  port=\"3\") # c\n", "action(type=\"omfwd\" target=\"j\" queue.type=\"LinkedList\")\n",
		"action(type=\"omfwd\" target=\"k\") action(type=\"omfwd\" target=\"l\")\n", "if $msg contains 'a' then @m\n", "if $msg contains 'a' then {\n @n\n} else {\n @o\n @p\n}\n",
		"else /dev/null\n", "if $msg contains 'a' then {\n  # c\n  *.info @q\n  /dev/null\n}\n", "*.* {\n @r\n @s\n}\n", "*.* { @t\n }\n", ":msg, contains, \"a\" @u\n& /dev/null\n",
		"ruleset(name=\"rs\") {\n @v\n}\n", "call rs\n", "$RuleSet other\n", "*.* \\\n  @w\n", "if $msg contains 'a' then\n\n  action(type=\"omfwd\" target=\"x\")\n", "*.* @y;RSYSLOG_ForwardFormat\n", "*.* ~\n",
	}
}

// TestSetRsyslogKeepsWhatIsRead asks rsyslogd about files of statements in any
// order: what it took before an edit it takes afterwards.
func TestSetRsyslogKeepsWhatIsRead(t *testing.T) {
	rsyslogd := realProgram(t, "rsyslogd", "/usr/sbin/rsyslogd")
	name := filepath.Join(t.TempDir(), "rsyslog.conf")
	takes := func(text string) (string, bool) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(rsyslogd, "-N1", "-f", name).CombinedOutput()
		return string(out), err == nil && !strings.Contains(string(out), "rror")
	}
	c, r, pool := rsyslogSetCase(), rand.New(rand.NewSource(1)), statementPool()
	wants := append(c.wants, nil, nil, nil)
	edited, compared := 0, 0
	for edited < 120 {
		contents := []string{"", ""}
		for range 1 + r.Intn(6) {
			contents[0] += pool[r.Intn(len(pool))]
		}
		want := append(changedList(c, contents, c.queries[0], uint(r.Intn(1<<16))), wants[r.Intn(len(wants))]...)
		if !keepsListLaws(t, c, contents, c.queries[0], want) {
			continue
		}
		got, err := setList(t, c, contents, c.queries[0], want)
		if err != nil || got[0] == contents[0] {
			continue
		}
		edited++
		if out, ok := takes(contents[0]); !ok && !strings.Contains(out, "no active actions") {
			continue
		}
		if _, ok := takes(contents[0] + "*.* /dev/null\n"); !ok { // what else is wrong where there is no action
			continue
		}
		compared++
		if out, ok := takes(got[0]); !ok {
			t.Errorf("%q became\n%q with %v: %s", contents[0], got[0], want, out)
		}
	}
	if compared < edited/4 {
		t.Errorf("only %d of %d files were right before", compared, edited)
	}
}
