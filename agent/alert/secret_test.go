package alert

import (
	"bytes"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadSecretTakesAllOfItAndNoMore(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	for _, c := range []struct{ text, want, wrong string }{
		{"hunter2", "hunter2", ""}, {"hunter2\r\n\n", "hunter2", ""}, {" two words \n", " two words ", ""},
		{strings.Repeat("x", maxSecret), strings.Repeat("x", maxSecret), ""},
		{strings.Repeat("x", maxSecret+1), "", "longer than 65536 bytes"}, {"", "", "it is empty"}, {"\n\n", "", "it is empty"},
	} {
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := readSecret(file)
		if string(got) != c.want || c.wrong == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%.20q of %d bytes: got %.20q of %d, %v", c.text, len(c.text), got, len(got), err)
		}
	}
}

func TestPasswordsAreClearedWhenTheyWereUsed(t *testing.T) {
	plain := &plainAuth{first: []byte("\x00user\x00hunter2")}
	_, sent, err := plain.Start(&smtp.ServerInfo{})
	if err != nil || string(sent) != "\x00user\x00hunter2" {
		t.Fatalf("%q, %v", sent, err)
	}
	plain.forget()
	if !bytes.Equal(sent, make([]byte, len(sent))) {
		t.Errorf("left in memory: %q", sent)
	}
	keys := [][]byte{[]byte("one"), []byte("two")}
	forget(keys)
	if string(bytes.Join(keys, nil)) != "\x00\x00\x00\x00\x00\x00" {
		t.Errorf("left in memory: %q", keys)
	}
}
