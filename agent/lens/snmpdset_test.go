package lens

import (
	"strings"
	"testing"
)

func snmpdSetCase() setCase {
	return setCase{
		name: "snmpd", lens: Snmpd{}, files: []string{"/etc/snmp/snmpd.conf", "/var/lib/net-snmp/snmpd.conf", "/etc/snmp/b.conf"}, top: 2, into: "/etc/snmp/snmpd.conf",
		seeds: [][]string{
			{"# c\r\nrocommunity public default # v2\r\nrouser watch\r\n rwuser -s usm admin auth .1\r\n[snmp] rouser x\r\nincludeFile b.conf\r\ntrapsink h s\r\n",
				"createUser u SHA pass AES\nusmUser 1\n", "rouser other noauth # why\n[snmp]\nrouser y\n[snmpd] rwuser z priv\n"},
			{"com2sec n default public\ncom2sec m 10.0.0.0/8 other\ngroup g v1 n\ngroup g v2c n\ngroup g usm u\ngroup h any u\naccess g \"\" any noauth exact all none none\n", "rouser p\n", ""},
			{"trapsess -v 3 -A pass h:162\ntrap2sink h\nrocommunity public\nrwcommunity public\nrocommunity6 \"a b\" \\\n", "", "[snmp]"},
		},
		queries: []Query{{Path: "access"}, {Path: "communities"}, {Path: "trap_receivers"}, {Path: "users"}},
		wants: [][]Want{
			records("name=watch level=priv"), records("name=admin level=priv", "name=new level=priv"), records("name=new"), records("name=u"),
			records("kind=rocommunity"), records("kind=trapsink host=h"), records("name=watch level=noauth"), records("name=a~b level=priv"),
		},
		owns: func(q Query, line string) bool {
			low := strings.ToLower(line)
			first := map[string]string{"access": "user", "communities": "community com2sec group", "trap_receivers": "sink trapsess"}[q.Path]
			for _, word := range strings.Fields(first) {
				if strings.Contains(low, word) {
					return true
				}
			}
			return false
		},
	}
}

func TestSetSnmpdAccess(t *testing.T) {
	c := snmpdSetCase()
	checkList(t, c, []listChange{
		{name: "raised", before: []string{"rouser a noauth .1 # c\n"}, want: records("name=a level=priv"), after: []string{"rouser a priv .1 # c\n"}},
		{name: "raised from the default", before: []string{"rwuser -s usm \"a\" # c\r\n"}, want: records("name=a level=priv"), after: []string{"rwuser -s usm \"a\" priv # c\r\n"}},
		{name: "raised to auth", before: []string{"rouser a noAuthNoPriv"}, want: records("name=a level=auth"), after: []string{"rouser a auth"}},
		{name: "not lowered", before: []string{"rouser a priv\n"}, want: records("name=a level=auth"), why: "snmpd.conf:1: the level"},
		{name: "no level", before: []string{"rouser a\n"}, want: records("name=a level=all"), why: "snmpd.conf:1: the level"},
		{name: "removed", before: []string{"# c\nrouser a\nrwuser b priv\n"}, want: records("name=b level=priv"), after: []string{"# c\nrwuser b priv\n"}},
		{name: "removed for this program", before: []string{"[snmpd] rouser a\n[snmp] rouser a\n"}, after: []string{"[snmp] rouser a\n"}},
		{name: "added", before: []string{"  rouser a priv\nsyslocation x\n"}, want: records("name=a level=priv", "name=b level=priv"),
			after: []string{"  rouser a priv\n  rouser b priv\nsyslocation x\n"}},
		{name: "added to none", before: []string{"syslocation x"}, want: records("name=b"), after: []string{"syslocation x\nrouser b priv"}},
		{name: "added for this program", before: []string{"syslocation x\n [snmp]\nrouser z\n"}, want: records("name=b"), after: []string{"syslocation x\nrouser b priv\n [snmp]\nrouser z\n"}},
		{name: "added where the program's lines are", before: []string{"rouser a priv\n[snmp]\n[snmpd] rouser c priv\n"}, want: records("name=a", "name=b", "name=c"), after: []string{"rouser a priv\nrouser b priv\n[snmp]\n[snmpd] rouser c priv\n"}},
		{name: "added below level priv", want: records("name=b level=auth"), why: "priv only"},
		{name: "a name with a blank", want: records("name=a~b"), why: "no plain name"},
		{name: "an option", want: records("name=-s"), why: "no plain name"},
		{name: "no name", want: records("level=priv"), why: "no plain name"},
		{name: "two lines", want: []Want{{Fields: map[string]string{"name": "a\nrocommunity b"}}}, why: "no plain name"},
		{name: "which of two", before: []string{"rouser a priv\nrwuser a priv\n"}, want: records("name=a level=priv"), why: "nothing says which"},
		{name: "one of two alike", before: []string{"rouser a priv\nrouser a priv\n"}, want: records("name=a level=priv"), after: []string{"rouser a priv\n"}},
		{name: "the program's own file", before: []string{"", "rouser a priv\n"}, why: "writes this file itself"},
		{name: "into the program's own file", before: []string{"", "\n"}, into: c.files[1], want: records("name=a"), why: "writes this file itself"},
		{name: "a backslash", before: []string{"rouser a \\\n"}, why: "a backslash"},
	})
}

