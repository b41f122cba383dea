package gen

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	hugeFile = 50 << 20 // sparse, so that it costs no disk
	longLine = 1 << 20
	nesting  = 100_000
)

// Trap is one hostile thing in the hostile appliance.
type Trap struct {
	Path  string   // inside the root
	What  string   // why it cannot be read
	Facts []string // the facts that lie there and must be unreadable, by their names or as "group.*"
	put   func(path string) error
}

// Traps lists everything that is hostile in the hostile appliance. What has no
// maker of its own is checked in below hostile/root. Mode 000 keeps out only
// whoever is not root.
func Traps() []Trap {
	return append(checkedIn(), made()...)
}

func checkedIn() []Trap {
	const startup = "/mi/config-system/startup_config/"
	return []Trap{
		{Path: startup + "identityconfig.xml", What: "broken XML", Facts: []string{"mics.password_policy.*", "mics.users"}},
		{Path: startup + "antivirusconfig.xml", What: "XML with an entity bomb", Facts: []string{"mics.snmp.protocol"}},
		{Path: "/etc/ssh/sshd_config", What: "NUL bytes", Facts: []string{"sshd.*"}},
		{Path: "/proc/net/route", What: "no hexadecimal digits, and a row cut short", Facts: []string{"kernel.routes"}},
		{Path: "/mi/tomcat/conf/device-cert.pem", What: "broken PEM", Facts: []string{"certificates.device"}},
	}
}

func made() []Trap {
	return []Trap{
		{"/mi/config-system/startup_config/debugconfig.xml", "XML nested too deep", []string{"mics.snmp.enabled"}, deepXML},
		{"/etc/httpd/conf/httpd.conf", "50 MB", []string{"httpd.*", "certificates.portal"}, huge},
		{"/etc/rsyslog.conf", "a line of 1 MB", []string{"rsyslog.forwards"}, oneLine},
		{"/etc/chrony.conf", "a link out of the root", []string{"chrony.servers"}, linkOut},
		{"/etc/snmp/snmpd.conf", "a loop of links", []string{"snmpd.*"}, linkLoop},
		{"/etc/security/limits.d/99-self.conf", "a link to its own folder", []string{"limits.*"}, linkTo(".")},
		{"/etc/issue", "a FIFO", []string{"os.issue_text"}, fifo},
		{"/etc/passwd", "a folder", []string{"os.login_accounts", "os.uid0_accounts"}, folder},
		{"/etc/security/faillock.conf", "mode 000", []string{"faillock.*"}, sealed("deny = 3\nunlock_time = 900\n")},
		{"/etc/crypto-policies/state/current", "mode 000", []string{"crypto_policy.current"}, sealed("FIPS\n")},
	}
}

// Hostile makes the hostile appliance in dir: root and stigwatch folders, and a
// folder named outside that a link within the root points to.
func Hostile(dir string) error {
	for _, name := range []string{"compliant", "hostile"} {
		if err := Copy(name, dir); err != nil {
			return err
		}
	}
	outside := filepath.Join(dir, "outside")
	if err := os.MkdirAll(outside, 0o755); err != nil {
		return err
	}
	secret := []byte("server 203.0.113.66 iburst\nserver 203.0.113.67 iburst\n")
	if err := os.WriteFile(filepath.Join(outside, "chrony.conf"), secret, 0o644); err != nil {
		return err
	}
	for _, t := range made() {
		if err := replace(filepath.Join(dir, "root", t.Path), t.put); err != nil {
			return fmt.Errorf("cannot make %q hostile: %w", t.Path, err)
		}
	}
	return nil
}

func deepXML(path string) error {
	text := "<configuration>" + strings.Repeat("<debug>", nesting) + "true" + strings.Repeat("</debug>", nesting) + "</configuration>\n"
	return os.WriteFile(path, []byte(text), 0o644)
}

func huge(path string) error {
	if err := os.WriteFile(path, []byte("ServerRoot \"/etc/httpd\"\n"), 0o644); err != nil {
		return err
	}
	return os.Truncate(path, hugeFile)
}

func oneLine(path string) error {
	line := append(bytes.Repeat([]byte("a"), longLine), "\n*.* @@192.0.2.51:6514\n"...)
	return os.WriteFile(path, line, 0o644)
}

// linkOut climbs higher than any root lies deep, and would come down at a file
// that exists, were it followed from outside.
func linkOut(path string) error {
	outside := filepath.Join(filepath.Dir(path), "..", "..", "outside", "chrony.conf")
	absolute, err := filepath.Abs(outside)
	if err != nil {
		return err
	}
	return os.Symlink(strings.Repeat("../", 40)+absolute[1:], path)
}

func linkLoop(path string) error {
	if err := os.Symlink("loop-b", filepath.Join(filepath.Dir(path), "loop-a")); err != nil {
		return err
	}
	if err := os.Symlink("loop-a", filepath.Join(filepath.Dir(path), "loop-b")); err != nil {
		return err
	}
	return os.Symlink("loop-a", path)
}

func linkTo(target string) func(string) error {
	return func(path string) error { return os.Symlink(target, path) }
}

func fifo(path string) error { return syscall.Mkfifo(path, 0o644) }

func folder(path string) error { return os.Mkdir(path, 0o755) }

func sealed(text string) func(string) error {
	return func(path string) error {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
		return os.Chmod(path, 0)
	}
}
