package lens

import (
	"bytes"
	"strings"
	"testing"
)

func TestMaskFileHidesSecretsAndKeepsLines(t *testing.T) {
	in := strings.Join([]string{
		`createUser watch SHA "hunter2" AES "hunter2"`, `rocommunity hunter2 10.0.0.0/8`, `#rocommunity hunter2`,
		`com2sec local localhost hunter2`, `trapsess -v 3 -A hunter2`, `crypto pw hunter2`, `password = hunter2`,
		`action(type="omhttp" pwd="hunter2")`, `root:$6$saltsalt$hunter2hunter2hunter2:1`, `-----BEGIN PRIVATE KEY-----`, `hunter2`,
		`-----END PRIVATE KEY-----`, `server 192.0.2.1 iburst`, `# rocommunity hunter2`, `local5.* :ommysql:db.example,Syslog,loguser,hunter2`, `smuxpeer .1.3.6 hunter2`, "proxy\t-v 2c -c hunter2 x", `action(httpheaders=["Authorization: Basic hunter2"])`, `global(cry.key="hunter2")`, `# Passwords of people`, ``, `PasswordAuthentication hunter2`, `requirePassword: hunter2`,
	}, "\r\n")
	got := MaskFile([]byte(in))
	if bytes.Contains(got, []byte("hunter2")) {
		t.Errorf("a secret is left:\n%s", got)
	}
	if bytes.Count(got, []byte("\n")) != strings.Count(in, "\n") {
		t.Errorf("the lines are others:\n%s", got)
	}
	if !bytes.Contains(got, []byte("server 192.0.2.1 iburst")) || !bytes.Contains(got, []byte("createUser ")) || !bytes.Contains(got, []byte("# Passwords of people")) {
		t.Errorf("what is no secret is hidden:\n%s", got)
	}
}

func FuzzMaskFile(f *testing.F) {
	f.Add([]byte("rocommunity x\n"))
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nx"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got := MaskFile(b)
		if bytes.Count(got, []byte("\n")) != bytes.Count(b, []byte("\n")) {
			t.Errorf("%q became %q", b, got)
		}
	})
}
