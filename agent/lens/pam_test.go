package lens

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPAM(t *testing.T) {
	const deny = "auth/pam_faillock.so/deny"
	checkProgram(t, PAM{}, []programCase{
		{"plain", "auth required pam_faillock.so preauth deny=3\n", deny, []string{"3"}},
		{"last on the line", "auth required pam_faillock.so deny=3 deny=5\n", deny, []string{"5"}},
		{"first line wins", "auth required pam_faillock.so deny=3\nauth required pam_faillock.so deny=5\n", deny, []string{"3"}},
		{"first line that carries it", "auth required pam_faillock.so preauth\nauth [default=die] pam_faillock.so authfail deny=5\n", deny, []string{"5"}},
		{"flag", "auth required pam_faillock.so even_deny_root\n", "auth/pam_faillock.so/even_deny_root", []string{""}},
		{"flag is no prefix", "auth required pam_faillock.so denyx=3\n", deny, nil},
		{"another type", "account required pam_faillock.so deny=3\n", deny, nil},
		{"another module", "auth required pam_faillock2.so deny=3\n", deny, nil},
		{"module with a path", "auth required /lib64/security/pam_faillock.so deny=3\n", deny, []string{"3"}},
		{"type in capitals, with a dash", "-AUTH required pam_faillock.so deny=3\n", deny, []string{"3"}},
		{"brackets", "auth [success=1 default=ignore] pam_faillock.so deny=3\n", deny, []string{"3"}},
		{"argument in brackets", "auth required pam_faillock.so [dir=/a b\\]c]\n", "auth/pam_faillock.so/dir", []string{"/a b]c"}},
		{"continued", "auth required pam_faillock.so \\\n  preauth \\\n deny=3\n", deny, []string{"3"}},
		{"continued behind blanks", "auth required pam_faillock.so \\  \n deny=3\n", deny, []string{"3"}},
		{"comment", "# auth required pam_faillock.so deny=3\n", deny, nil},
		{"comment behind", "auth required pam_faillock.so # deny=3\n", deny, nil},
		{"comment does not go on", "# c \\\nauth required pam_faillock.so deny=3\n", deny, []string{"3"}},
		{"case of the argument", "auth required pam_faillock.so Deny=3\n", deny, nil},
		{"equals sign in the value", "auth required pam_faillock.so deny=a=b\n", deny, []string{"a=b"}},
	})
	checkRefused(t, PAM{}, map[string]int{
		"auth required\n": 1, "\nauth\n": 2, "foo required pam_unix.so\n": 1, "auth required x.so \\\n": 1, "@include\n": 1,
	})
}

