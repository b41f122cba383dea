package lens

import "testing"

func limitsSetCase() setCase {
	return setCase{name: "limits", lens: Limits{}, files: []string{"/etc/security/limits.conf", "/etc/security/limits.d/a.conf"}, top: 2,
		into: "/etc/security/limits.conf",
		seeds: [][]string{
			{"# c\n*  hard maxsyslogins 5 # c\n", "root soft core 0\n* soft nofile 7\n"},
			{"* - maxlogins 7x\r\n", "short\n* - maxlogins unlimited"},
			{"% - maxlogins 5\n* - maxsyslogins 9\n", "* - maxsyslogins +9 # c\n"},
			{"* hard maxlogins 10\n", "% - maxsyslogins 3\n"},
			{"* - maxsyslogins many\n", "@x - maxlogins 4\n* - maxlogins -7\n"},
			{"", ""},
		},
		queries: []Query{{Path: "all/maxsyslogins"}, {Path: "all/maxlogins"}},
		wants:   [][]Want{wanted("10"), wanted("-1"), wanted("007"), wanted("2147483647")},
		owns: func(_ Query, line string) bool {
			doc, err := Limits{}.Parse("", []byte(line))
			return err == nil && len(doc.Root.Children) == 1 && ofAll(doc.Root.Children[0])
		}}
}

func FuzzSetLimits(f *testing.F) { fuzzSetLaws(f, "limits") }

func TestLimitsSet(t *testing.T) {
	const sys, each = "all/maxsyslogins", "all/maxlogins"
	one := func(texts ...string) []string { return texts }
	checkSet(t, limitsSetCase(), []setChange{
		{"in place, with its comment", one("#* - maxsyslogins 1\n  *\thard  maxsyslogins  5 # 7\r\n"), sys, wanted("10"), one("#* - maxsyslogins 1\n  *\thard  maxsyslogins  10 # 7\r\n")},
		{"the last line counts", one("* - maxlogins 5\n", "* - maxlogins 6"), each, wanted("10"), one("* - maxlogins 5\n", "* - maxlogins 10")},
		{"percent counts", one("% - maxlogins 5\n* - maxsyslogins 6\n"), sys, wanted("10"), one("% - maxlogins 10\n* - maxsyslogins 6\n")},
		{"the number comes from the line before", one("* - maxlogins 5\n* - maxlogins many\n"), each, wanted("10"), one("* - maxlogins 10\n* - maxlogins many\n")},
		{"as the word that it is", one("* - maxlogins 4x\n"), each, wanted("5"), one("* - maxlogins 5\n")},
		{"no limit", one("* - maxlogins 4\n"), each, wanted("-1"), one("* - maxlogins -1\n")},
		{"no limit already", one("* - maxlogins unlimited\n"), each, wanted("-1"), one("* - maxlogins unlimited\n")},
		{"added", one("* soft core 0\r\n", "root - maxlogins 9\n"), each, wanted("10"), one("* soft core 0\r\n* hard maxlogins 10\r\n")},
		{"added without a last line break", one("# End", ""), sys, wanted("10"), one("# End\n* hard maxsyslogins 10")},
		{"added where it counts", one("", "* - maxlogins many\n"), sys, wanted("10"), one("", "* - maxlogins many\n* hard maxsyslogins 10\n")},
		{"pushes the other out", one("* - maxlogins 5\n"), sys, wanted("10"), nil},
		{"pushes the other out, the other way", one("* - maxsyslogins 5\n"), each, wanted("10"), nil},
		{"percent does not leave place", one("% - maxlogins 5\n"), each, wanted("10"), nil},
		{"taken out everywhere", one("* - maxsyslogins 5\n* soft core 0\n", "# c\r\n* hard maxsyslogins 6 # c"), sys, nil, one("* soft core 0\n", "# c\r\n")},
		{"what is under percent goes too", one("* - maxsyslogins 5\n% - maxlogins 6\n"), sys, nil, one("")},
		{"what does not count stays", one("* - maxlogins 5\n* - maxlogins many\nroot - maxlogins 2\n"), each, nil, one("* - maxlogins many\nroot - maxlogins 2\n")},
		{"would bring the other back", one("* - maxlogins 5\n* - maxsyslogins 6\n"), sys, nil, nil},
		{"of the other item", one("* - maxlogins 5\n% - maxsyslogins 6\n"), sys, nil, nil},
		{"no number", one("* - maxlogins 5\n"), each, wanted("5x"), nil},
		{"empty", one("* - maxlogins 5\n"), each, wanted(""), nil},
		{"nobody", one("* - maxlogins 5\n"), each, wanted("00"), nil},
		{"a word", one("* - maxlogins 5\n"), each, wanted("unlimited"), nil},
		{"a comment", one("* - maxlogins 5\n"), each, wanted("6 # 7"), nil},
		{"too large", one("* - maxlogins 5\n"), each, wanted("2147483648"), nil},
		{"a line break", one("* - maxlogins 5\n"), each, wanted("6\n"), nil},
		{"two values", one("* - maxlogins 5\n"), each, wanted("6", "7"), nil},
	})
	c := limitsSetCase()
	c.into = ""
	checkSet(t, c, []setChange{{"nowhere to put it", one("", ""), each, wanted("8"), nil}})
}
