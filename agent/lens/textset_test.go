package lens

import "testing"

func textSetCase() setCase {
	return setCase{name: "text", lens: Text{}, files: []string{"/etc/issue", "/etc/motd"}, top: 2, into: "/etc/issue",
		seeds: [][]string{
			{"hello\n", ""}, {"", ""}, {"\n\na\nb\n \n", "1\n"}, {"\r\n", ""}, {"  ", "\n"}, {"a\r\nb", "0"}, {"\xff\n", "a\n"},
			{"root:$6$abcdefgh$0123456789:1:\n", ""}, {"\uFEFFa\n", ""},
		},
		queries: []Query{{Path: ""}, {Path: "trimmed"}, {Path: "bool01"}},
		wants:   [][]Want{wanted("hello"), wanted("You are\naccessing\n\na system"), wanted("a", "b"), wanted("1"), wanted("a\r\nb")}, entwined: true}
}

func FuzzSetText(f *testing.F) { fuzzSetLaws(f, "text") }

func TestTextSet(t *testing.T) {
	c := textSetCase()
	c.files, c.top = c.files[:1], 1
	checkSet(t, c, []setChange{
		{"replaced between the white space", []string{"\n  old\ntext \n\n"}, "", wanted("new"), []string{"\n  new \n\n"}},
		{"an empty file gets a line", []string{""}, "trimmed", wanted("new"), []string{"new\n"}},
		{"an empty line is filled", []string{"\r\n"}, "", wanted("new"), []string{"new\r\n"}},
		{"blanks alone", []string{"  "}, "", wanted("new"), []string{"new\n  "}},
		{"several lines", []string{"old\n"}, "", wanted("a\n\n b"), []string{"a\n\n b\n"}},
		{"taken out", []string{"old\n"}, "", nil, []string{"\n"}},
		{"there already", []string{" old "}, "", wanted("old"), []string{" old "}},
		{"white space around", []string{"old\n"}, "", wanted("new\n"), nil},
		{"nothing is no text", []string{"old\n"}, "", wanted(""), nil},
		{"NUL", []string{"old\n"}, "", wanted("a\x00b"), nil},
		{"not UTF-8", []string{"old\n"}, "", wanted("a\xffb"), nil},
		{"a hash", []string{"old\n"}, "", wanted("x:$6$abcdefgh$0123456789"), nil},
		{"two texts for one file", []string{"old\n"}, "", wanted("a", "b"), nil},
		{"a switch", []string{"0\n"}, "bool01", wanted("true"), nil},
		{"a switch that is on", []string{"1\n"}, "bool01", wanted("true"), []string{"1\n"}},
	})
	c.into = ""
	checkSet(t, c, []setChange{{"nowhere to put it", []string{""}, "", wanted("new"), nil}})
}
