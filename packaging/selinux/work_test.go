package selinux

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"stigwatch/agent/enforce"
	"stigwatch/agent/permit"
	"stigwatch/agent/plan"
)

func TestWorkInARealPolicy(t *testing.T) {
	for name, root := range policies(t) {
		t.Run(name, func(t *testing.T) {
			p := link(t, root)
			p.starts()
			p.reads()
			p.tells()
			p.writes()
			p.checks()
			p.serves()
			p.restrained()
		})
	}
}

// can demands permissions.
func (p *linked) can(why, domain, target, class string, perms ...string) {
	p.t.Helper()
	if lacks := p.lacks(domain, target, class, perms...); len(lacks) > 0 {
		p.t.Errorf("%s: %s may not %v %s:%s", why, domain, lacks, target, class)
	}
}

// cannot forbids them.
func (p *linked) cannot(why, domain, target, class string, perms ...string) {
	p.t.Helper()
	for _, perm := range perms {
		if len(p.lacks(domain, target, class, perm)) == 0 {
			p.t.Errorf("%s: %s may %s %s:%s", why, domain, perm, target, class)
		}
	}
}

func (p *linked) starts() {
	if !p.changes["init_t"] {
		p.t.Error("systemd's agent does not become stigwatch_t")
	}
	for _, d := range []string{agent, enforcer} {
		p.can("systemd starts it", "init_t", d, "process", "transition", "siginh", "noatsecure", "rlimitinh")
		p.can("systemd ends it", "init_t", d, "process", "sigkill", "signal")
		p.can("its program", d, p.label("file", "/usr/bin/stigwatch"), "file", "entrypoint", "execute", "read", "map")
		p.can("READY", d, "init_t", "unix_dgram_socket", "sendto")
		p.can("READY", d, p.label("sock_file", "/run/systemd/notify"), "sock_file", "write")
		p.can("the bus", d, p.label("sock_file", "/run/dbus/system_bus_socket"), "sock_file", "write")
		p.can("the bus", d, "system_dbusd_t", "unix_stream_socket", "connectto")
	}
	for _, dir := range []string{"/var/lib/stigwatch", "/var/lib/stigwatch-enforcer", "/var/log/stigwatch", "/run/stigwatch", "/run/stigwatch-enforcer"} {
		p.can("systemd makes "+dir, "init_t", p.label("dir", dir), "dir", "create", "getattr", "setattr")
		p.can("systemd makes "+dir, "init_t", p.label("dir", path.Dir(dir)), "dir", "add_name", "write")
	}
	p.can("systemd makes the enforcer's socket", "init_t", p.label("sock_file", "/run/stigwatch-enforcer/enforcer.sock"), "sock_file", "create", "setattr", "unlink")
	p.can("systemd makes the enforcer's socket", "init_t", agent, "unix_stream_socket", "create", "bind", "listen")
}

var mapped = regexp.MustCompile(`files: \[([^\]]*)\]`)

// besides are files that both read and no shipped mapping names: what these name,
// what libraries read, and what the agent itself consists of.
var besides = []string{
	"/etc/hosts", "/etc/resolv.conf", "/usr/share/a", "/usr/lib/os-release", "/etc/localtime", "/usr/share/zoneinfo/UTC",
	"/etc/pki/tls/certs/a.pem", "/etc/ssl/certs/ca-certificates.crt", // what portals serve, whom sinks trust
	"/etc/rsyslog.d/a.conf", "/etc/httpd/conf.d/a.conf", "/etc/ssh/sshd_config.d/a.conf",
	"/etc/stigwatch/stigwatch.yaml", "/usr/bin/stigwatch", "/usr/lib/systemd/system/stigwatch.service", "/etc/systemd/system/stigwatch.service.d/a.conf", "/usr/lib/systemd/system/stigwatch.service.d/a.conf", "/run/stigwatch-enforcer/jobs.json",
}

// reads holds the files of the shipped mappings against what may be read: all of
// them, and no type that is not of one of these files.
func (p *linked) reads() {
	maps, err := filepath.Glob("../../policies/mappings/*.yaml")
	if err != nil || len(maps) == 0 {
		p.t.Fatal("no mappings", err)
	}
	seen := map[string]bool{}
	for _, name := range maps {
		b, err := os.ReadFile(name)
		if err != nil {
			p.t.Fatal(err)
		}
		for _, m := range mapped.FindAllStringSubmatch(string(b), -1) {
			for file := range strings.SplitSeq(m[1], ",") {
				file = strings.ReplaceAll(strings.Trim(file, ` "`), "*", "a")
				if strings.HasPrefix(file, "/") && !strings.HasPrefix(file, "/proc/") && !seen[file] {
					seen[file] = true
					p.readable(file)
				}
			}
		}
	}
	if len(seen) < 20 {
		p.t.Errorf("only %d files are mapped", len(seen))
	}
	for _, file := range besides {
		seen[file] = true
		p.readable(file)
	}
	types := map[string]bool{}
	for file := range seen {
		types[p.label("file", file)] = true
	}
	for kind := range p.attrs["stigwatch_subject"] {
		if !types[kind] {
			p.t.Errorf("%s may be read, and no file that is has it", kind)
		}
	}
	for _, kind := range []string{"proc_t", "proc_net_t", "sysctl_crypto_t"} {
		p.can("/proc", agent, kind, "file", "open", "read")
	}
}

