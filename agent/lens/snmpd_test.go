package lens

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSnmpd(t *testing.T) {
	checkProgram(t, Snmpd{}, []programCase{
		{"user", "createUser watch SHA-256 \"pass phrase\" AES \"other\"\n", "users", []string{"auth=SHA-256 name=watch priv=AES"}},
		{"user without privacy", "CREATEUSER watch sha passphrase\n", "users", []string{"auth=SHA name=watch"}},
		{"privacy with the same passphrase", "createUser watch SHA passphrase AES\n", "users", []string{"auth=SHA name=watch priv=AES"}},
		{"user without authentication", "createUser watch\n", "users", []string{"name=watch"}},
		{"user of an engine", "createUser -e 0x8000 watch MD5 -m 0x1234 DES -l 0x5678\n", "users", []string{"auth=MD5 name=watch priv=DES"}},
		{"stored users do not count", "usmUser 1 3 0x80 \"watch\" \"watch\" NULL .1 0xab .2 0xcd \"\"\n#createUser x\n", "users", nil},
		{"access", "rouser watch\nrwuser admin priv\nrouser -s tsm other noauth .1\nRoUser x authNoPriv\n", "access",
			[]string{"level=auth name=watch", "level=priv name=admin", "level=noauth name=other", "level=auth name=x"}},
		{"access commented out", "#rouser watch\nrouser\nrousers x\n", "access", nil},
		{"comment behind", "rouser watch # noauth\n", "access", []string{"level=auth name=watch"}},
		{"communities", "rocommunity a\nRWCommunity b default\nrocommunity6 c\nrwcommunity6 d\ncom2sec n default e\ncom2sec6 n default f\ncom2secunix n /s g\n", "communities",
			[]string{"kind=rocommunity", "kind=rwcommunity", "kind=rocommunity6", "kind=rwcommunity6", "kind=com2sec", "kind=com2sec6", "kind=com2secunix"}},
		{"groups", "group g v1 n\ngroup g V2c n\ngroup g usm n\n", "communities", []string{"kind=group", "kind=group"}},
		{"no communities", "#rocommunity a\ntrapcommunity b\n", "communities", nil},
		{"traps", "trapsink h1 secret 162\ntrap2sink udp:192.0.2.1:162\ninformsink [2001:db8::1]:162 x\ntrapsess -v 3 -u watch -l authPriv -a SHA -A p1 -x AES -X p2 h4:162\n#trapsink x\n", "trap_receivers",
			[]string{"host=h1 kind=trapsink", "host=192.0.2.1 kind=trap2sink", "host=2001:db8::1 kind=informsink", "host=h4 kind=trapsess"}},
		{"trap session, options in one word", "trapsess -Ci -v3 -cpublic -3k 0xab udp6:[::1]:162\n", "trap_receivers", []string{"host=::1 kind=trapsess"}},
		{"other programs", "[snmp]\nrouser a\n[snmpd]\nrouser b\n[snmp] rouser c\nrouser d\n[snmp]\n[snmpd] rouser e\nrouser f\n", "access",
			[]string{"level=auth name=b", "level=auth name=d", "level=auth name=e"}},
	})
}

func TestSnmpdMasks(t *testing.T) {
	cases := []struct{ path, text, want string }{
		{"users", `createUser watch SHA "open sesame" AES 'open too'`, `createUser watch SHA ******** AES ********`},
		{"users", `createUser -e 0x80 watch SHA -m open AES -l open more`, `createUser -e 0x80 watch SHA -m ******** AES ******** ******** ********`},
		{"communities", `rocommunity open default .1`, `rocommunity ******** default .1`},
		{"communities", `rwcommunity -v 2c "open" 192.0.2.1`, `rwcommunity -v 2c ******** 192.0.2.1`},
		{"communities", `com2sec -Cn ctx name default open`, `com2sec -Cn ctx name default ********`},
		{"communities", `com2sec name default open`, `com2sec name default ********`},
		{"trap_receivers", `trapsink host open 162`, `trapsink host ******** 162`},
		{"trap_receivers", `trap2sink -name n host open`, `trap2sink -name n host ********`},
		{"trap_receivers", `trapsess -v 3 -A open -Xopen -copen -3m 0xopen host`, `trapsess -v 3 -A ******** ******** ******** -3m ******** host`},
	}
	for _, c := range cases {
		for _, v := range ask(t, Snmpd{}, Query{Path: c.path}, c.text+"\n") {
			if v.Raw != c.want || v.Text != "" || strings.Contains(strings.Join(said([]Value{v}), ""), "open") {
				t.Errorf("got %+v, want %q", v, c.want)
			}
		}
	}
}

func TestSnmpdIncludes(t *testing.T) {
	files := disk{
		"/etc/snmp/snmpd.conf": "rouser a\nincludeFile b.conf\nincludeDir /etc/snmp/d\n[snmp]\nincludeFile c.conf\n",
		"/etc/snmp/b.conf":     "rouser b\n[snmp]\nrouser x\n",
		"/etc/snmp/c.conf":     "rouser y\n",
		"/etc/snmp/d/1.conf":   "rouser d\n",
		"/etc/snmp/d/1.txt":    "rouser z\n",
	}
	want := []string{"level=auth name=a", "level=auth name=b", "level=auth name=d"}
	if d := cmp.Diff(want, said(files.asked(t, Snmpd{}, "access", "/etc/snmp/snmpd.conf"))); d != "" {
		t.Error(d)
	}
}