func TestPAMIncludes(t *testing.T) {
	const deny = "auth/pam_faillock.so/deny"
	module := "auth required pam_faillock.so deny="
	cases := []struct {
		name  string
		files disk
		want  []string
	}{
		{"include before", disk{"/etc/pam.d/s": "auth include a\n" + module + "5\n", "/etc/pam.d/a": module + "3\n"}, []string{"3"}},
		{"include behind", disk{"/etc/pam.d/s": module + "5\nauth include a\n", "/etc/pam.d/a": module + "3\n"}, []string{"5"}},
		{"substack", disk{"/etc/pam.d/s": "auth substack a\n", "/etc/pam.d/a": module + "3\n"}, []string{"3"}},
		{"include of another type", disk{"/etc/pam.d/s": "account include a\n", "/etc/pam.d/a": module + "3\n"}, nil},
		{"included lines of another type", disk{"/etc/pam.d/s": "auth include a\n", "/etc/pam.d/a": "account include b\n", "/etc/pam.d/b": module + "3\n"}, nil},
		{"@include takes all types", disk{"/etc/pam.d/s": "@include a\n", "/etc/pam.d/a": module + "3\n"}, []string{"3"}},
		{"nested", disk{"/etc/pam.d/s": "auth include a\n", "/etc/pam.d/a": "auth include b\n", "/etc/pam.d/b": module + "3\n"}, []string{"3"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(append([]string{}, c.want...), said(c.files.asked(t, PAM{}, deny, "/etc/pam.d/s"))); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestPAMPlace(t *testing.T) {
	text := "auth required \\\n pam_faillock.so \\\n  deny=3 x\n"
	want := []Value{{Text: "3", File: "/f0", Line: 3, Start: 42, End: 43, Raw: text[:len(text)-1]}}
	if d := cmp.Diff(want, ask(t, PAM{}, Query{Path: "auth/pam_faillock.so/deny"}, text)); d != "" {
		t.Error(d)
	}
}

func TestLimits(t *testing.T) {
	const sys, each = "all/maxsyslogins", "all/maxlogins"
	checkProgram(t, Limits{}, []programCase{
		{"hard", "*  hard  maxsyslogins  5\n", sys, []string{"5"}},
		{"both", "* - maxsyslogins 5\n", sys, []string{"5"}},
		{"later wins", "* hard maxsyslogins 5\n* - maxsyslogins 9\n", sys, []string{"9"}},
		{"case", "* HARD MaxSysLogins 5\n", sys, []string{"5"}},
		{"commented out", "#* hard maxsyslogins 5\n", sys, nil},
		{"comment behind", "* hard maxsyslogins 5 # 7\n", sys, []string{"5"}},
		{"comment inside", "* hard maxsyslogins # 5\n", sys, nil},
		{"another domain", "root hard maxsyslogins 5\n@wheel - maxsyslogins 4\n%wheel - maxlogins 3\n1000: - maxlogins 2\n", sys, nil},
		{"per user is not whole system", "* hard maxlogins 5\n", sys, nil},
		{"per user", "* hard maxlogins 5\n", each, []string{"5"}},
		{"whole system is not per user", "* hard maxsyslogins 5\n", each, nil},
		{"percent alone is the whole system", "% hard maxlogins 5\n", sys, []string{"5"}},
		{"percent alone is not per user", "% hard maxlogins 5\n", each, nil},
		{"percent beats star", "% - maxlogins 5\n* - maxsyslogins 9\n", sys, []string{"5"}},
		{"percent refuses maxsyslogins", "% - maxsyslogins 5\n", sys, nil},
		{"a later item takes the limit away", "* hard maxsyslogins 5\n* hard maxlogins 10\n", sys, nil},
		{"unlimited", "* - maxsyslogins unlimited\n", sys, []string{"-1"}},
		{"infinity", "* - maxlogins Infinity\n", each, []string{"-1"}},
		{"minus one", "* - maxlogins -1\n", each, []string{"-1"}},
		{"no number is no line", "* - maxlogins 4\n* - maxlogins many\n", each, []string{"4"}},
		{"as far as the number goes", "* - maxlogins 4x\n", each, []string{"4"}},
		{"short lines", "* hard maxsyslogins\n* -\n*\n", sys, nil},
	})
	files := disk{"/etc/security/limits.conf": "* - maxsyslogins 5\n", "/etc/security/limits.d/a.conf": "* - maxsyslogins 7\n"}
	vs := files.asked(t, Limits{}, sys, "/etc/security/limits.conf", "/etc/security/limits.d/a.conf")
	if len(vs) != 1 || vs[0].Text != "7" || vs[0].File != "/etc/security/limits.d/a.conf" {
		t.Errorf("got %+v", vs)
	}
}

func TestPAMTellsTheStackThatDemandsTheLeast(t *testing.T) {
	one := "auth required pam_faillock.so preauth deny=3 unlock_time=900\nauth [default=die] pam_faillock.so authfail deny=50 unlock_time=never\npassword requisite pam_pwquality.so minlen=15 ocredit=-1\n"
	two := "auth required pam_faillock.so preauth deny=3 unlock_time=60\npassword requisite pam_pwquality.so minlen=8 ocredit=0\n"
	zero := "auth required pam_faillock.so preauth deny=0 unlock_time=0\n"
	odd := "password requisite pam_pwquality.so minlen=many\n"
	for _, c := range []struct {
		files []string
		path  string
		want  string
	}{
		{[]string{one, two}, "least:password/pam_pwquality.so/minlen", "8"},
		{[]string{two, one}, "least:password/pam_pwquality.so/minlen", "8"},
		{[]string{one, two}, "most:password/pam_pwquality.so/ocredit", "0"},
		{[]string{one, two}, "most-or-0:auth/pam_faillock.so/deny", "50"},
		{[]string{one, zero}, "most-or-0:auth/pam_faillock.so/deny", "0"},
		{[]string{zero, one, two}, "least-but-0:auth/pam_faillock.so/unlock_time", "60"},
		{[]string{zero}, "least-but-0:auth/pam_faillock.so/unlock_time", "0"},
		{[]string{one, odd}, "least:password/pam_pwquality.so/minlen", "many"},
		{[]string{one, two}, "password/pam_pwquality.so/minlen", "15"},
	} {
		var files []*File
		for i, text := range c.files {
			doc, err := PAM{}.Parse("/etc/pam.d/"+string(rune('a'+i)), []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, &File{Doc: doc})
		}
		got, err := PAM{}.Get(files, Query{Path: c.path})
		if err != nil || len(got) != 1 || got[0].Text != c.want {
			t.Errorf("%s: %+v, %v, want %s", c.path, got, err, c.want)
		}
		if _, err := (PAM{}).Set(files, Query{Path: c.path}, []Want{{Text: "99"}}, files[0]); strings.Contains(c.path, ":") != errors.Is(err, ErrCannotWrite) {
			t.Errorf("%s: set: %v", c.path, err)
		}
	}
}