func (p *linked) readable(file string) {
	for _, d := range []string{agent, enforcer} {
		p.can(file, d, p.label("file", file), "file", "open", "read", "getattr")
		for dir := path.Dir(file); dir != "/"; dir = path.Dir(dir) {
			p.can(file, d, p.label("dir", dir), "dir", "search")
			if !slices.Contains(besides, file) {
				p.can(file, agent, p.label("dir", dir), "dir", "open", "read", "watch")
			}
		}
	}
}

func (p *linked) tells() {
	for _, socket := range []string{"/run/systemd/journal/socket", "/run/systemd/journal/dev-log"} {
		p.can(socket, agent, p.label("sock_file", socket), "sock_file", "write")
	}
	p.can("journal", agent, "syslogd_t", "unix_dgram_socket", "sendto")
	for _, port := range []string{"http_port_t", "smtp_port_t", "syslog_tls_port_t", "syslogd_port_t", "websm_port_t", "dns_port_t"} {
		p.can("a sink", agent, port, "tcp_socket", "name_connect")
		p.cannot("it asks nobody", enforcer, port, "tcp_socket", "name_connect")
	}
	p.cannot("off by itself", agent, "ssh_port_t", "tcp_socket", "name_connect")
	p.can("the journal", agent, p.label("file", "/var/lib/stigwatch/journal.db"), "file", "create", "open", "read", "write", "lock", "map", "unlink", "rename")
	p.can("a sink", agent, p.label("file", "/var/log/stigwatch/alerts.json"), "file", "create", "append", "rename", "lock")
	p.can("status", agent, p.label("sock_file", "/run/stigwatch/stigwatch.sock"), "sock_file", "create", "setattr", "unlink")
	p.can("jobs.json", agent, p.label("file", "/run/stigwatch-enforcer/jobs.json"), "file", "open", "read")
	p.can("the enforcer", agent, p.label("sock_file", "/run/stigwatch-enforcer/enforcer.sock"), "sock_file", "write")
	p.can("who changed a file", agent, p.label("file", "/var/log/audit/audit.log"), "file", "open", "read")
	for _, log := range []string{"/var/log/dpkg.log", "/var/log/yum.log", "/var/log/dnf.log", "/var/log/dnf.rpm.log"} {
		p.can("who changed a file", agent, p.label("file", log), "file", "open", "read")
	}
}

// writes holds agent/permit against what the enforcer may write: all of it, and no
// type that is not of one of these files.
func (p *linked) writes() {
	types := map[string]bool{}
	for _, it := range permit.All() {
		for _, pattern := range it.Files {
			file := strings.ReplaceAll(pattern, "*", "a")
			dir, kind := p.label("dir", path.Dir(file)), p.label("file", file)
			types[kind] = true
			p.can(file, enforcer, dir, "dir", "add_name", "remove_name", "write", "search")
			p.can(file, enforcer, kind, "file", "create", "getattr", "link", "lock", "open", "read", "rename", "setattr", "unlink", "write", "relabelfrom", "relabelto")
			p.can(file, enforcer, dir, "file", "create", "relabelfrom") // it gets its own label only then
			p.cannot(file, agent, kind, "file", "append", "create", "write", "setattr", "unlink", "rename")
			p.cannot(file, check, kind, "file", "append", "create", "write", "setattr", "unlink", "rename")
			if unit, _ := plan.UnitOf(file); unit != "" {
				p.can(file, enforcer, p.label("file", "/usr/lib/systemd/system/"+unit), "service", "start", "reload", "status")
				p.cannot(file, agent, p.label("file", "/usr/lib/systemd/system/"+unit), "service", "start", "reload", "stop")
			}
		}
	}
	for kind := range p.attrs["stigwatch_target"] {
		if !types[kind] {
			p.t.Errorf("%s may be written, and no file of agent/permit has it", kind)
		}
	}
}

