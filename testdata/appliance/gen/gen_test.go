package gen

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestCopyGivesTheSameBytes(t *testing.T) {
	for _, name := range []string{"compliant", "factory", "drifted", "empty"} {
		dir := t.TempDir()
		if err := Copy(name, dir); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{"stigwatch/stigwatch.yaml", "stigwatch/site.yaml", "stigwatch/ca/approved-ca.pem"} {
			want, err := os.ReadFile(filepath.Join("..", name, file))
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %s differs (%v)", name, file, err)
			}
		}
	}
}

func TestCopyOfUnknownApplianceIsAnError(t *testing.T) {
	if err := Copy("no-such", t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

func TestHostileHasEveryTrap(t *testing.T) {
	dir := t.TempDir()
	if err := Hostile(dir); err != nil {
		t.Fatal(err)
	}
	modes := map[string]fs.FileMode{
		"/etc/issue":           fs.ModeNamedPipe,
		"/etc/passwd":          fs.ModeDir,
		"/etc/chrony.conf":     fs.ModeSymlink,
		"/etc/snmp/snmpd.conf": fs.ModeSymlink,
	}
	for _, trap := range Traps() {
		info, err := os.Lstat(filepath.Join(dir, "root", trap.Path))
		if err != nil {
			t.Error(err)
			continue
		}
		if got := info.Mode().Type(); got != modes[trap.Path] && filepath.Base(trap.Path) != "99-self.conf" {
			t.Errorf("%s is %v, want %v", trap.Path, got, modes[trap.Path])
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "root/etc/httpd/conf/httpd.conf")); err != nil || info.Size() != hugeFile {
		t.Errorf("httpd.conf is not %d bytes (%v)", hugeFile, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "root/etc/chrony.conf")); err != nil {
		t.Errorf("the link out of the root leads nowhere from outside: %v", err)
	}
}
