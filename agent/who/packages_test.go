package who

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// packaged makes a finder of package managers' logs, written now.
func packaged(t *testing.T, files map[string]string) *Finder {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		put(t, path, text)
	}
	f := New(Options{
		Packages: true, Dpkg: filepath.Join(dir, "dpkg.log"), DpkgInfo: filepath.Join(dir, "info"),
		DnfLog: filepath.Join(dir, "dnf.rpm.log"), YumLog: filepath.Join(dir, "yum.log"),
	})
	t.Cleanup(f.Close)
	return f
}

func TestAPackageIsNamedWhenTheFileIsItsOwn(t *testing.T) {
	now := time.Now()
	stamp := now.Format(time.DateTime)
	f := packaged(t, map[string]string{
		"dpkg.log": now.Add(-time.Hour).Format(time.DateTime) + " status installed chrony:amd64 4.3-2+deb12u1\n" +
			stamp + " startup archives unpack\n" +
			stamp + " upgrade openssh-server:amd64 1:9.2p1-2+deb12u2 1:9.2p1-2+deb12u3\n" +
			stamp + " status half-configured openssh-server:amd64 1:9.2p1-2+deb12u3\n" +
			stamp + " conffile /etc/ssh/sshd_config install\n" +
			stamp + " trigproc man-db:amd64 2.11.2-2 <none>\n" +
			stamp + " status installed ../../../etc/passwd:amd64 1\n" + stamp,
		"info/openssh-server.list": "/.\n/etc\n/etc/ssh\n/etc/ssh/sshd_config\n",
		"info/chrony.list":         "/.\n/etc/chrony/chrony.conf\n",
		"info/man-db:amd64.list":   "/.\n/etc/manpath.config\n",
	})
	for path, want := range map[string]string{
		"/etc/ssh/sshd_config":    "openssh-server 1:9.2p1-2+deb12u3",
		"/etc/manpath.config":     "man-db",
		"/etc/chrony/chrony.conf": "", // it was an hour ago
		"/etc/hosts":              "",
	} {
		a, _ := f.Look(Question{Paths: []string{path}, Seen: now})
		switch {
		case want == "" && a != nil:
			t.Errorf("%s: %+v", path, a)
		case want != "" && (a == nil || *a != Answer{Source: Package, Package: want}):
			t.Errorf("%s: %+v", path, a)
		}
	}
}

func TestOfRpmItIsSaidThatTheOwnerIsNotKnown(t *testing.T) {
	now := time.Now()
	for name, tt := range map[string]struct{ file, text, want string }{
		"dnf": {
			"dnf.rpm.log", now.Format("2006-01-02T15:04:05-0700") + " INFO --- logging initialized ---\n" + now.Format("2006-01-02T15:04:05-0700") + " SUBDEBUG Upgrade: openssh-server-8.7p1-34.el9.x86_64\n",
			"openssh-server-8.7p1-34.el9.x86_64 (whether it has the file is not known)",
		},
		"two, by dnf of EL8": {
			"dnf.rpm.log", now.UTC().Format(time.RFC3339) + " SUBDEBUG Upgrade: a-1-1.el8.x86_64\n" + now.UTC().Format(time.RFC3339) + " SUBDEBUG Upgrade: b-1-1.el8.noarch\n",
			"b-1-1.el8.noarch and 1 more (which one has the file is not known)",
		},
		"yum": {
			"yum.log", now.Format("Jan 02 15:04:05") + " Updated: 1:openssl-1.0.2k-19.el7.x86_64\n",
			"1:openssl-1.0.2k-19.el7.x86_64 (whether it has the file is not known)",
		},
		"long ago": {"dnf.rpm.log", "2023-05-04T10:11:12+0200 SUBDEBUG Upgrade: a-1-1.el9.x86_64\n", ""},
	} {
		a, _ := packaged(t, map[string]string{tt.file: tt.text}).Look(Question{Paths: []string{"/etc/x"}, Seen: now})
		got := ""
		if a != nil {
			got = a.Package
		}
		if got != tt.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestNobodyIsKnownWithoutSources(t *testing.T) {
	for name, f := range map[string]*Finder{"none": New(Options{}), "no logs": packaged(t, nil)} {
		if a, final := f.Look(Question{Paths: []string{"/etc/x"}, Seen: time.Now()}); a != nil || !final {
			t.Errorf("%s: %+v %v", name, a, final)
		}
	}
}
