package who

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// process is what proc(5) says of one, as far as it could be read: it may be gone
// already, and whose program it is may be told to those with CAP_SYS_PTRACE only.
type process struct {
	pid                    int
	uid, loginuid, session string
	exe, comm, title, tty  string
}

// lookUp reads what there is to know of a process now.
func lookUp(pid int) process {
	dir := "/proc/" + strconv.Itoa(pid) + "/"
	p := process{pid: pid}
	p.comm, p.tty = stat(readProc(dir + "stat"))
	if p.comm == "" {
		return p // it is gone
	}
	p.uid = realUID(readProc(dir + "status"))
	p.loginuid = id(string(readProc(dir + "loginuid")))
	p.session = id(string(readProc(dir + "sessionid")))
	p.title = title(readProc(dir + "cmdline"))
	if exe, err := os.Readlink(dir + "exe"); err == nil {
		p.exe = cut(strings.TrimSuffix(exe, " (deleted)"), maxWord)
	}
	return p
}

func readProc(path string) []byte {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	b := make([]byte, 4096)
	n, _ := io.ReadFull(f, b) // what is longer is cut
	return b[:n]
}

// stat gives the second and the seventh field of /proc/PID/stat. The former is in
// brackets and may hold any byte, brackets too.
func stat(b []byte) (comm, tty string) {
	from, to := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if from < 0 || to < from {
		return "", ""
	}
	rest := strings.Fields(string(b[to+1:]))
	if len(rest) > 4 {
		tty = terminal(rest[4])
	}
	return cut(string(b[from+1:to]), maxWord), tty
}

// terminal names a controlling terminal by its device number, as proc_pid_stat(5)
// has it; the majors are those of the kernel's admin-guide/devices.txt. Reading
// the link fd/0 instead would need CAP_SYS_PTRACE.
func terminal(number string) string {
	n, err := strconv.ParseInt(number, 10, 32)
	if err != nil || n == 0 {
		return ""
	}
	dev := uint32(n)
	major, minor := dev>>8&0xfff, dev&0xff|dev>>12&0xfff00
	switch {
	case major >= 136 && major <= 143:
		return fmt.Sprintf("pts/%d", (major-136)<<8+minor)
	case major == 4 && minor >= 64:
		return fmt.Sprintf("ttyS%d", minor-64)
	case major == 4:
		return fmt.Sprintf("tty%d", minor)
	}
	return fmt.Sprintf("%d:%d", major, minor)
}

// realUID is the first number of the line Uid of /proc/PID/status.
func realUID(b []byte) string {
	_, rest, found := bytes.Cut(b, []byte("\nUid:"))
	if words := strings.Fields(string(rest)); found && len(words) > 0 {
		return id(words[0])
	}
	return ""
}

// title makes a line of arguments that end with NULs.
func title(b []byte) string {
	return cut(strings.TrimSpace(strings.ReplaceAll(string(b), "\x00", " ")), maxTitle)
}