func TestSetSnmpdCloses(t *testing.T) {
	c := snmpdSetCase()
	communities := []listChange{
		{name: "closed", before: []string{"# c\nrocommunity public\nsyslocation x\nRWCOMMUNITY6 b default # c\n[snmp] rocommunity s\n"}, after: []string{"# c\nsyslocation x\n[snmp] rocommunity s\n"}},
		{name: "closed in included files", before: []string{"includeFile b.conf\n", "", "rocommunity a"}, after: []string{"includeFile b.conf\n", "", ""}},
		{name: "the groups of v3 stay", before: []string{"com2sec n default p\ngroup g v1 n\ngroup g v2c n\ngroup g usm u\naccess g \"\" usm priv exact all none none\n"},
			after: []string{"group g usm u\naccess g \"\" usm priv exact all none none\n"}},
		{name: "a group of v3 too", before: []string{"com2sec n default p\ngroup g any n\n"}, why: "snmpd.conf:2: the group is for SNMPv3 too"},
		{name: "some stay", before: []string{"rocommunity a\nrwcommunity b\n"}, want: records("kind=rocommunity"), after: []string{"rocommunity a\n"}},
		{name: "what stays would count instead", before: []string{"rocommunity a\nrwcommunity a\n"}, want: records("kind=rwcommunity"), why: "snmpd.conf:1: without it line 2"},
		{name: "what stays would count instead, by com2sec", before: []string{"com2sec -Cn x no 10.0.0.0/8 a\nrocommunity -v 2c a\n"}, want: records("kind=rocommunity"), why: "snmpd.conf:1: without it line 2"},
		{name: "which of two", before: []string{"rocommunity a\nrocommunity b\n"}, want: records("kind=rocommunity"), why: "nothing says which"},
		{name: "none is written", want: records("kind=rocommunity"), why: "a community is a password"},
		{name: "the program's own file", before: []string{"", "rocommunity a\n"}, why: "writes this file itself"},
	}
	for i := range communities {
		communities[i].path = "communities"
	}
	checkList(t, c, communities)
	checkList(t, c, []listChange{
		{name: "traps", path: "trap_receivers", before: []string{"trapsink a s\ntrapsess -v 3 b\n"}, want: records("host=b"), after: []string{"trapsess -v 3 b\n"}},
		{name: "none is written", path: "trap_receivers", want: records("host=b kind=trapsink"), why: "a receiver of traps needs a secret"},
		{name: "users stay", path: "users", before: []string{"createUser a SHA pass\n"}, want: records("name=a auth=SHA"), after: []string{"createUser a SHA pass\n"}},
		{name: "users", path: "users", before: []string{"createUser a SHA pass\n"}, want: records("name=b"), why: "passphrases"},
		{name: "no users", path: "users", before: []string{"createUser a SHA pass\n"}, why: "passphrases"},
	})
}

func TestSetSnmpdNeedsAFile(t *testing.T) {
	if _, err := (Snmpd{}).Set(nil, Query{Path: "access"}, records("name=a"), nil); err == nil || !strings.Contains(err.Error(), "no file") {
		t.Errorf("got %v", err)
	}
}

func TestListSetKnowsItsPaths(t *testing.T) {
	for _, c := range listCases() {
		if edits, err := c.lens.Set(nil, Query{Path: "no/such"}, nil, nil); err == nil || edits != nil || !strings.Contains(err.Error(), "no such path") {
			t.Errorf("%s: got %v, %v", c.name, edits, err)
		}
	}
}
