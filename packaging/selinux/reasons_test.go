package selinux

// reason is why the module lets somebody do something to something: each rule has
// one, and each has a rule.
type reason struct {
	who, what string // types and attributes; several of what have blanks between them
	how       string // what kinds lists, several with blanks between them
	why       string
}

// kinds are the permissions that a word of how stands for, whatever the class. None
// lets anything run in the caller's own domain, or as what it wrote itself.
var kinds = map[string]string{
	"look":    "getattr getopt open read search status watch",
	"meta":    "getattr",
	"keep":    "add_name append create getattr ioctl lock map open read remove_name rename reparent rmdir search setattr unlink watch write",
	"replace": "add_name create getattr ioctl link lock open read relabelfrom relabelto remove_name rename setattr unlink write",
	"make":    "accept add_name bind create getattr getopt ioctl listen open read relabelfrom relabelto remove_name rmdir search setattr setopt unlink write",
	"device":  "getattr open read write",
	"enter":   "entrypoint execute getattr ioctl map open read",
	"run":     "execute getattr open read",
	"become":  "getattr nnp_transition noatsecure rlimitinh sigchld siginh sigkill signal signull transition",
	"tell":    "connectto getattr search sendto write",
	"lie":     "associate",
	"speak":   "send_msg",
	"connect": "name_connect",
	"given":   "accept append getattr getopt ioctl listen read setopt shutdown sigchld use write",
	"steer":   "reload start status",
	"self": "accept bind connect connectto create fork getattr getcap getopt getsched ioctl listen nlmsg_read open read search sendto setopt setpgid setrlimit shutdown " +
		"sigkill signal signull watch write chown dac_override dac_read_search fowner sys_admin sys_ptrace",
}

const (
	reader  = "stigwatch_reader"
	subject = "stigwatch_subject"
)

