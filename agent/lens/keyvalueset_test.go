package lens

import (
	"strings"
	"testing"
)

func keyValueSetCase() setCase {
	return setCase{name: "keyvalue", lens: KeyValue{}, files: []string{"/etc/security/pwquality.conf.d/a.conf", "/etc/security/pwquality.conf"}, top: 2,
		into: "/etc/security/pwquality.conf",
		seeds: [][]string{
			{"minlen = 8\n", "# c\nminlen = 15 # why\nucredit=-1\ndifok 8\neven_deny_root\nNAME=\"Oracle \\\"L\\\"\"\nV='a b' # c\nx = it's #1\nmaxrepeat=\nz=#1\n"},
			{"", "a = \"open\n\tminlen\t=\tc\t\r\nNAME = \"x\" y\npassword = hunter2\nminlen"},
			{"\uFEFFminlen=1\r\nminlen=2\r\n", ""},
			{"minlen 'a # b' # c\n  minlen\n", "NAME\t\"a\"#b\nminlen # c"},
			{"NAME=\nmaxrepeat # 3\n", "minlen==\nNAME = # c\n"},
		},
		queries: []Query{{Path: "minlen"}, {Path: "NAME"}, {Path: "maxrepeat"}, {Path: "V"}},
		wants:   [][]Want{wanted("14"), wanted(""), wanted("a b"), wanted("a # b"), wanted(`"`), wanted("$x `y`"), wanted("='"), wanted(`a\`)},
		owns: func(q Query, line string) bool {
			m, ok := soleKeyValue(line)
			return ok && m.Name == q.Path
		}}
}

func FuzzSetKeyValue(f *testing.F) { fuzzSetLaws(f, "keyvalue") }

func TestKeyValueSet(t *testing.T) {
	c := keyValueSetCase()
	one := func(text string) []string { return []string{"", text} }
	checkSet(t, c, []setChange{
		{"in place, with its comment", one("# minlen = 1\n  minlen = 8   # why\r\nx=1\r\n"), "minlen", wanted("15"), one("# minlen = 1\n  minlen = 15   # why\r\nx=1\r\n")},
		{"tight", one("minlen=8"), "minlen", wanted("15"), one("minlen=15")},
		{"blank between", one("minlen\t8\n"), "minlen", wanted("15"), one("minlen\t15\n")},
		{"the last one wins", one("minlen = 8\nminlen = 9\n"), "minlen", wanted("15"), one("minlen = 8\nminlen = 15\n")},
		{"in the last file", []string{"minlen = 8\n", "minlen = 9\n"}, "minlen", wanted("15"), []string{"minlen = 8\n", "minlen = 15\n"}},
		{"in the file where it stands", []string{"minlen = 8\n", "x = 9\n"}, "minlen", wanted("15"), []string{"minlen = 15\n"}},
		{"added as most lines are", one("a=1\nb = 2\nc=3\n"), "minlen", wanted("15"), one("a=1\nb = 2\nc=3\nminlen=15\n")},
		{"added to an empty file", one(""), "minlen", wanted("15"), one("minlen = 15\n")},
		{"added to comments", one("# minlen = 8\r\n"), "minlen", wanted("15"), one("# minlen = 8\r\nminlen = 15\r\n")},
		{"added without a last line break", one("a 1"), "minlen", wanted("15"), one("a 1\nminlen 15")},
		{"added behind a byte order mark", one("\uFEFF"), "minlen", wanted("15"), one("\uFEFF\nminlen = 15")},
		{"double quotes stay", one("NAME=\"a\" # c\n"), "NAME", wanted(`b"$c`), one("NAME=\"b\\\"\\$c\" # c\n")},
		{"a backslash in double quotes", one("NAME=\"a\"\n"), "NAME", wanted(`b\\c`), one("NAME=\"b\\\\\\\\c\"\n")},
		{"a quote that ends a key", one("a\" # c\n"), `a"`, wanted("1"), one("a\" = 1 # c\n")},
		{"added as most lines with a value are", one("a =\nb =\nc = 1\nd\n"), "minlen", wanted("8"), one("a =\nb =\nc = 1\nd\nminlen = 8\n")},
		{"single quotes stay", one("NAME='a'\n"), "NAME", wanted("$b"), one("NAME='$b'\n")},
		{"single quotes that cannot", one("NAME='a'\n"), "NAME", wanted("it's"), one("NAME=\"it's\"\n")},
		{"what a shell would take apart", one("NAME=a\n"), "NAME", wanted("a b"), one("NAME=\"a b\"\n")},
		{"blanks need no quotes", one("NAME = a\n"), "NAME", wanted("a b"), one("NAME = a b\n")},
		{"a comment sign does", one("NAME = a\n"), "NAME", wanted("a # b"), one("NAME = \"a # b\"\n")},
		{"a comment sign inside a word does not", one("NAME = a\n"), "NAME", wanted("a#b"), one("NAME = a#b\n")},
		{"a key alone gets a value", one("x=1\nminlen # c\n"), "minlen", wanted("8"), one("x=1\nminlen=8 # c\n")},
		{"a value that goes", one("minlen = 8 # c\n"), "minlen", wanted(""), one("minlen =  # c\n")},
		{"a new key alone", one("deny = 3\n"), "even_deny_root", wanted(""), one("deny = 3\neven_deny_root\n")},
		{"a new key of a shell's file", one("A=3\n"), "B", wanted(""), one("A=3\nB=\n")},
		{"there already", one("minlen=\"8\"\n"), "minlen", wanted("8"), one("minlen=\"8\"\n")},
		{"taken out everywhere", []string{"minlen 1\na=1\nminlen", " minlen = 8 # c\r\n# minlen\r\n"}, "minlen", nil, []string{"a=1\n", "# minlen\r\n"}},
		{"not there", one("a=1\n"), "minlen", nil, one("a=1\n")},
		{"a line break", one("minlen=8\n"), "minlen", wanted("8\nx=1"), nil},
		{"not UTF-8", one("minlen=8\n"), "minlen", wanted("\xff"), nil},
		{"a hash", one("minlen=8\n"), "minlen", wanted("$6$abcdefgh$0123456789"), nil},
		{"too long", one("minlen=8\n"), "minlen", wanted(strings.Repeat("x", MaxLine)), nil},
		{"blanks around go with quotes", one("a = 1\n"), "NAME", wanted(" x "), one("a = 1\nNAME = \" x \"\n")},
		{"what no quotes hold", one("a = 1\n"), "NAME", wanted("\v\r"), nil},
		{"a key that is none", one("a = 1\n"), "a b", wanted("1"), nil},
		{"a key that is a comment", one("a = 1\n"), "#a", wanted("1"), nil},
		{"two values", one("minlen=8\n"), "minlen", wanted("8", "9"), nil},
		{"a record", one("minlen=8\n"), "minlen", []Want{{Fields: map[string]string{}}}, nil},
	})
	c.into = ""
	checkSet(t, c, []setChange{{"nowhere to put it", one("a=1\n"), "minlen", wanted("8"), nil}})
	c.into, c.top = "/etc/security/pwquality.conf", 1
	checkSet(t, c, []setChange{{"not among the files", []string{"a=1\n"}, "minlen", wanted("8"), nil}})
}
