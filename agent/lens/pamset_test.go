package lens

import (
	"strings"
	"testing"
)

func pamSetCase() setCase {
	return setCase{name: "pam", lens: PAM{}, files: []string{"/etc/pam.d/sshd", "/etc/pam.d/a", "/etc/pam.d/b"}, top: 2,
		into: "/etc/pam.d/sshd",
		seeds: [][]string{
			{"#%PAM-1.0\nauth required pam_faillock.so preauth \\\n  deny=3 [x=a \\] b]\n-auth [success=1 default=ignore] pam_unix.so nullok\naccount include b\n@include b\n", "", "auth required pam_faillock.so deny=4 # c\n"},
			{"auth include b\nauth required /lib/security/pam_faillock.so\tauthfail  deny=5 deny=6\r\n", "auth required pam_unix.so\n", "account required pam_faillock.so deny=1\nauth required pam_faillock.so"},
			{"auth required pam_faillock.so deny\\\n", "auth required pam_faillock.so \\\n deny=3", "auth a pam_faillock.so [deny=1][x=2]deny=9 # deny=3\n"},
			{"auth sufficient pam_unix.so [nullok]x \\  \n   nullok \\\n  nullok\n", "AUTH required pam_unix.so [nullok=\\\n a]\n", ""},
			{"@include b\n", "auth substack b\n", "auth required pam_unix.so [x=\nauth required pam_faillock.so [deny=\n"},
		},
		queries: []Query{{Path: "auth/pam_faillock.so/deny"}, {Path: "auth/pam_unix.so/nullok"}, {Path: "account/pam_faillock.so/deny"},
			{Path: "auth/pam_faillock.so/x"}, {Path: "auth/pam_faillock.so/preauth"}},
		wants: [][]Want{wanted("3"), wanted(""), wanted("a b"), wanted("[a]"), wanted("a]"), wanted("=1"), wanted(`\a`)},
		owns:  func(_ Query, line string) bool { return !strings.HasPrefix(trimmed(line), "#") }}
}

func FuzzSetPAM(f *testing.F) { fuzzSetLaws(f, "pam") }

func TestPAMSet(t *testing.T) {
	const deny, module = "auth/pam_faillock.so/deny", "auth required pam_faillock.so"
	one := func(texts ...string) []string { return texts }
	checkSet(t, pamSetCase(), []setChange{
		{"in place, with its comment", one("# deny=9\n" + module + "\tpreauth  deny=3 silent # deny=4\r\n"), deny, wanted("5"), one("# deny=9\n" + module + "\tpreauth  deny=5 silent # deny=4\r\n")},
		{"the last on a line counts", one(module + " deny=3 deny=5"), deny, wanted("3"), one(module + " deny=3 deny=3")},
		{"the first line counts", one(module + " deny=5\n" + module + " deny=6\n"), deny, wanted("3"), one(module + " deny=3\n" + module + " deny=6\n")},
		{"where it is included", one("auth include a\n", module+" deny=5\n"), deny, wanted("3"), one("auth include a\n", module+" deny=3\n")},
		{"a line that is joined", one(module + " \\\n  preauth \\\n  deny=5 \\\n  silent\n"), deny, wanted("3"), one(module + " \\\n  preauth \\\n  deny=3 \\\n  silent\n")},
		{"brackets stay", one(module + " [deny=a b]\n"), deny, wanted("c]d"), one(module + " [deny=c\\]d]\n")},
		{"brackets for a blank", one(module + " deny=3\n"), deny, wanted("a b"), one(module + " [deny=a b]\n")},
		{"a flag gets a value", one(module + " deny silent\n"), deny, wanted("3"), one(module + " deny=3 silent\n")},
		{"a value becomes a flag", one(module + " deny=3 silent\n"), deny, wanted(""), one(module + " deny silent\n")},
		{"an empty value stays", one(module + " deny= silent\n"), deny, wanted(""), one(module + " deny= silent\n")},
		{"added to the first line", one(module + " preauth # c\n" + module + " authfail\n"), deny, wanted("3"), one(module + " preauth deny=3 # c\n" + module + " authfail\n")},
		{"added to a line that is joined", one(module + " \\\n  preauth \\\n\n"), deny, wanted("3"), one(module + " \\\n  preauth deny=3 \\\n\n")},
		{"added without a last line break", one(module), "auth/pam_faillock.so/even_deny_root", wanted(""), one(module + " even_deny_root")},
		{"added to the file that is named", one("auth include a\n"+module+"\n", module+"\n"), deny, wanted("3"), one("auth include a\n"+module+" deny=3\n", module+"\n")},
		{"added where the module is", one("auth include a\n", module+"\n"), deny, wanted("3"), one("auth include a\n", module+" deny=3\n")},
		{"taken out of all lines", one(module+" deny=3 preauth  deny=4\n"+module+" authfail\tdeny=5", module+" [deny=1]x # deny=2\r\n"), deny, nil,
			one(module+" preauth\n"+module+" authfail", module+" x # deny=2\r\n")},
		{"taken out of a line that is joined", one(module + " \\\n  deny=3 \\\n  silent\n"), deny, nil, one(module + " \\\n   \\\n  silent\n")},
		{"taken out at the end of a file", one(module + " \\\n  deny=3"), deny, nil, one(module + " \\\n  ")},
		{"another type and another module stay", one("account required pam_faillock.so deny=3\nauth required pam_unix.so deny=3\n" + module + " deny=3\n"), deny, nil,
			one("account required pam_faillock.so deny=3\nauth required pam_unix.so deny=3\n" + module + "\n")},
		{"no line of the module", one("auth required pam_unix.so\naccount required pam_faillock.so\n"), deny, wanted("3"), nil},
		{"an include of another type", one("account include b\n"), deny, wanted("3"), nil},
		{"a value over two lines", one(module + " [deny=1 \\\n 2]\n"), deny, wanted("3"), nil},
		{"a value over two lines is not taken out", one(module + " [deny=1 \\\n 2]\n"), deny, nil, nil},
		{"behind a bracket that stays open", one(module + " [x=1\n"), deny, wanted("3"), nil},
		{"a comment", one(module + " deny=3\n"), deny, wanted("3#4"), nil},
		{"a backslash at the end", one(module + " deny=3\n"), deny, wanted(`3\`), nil},
		{"a line break", one(module + " deny=3\n"), deny, wanted("3\nauth"), nil},
		{"not UTF-8", one(module + " deny=3\n"), deny, wanted("\xff"), nil},
		{"too long for its line", one(module + " deny=3\n"), deny, wanted(strings.Repeat("x", MaxLine)), nil},
		{"two values", one(module + " deny=3\n"), deny, wanted("1", "2"), nil},
		{"an argument with a blank", one(module + "\n"), "auth/pam_faillock.so/a b", wanted(""), one(module + " [a b]\n")},
		{"an argument that is a comment", one(module + "\n"), "auth/pam_faillock.so/#a", wanted(""), nil},
		{"an argument with a line break", one(module + "\n"), "auth/pam_faillock.so/a\nauth", wanted("1"), nil},
	})
	c := pamSetCase()
	c.into = ""
	checkSet(t, c, []setChange{{"nowhere to put it", one(module + "\n"), deny, wanted("8"), nil}})
}