func reasons() []reason {
	return []reason{
		// Start, stop, and what systemd gives.
		{"init_t", "stigwatch_t stigwatch_enforcer_t", "become", "systemd starts the units"},
		{"init_t", "stigwatch_exec_t", "run", "systemd starts the units"},
		{"init_t", "stigwatch_enforcer_runtime_t stigwatch_enforcer_var_lib_t stigwatch_log_t stigwatch_runtime_t stigwatch_var_lib_t", "make", "folders that the units name"},
		{"init_t", "stigwatch_t", "make", "the enforcer's socket, which it labels by the program alone"},
		{agent, "stigwatch_exec_t", "enter", "its program"},
		{enforcer, "stigwatch_exec_t", "enter", "its program"},
		{agent, "kernel_t", "tell", "sockets of systemd and the journal from before the policy was loaded"},
		{enforcer, "kernel_t", "tell", "systemd's socket from before the policy was loaded"},
		{agent, "init_t", "given tell", "stdout and stderr, READY and WATCHDOG"},
		{enforcer, "init_t", "given tell", "stdout and stderr, READY, the socket that starts it"},
		{agent, "init_var_run_t init_runtime_t", "tell look", "systemd's sockets; units that are put into /run"},
		{enforcer, "init_var_run_t init_runtime_t", "tell", "the way to systemd's sockets"},

		// Both read the appliance.
		{reader, subject, "look", "files that facts are read from, the configuration, the program and its units"},
		{reader, "root_t var_t var_lib_t var_log_t var_run_t", "look", "the folders above, where what is missing is waited for"},
		{reader, "bin_t", "look", "its program, and those that check files"},
		{reader, "proc_t proc_net_t sysctl_t sysctl_crypto_t", "look", "routes, listening sockets, kernel FIPS mode, the kernel's command line"},
		{reader, "sysctl_fs_t", "look", "how many folders may be watched"},
		{reader, "sysctl_net_t sysfs_t", "look", "what the Go runtime asks the kernel for"},
		{reader, "fs_t tmpfs_t", "meta", "what kind a file system is of"},
		{reader, "null_device_t urandom_device_t", "device", "every program's"},
		{reader, "non_security_file_type", "look", "the boolean stigwatch_read_all_files"},
		{reader, "stigwatch_program", "meta", "which program would check a file"},
		{reader, "self", "self", "processes, pipes, sockets of their own"},
		{reader, "system_dbusd_t", "tell speak", "the system bus"},
		{reader, "system_dbusd_var_run_t system_dbusd_runtime_t", "tell", "the system bus"},
		{reader, "init_t", "speak look", "the state of units"},
		{reader, "systemd_unit_file_type systemdunit", "look", "the state of units"},
		{"init_t", reader, "speak", "systemd answers"},
		{"system_dbusd_t", reader, "speak", "the bus answers"},

		// The agent.
		{agent, "self", "self", "reading what only root may, sockets of sinks"},
		{agent, "file_type", "meta", "what has changed in a folder that is watched"},
		{agent, "stigwatch_var_lib_t stigwatch_log_t", "keep", "journal, spool, evidence; sinks that are files"},
		{agent, "stigwatch_runtime_t", "keep", "the socket of status"},
		{agent, "syslogd_port_t syslog_tls_port_t rsh_port_t http_port_t smtp_port_t", "connect", "sinks"},
		{agent, "http_port_t websm_port_t", "connect", "its own ports 443, 8443, 9090"},
		{agent, "dns_port_t", "connect", "names of sinks"},
		{agent, "port_type", "connect", "the boolean stigwatch_connect_any"},
		{agent, "devlog_t syslogd_t syslogd_var_run_t syslogd_runtime_t", "tell", "the local syslog and the journal"},
		{agent, "stigwatch_tmpfs_t tmpfs_t", "keep", "what is too long for the journal's socket"},
		{"syslogd_t", "stigwatch_t", "given", "what is too long for the journal's socket"},
		{"syslogd_t", "stigwatch_tmpfs_t", "look", "what is too long for the journal's socket"},
		{"stigwatch_tmpfs_t", "tmpfs_t", "lie", "what is too long for the journal's socket"},
		{agent, "ramfs_t tmpfs_t", "look", "secrets that systemd hands over"},
		{agent, "auditd_log_t var_log_t rpm_log_t", "look", "who changed a file"},
		{agent, "domain", "look", "who changed a file: the boolean stigwatch_attribution"},
		{agent, "stigwatch_enforcer_var_lib_t", "meta", "is there an enforcer"},
		{agent, "stigwatch_enforcer_runtime_t stigwatch_enforcer_t", "tell", "asking the enforcer"},

		{"sysadm_t", "stigwatch_t stigwatch_enforcer_t stigwatch_runtime_t stigwatch_enforcer_runtime_t", "tell", "the command line of a confined administrator"},

		// The enforcer.
		{enforcer, "self", "self", "owner and mode of what it replaces; ending what it started"},
		{enforcer, "stigwatch_t", "given", "its socket, which systemd labels by the program alone"},
		{enforcer, "stigwatch_enforcer_var_lib_t stigwatch_enforcer_runtime_t", "keep", "its log, copies for undo, jobs.json"},
		{enforcer, "stigwatch_var_lib_t", "look", "the evidence folder"},
		{enforcer, "stigwatch_target etc_t syslog_conf_t", "replace", "the files in agent/permit, and the folders that they lie in"},
		{enforcer, "stigwatch_program", "run", "programs that check files"},
		{enforcer, "stigwatch_check_t", "become", "programs that check files"},
		{enforcer, "stigwatch_unit", "steer", "units take files up"},

		// The programs that it asks.
		{check, "self", "self", "processes of their own, names of hosts"},
		{check, "stigwatch_program", "enter", "themselves"},
		{check, "stigwatch_enforcer_t", "given", "the pipes that they speak into"},
		{check, "stigwatch_target etc_t syslog_conf_t", "look", "what they check and what that includes"},
		{check, "cert_t net_conf_t usr_t locale_t passwd_file_t", "look", "what libraries read on their way"},
		{check, "sshd_key_t", "look", "sshd -t wants a host key that it can use"},
		{check, "proc_t security_t selinux_config_t sysctl_t sysctl_crypto_t sysctl_kernel_t", "look", "what libraries ask the kernel for"},
		{check, "sshd_runtime_t syslogd_var_lib_t var_t var_lib_t var_log_t var_run_t var_spool_t", "look", "whether their folders are there"},
		{check, "null_device_t urandom_device_t", "device", "every program's"},
	}
}