// checks holds agent/enforce against the programs that may be run: those that check a
// file which may be written.
func (p *linked) checks() {
	for _, program := range enforce.Programs() {
		wanted := slices.ContainsFunc(permit.All(), func(it permit.Permit) bool {
			return it.Covers(program.Main) || slices.ContainsFunc(program.Parts, func(part string) bool { return slices.Contains(it.Files, part) })
		})
		kind := p.label("file", program.File)
		if !wanted {
			p.cannot(program.Name, enforcer, kind, "file", "execute")
			continue
		}
		if kind == "bin_t" { // this policy knows no such program
			continue
		}
		p.can(program.Name, enforcer, kind, "file", "execute", "open", "read")
		p.can(program.Name, check, kind, "file", "entrypoint", "execute", "map", "read")
		p.cannot(program.Name, enforcer, kind, "file", "execute_no_trans")
	}
	p.can("programs", enforcer, check, "process", "transition", "sigkill")
	p.can("sshd -t", check, p.label("file", "/etc/ssh/ssh_host_ed25519_key"), "file", "read")
}

// serves looks at administrators who call the command: they change no domain for it.
func (p *linked) serves() {
	for _, admin := range []string{"unconfined_t", "sysadm_t"} {
		if len(p.rules[admin]) == 0 {
			continue // this policy has none
		}
		p.can("the command", admin, p.label("file", "/usr/bin/stigwatch"), "file", "execute", "execute_no_trans", "read")
		if p.changes[admin] {
			p.t.Errorf("%s becomes somebody else when it calls the command", admin)
		}
		p.can("status", admin, p.label("sock_file", "/run/stigwatch/stigwatch.sock"), "sock_file", "write")
		p.can("apply", admin, p.label("sock_file", "/run/stigwatch-enforcer/enforcer.sock"), "sock_file", "write")
		p.can("attest", admin, p.label("file", "/etc/stigwatch/attestations.yaml"), "file", "create", "write", "rename", "unlink")
		for _, d := range []string{agent, enforcer} {
			p.can("its socket", admin, d, "unix_stream_socket", "connectto")
		}
	}
}

// floor are attributes of every process, or of each that systemd starts: what a
// policy lets these do is not the module's to say.
var floor = []string{"domain", "daemon", "corenet_unlabeled_type"}

// restrained looks at all that the domains may in the end.
func (p *linked) restrained() {
	writes := []string{"append", "create", "link", "rename", "setattr", "unlink", "write", "add_name", "remove_name", "rmdir", "relabelfrom", "relabelto", "mounton"}
	own := map[string][]string{
		agent:    {"stigwatch_var_lib_t", "stigwatch_log_t", "stigwatch_runtime_t", "stigwatch_tmpfs_t"},
		enforcer: {"stigwatch_enforcer_var_lib_t", "stigwatch_enforcer_runtime_t", "stigwatch_target", "etc_t", "syslog_conf_t"},
	}
	for _, d := range []string{agent, enforcer, check} {
		for _, r := range p.rules[d] {
			if slices.Contains(floor, r.source) || r.target == d {
				continue
			}
			for _, perm := range r.perms {
				switch {
				case strings.HasPrefix(perm, "exec") && perm != "execute" || perm == "ptrace" || perm == "dyntransition":
					p.t.Errorf("%s may %s %s:%s", d, perm, r.target, r.class)
				case slices.Contains([]string{"file", "dir", "lnk_file", "blk_file"}, r.class) && slices.Contains(writes, perm) && !slices.Contains(own[d], r.target) &&
					(d != agent || r.target != "tmpfs_t" || r.class != "dir"):
					p.t.Errorf("%s may %s %s:%s, by the rules of %s", d, perm, r.target, r.class, r.source)
				}
			}
		}
		p.cannot("secrets", d, "shadow_t", "file", "read", "open")
		p.cannot("shells", d, "shell_exec_t", "file", "execute", "execute_no_trans")
		p.cannot("memory", d, d, "process", "execmem", "execstack", "execheap", "setexec", "dyntransition")
		p.cannot("policy", d, "security_t", "security", "load_policy", "setenforce", "setbool")
		p.cannot("units", d, "init_t", "system", "stop", "halt", "reboot", "reload")
	}
	p.cannot("host keys", agent, "sshd_key_t", "file", "read")
	p.cannot("host keys", enforcer, "sshd_key_t", "file", "read")
	for _, t := range []string{"stigwatch_etc_t", "stigwatch_exec_t", "stigwatch_unit_file_t", "stigwatch_enforcer_var_lib_t"} {
		p.cannot("who watches must not change itself", agent, t, "file", "append", "create", "write", "setattr", "unlink")
	}
	p.cannot("the agent's word is not the enforcer's", agent, "stigwatch_enforcer_var_lib_t", "file", "read", "open")
}
