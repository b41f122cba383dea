package lens

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	tcpTable = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     \n" +
		"   0: 0A6433C6:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 21001 1 0000000000000000 100 0 0 10 0                     \n" +
		"   1: 0100007F:1F49 00000000:0000 0A 00000000:00000000 00:00000000 00000000    53        0 21002 1 0000000000000000 100 0 0 10 0                     \n" +
		"   2: 0A6433C6:0016 216433C6:D431 01 00000000:00000000 02:000A7214 00000000     0        0 21003 2 0000000000000000 20 4 30 10 -1                    \n" +
		"   3: 0A0200C0:A0C2 330200C0:1972 06 00000000:00000000 03:00000E65 00000000     0        0 0 3 0000000000000000                                      \n"
	tcp6Table = "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n" +
		"   0: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000    53        0 22001 1 0000000000000000 100 0 0 10 0\n" +
		"   1: 0000000000000000FFFF00000100007F:2382 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000    54        0 22002 1 0000000000000000 100 0 0 10 0\n" +
		"   2: B80D0120000000000000000001000000:0016 00000000000000000000000000000000:0000 0a 00000000:00000000 00:00000000 00000000     0        0 22003 1 0000000000000000 100 0 0 10 0\n"
	udpTable = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops            \n" +
		"  345: 00000000:00A1 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 23001 2 0000000000000000 0           \n" +
		"  511: 0A0200C0:A0C2 7B0200C0:007B 01 00000000:00000000 00:00000000 00000000   992        0 23002 2 0000000000000000 0           \n"
	udp6Table = "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"
)

// tables are the four files of a kernel with IPv6.
func tables() disk {
	return disk{"/proc/net/tcp": tcpTable, "/proc/net/tcp6": tcp6Table, "/proc/net/udp": udpTable, "/proc/net/udp6": udp6Table}
}

func askTables(t *testing.T, d disk, names ...string) ([]Value, error) {
	t.Helper()
	var files []*File
	for _, name := range names {
		f, err := d.file(ProcSockets{}, "/proc/net/"+name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return ProcSockets{}.Get(files, Query{Path: "listening"})
}

func TestProcSockets(t *testing.T) {
	vs, err := askTables(t, tables(), "tcp", "tcp6", "udp", "udp6")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"address=198.51.100.10 port=22 protocol=tcp",
		"address=127.0.0.1 port=8009 protocol=tcp",
		"address=:: port=443 protocol=tcp",
		"address=127.0.0.1 port=9090 protocol=tcp",
		"address=2001:db8::1 port=22 protocol=tcp",
		"address=0.0.0.0 port=161 protocol=udp",
	}
	if d := cmp.Diff(want, said(vs)); d != "" {
		t.Error(d)
	}
	first := Value{File: "/proc/net/tcp", Line: 2, Raw: strings.TrimSpace(strings.Split(tcpTable, "\n")[1]),
		Fields: map[string]string{"protocol": "tcp", "address": "198.51.100.10", "port": "22"}}
	first.Start = strings.Index(tcpTable, "0A6433C6:0016")
	first.End = first.Start + len("0A6433C6:0016")
	if d := cmp.Diff(first, vs[0]); d != "" {
		t.Error(d)
	}
}

// A network namespace of its own has empty tables: nothing of the appliance is in it.
func TestProcSocketsWithoutSocketsAreNotTheAppliancesOwn(t *testing.T) {
	d := tables()
	for name, text := range d {
		head, _, _ := strings.Cut(text, "\n")
		d[name] = head + "\n"
	}
	if vs, err := askTables(t, d, "tcp", "tcp6", "udp", "udp6"); err == nil || !strings.Contains(err.Error(), "no socket listens") {
		t.Errorf("got %v, %v", vs, err)
	}
}

// A table that is not there would make what listens look like less than it is.
func TestProcSocketsNeedWholeTables(t *testing.T) {
	good := [][]string{{"tcp", "udp"}, {"udp", "tcp"}, {"tcp", "tcp6", "udp", "udp6"}}
	for _, names := range good {
		if _, err := askTables(t, tables(), names...); err != nil {
			t.Errorf("%v: %v", names, err)
		}
	}
	bad := [][]string{{"tcp"}, {"udp"}, {"tcp6", "udp6"}, {"tcp", "tcp6", "udp"}, {"tcp", "udp", "udp6"}, {"tcp6", "udp", "udp6"}}
	for _, names := range bad {
		_, err := askTables(t, tables(), names...)
		var se *SyntaxError
		if !errors.As(err, &se) || se.Line != 1 || se.File != "/proc/net/"+names[0] {
			t.Errorf("%v: %v", names, err)
		}
	}
	if _, err := askTables(t, disk{"/proc/net/raw": tcpTable}, "raw"); err == nil {
		t.Error("a table of something else passed")
	}
}

func TestProcSocketsRefusesBrokenRows(t *testing.T) {
	head := strings.SplitAfter(tcpTable, "\n")[0]
	row := func(columns string) string {
		return head + columns + " 00000000:00000000 00:00000000 00000000 0 0 1 1\n"
	}
	checkRefused(t, ProcSockets{}, map[string]int{
		"":                                      1,
		"\n":                                    1,
		"  sl  local_address\n":                 1,
		strings.ReplaceAll(procRoutes, " ", ""): 1,
		head + "\n":                             2,
		head + "   0: 00000000:0016\n":          2,
		row("0: 00000000:0016 00000000:0000 0A") + "   1: 0000":          3,
		row("0  00000000:0016 00000000:0000 0A"):                         2,
		row("0: 0000000Z:0016 00000000:0000 0A"):                         2,
		row("0: 000000:0016 00000000:0000 0A"):                           2,
		row("0: 0000000000:0016 00000000:0000 0A"):                       2,
		row("0: 00000000:16 00000000:0000 0A"):                           2,
		row("0: 00000000:+016 00000000:0000 0A"):                         2,
		row("0: 00000000:10016 00000000:0000 0A"):                        2,
		row("0: 00000000 00000000:0000 0A"):                              2,
		row("0: 00000000:0016 00000000:000G 0A"):                         2,
		row("0: 00000000:0016 00000000:0000 A"):                          2,
		row("0: 00000000:0016 00000000:0000 ZZ"):                         2,
		row("0: 00000000:0016 00000000000000000000000000000000:0000 0A"): 2,
	})
}

func TestProcSocketsRefusesTheOtherFamily(t *testing.T) {
	for _, d := range []disk{
		{"/proc/net/tcp": tcp6Table, "/proc/net/udp": udpTable},
		{"/proc/net/tcp": tcpTable, "/proc/net/udp": udpTable, "/proc/net/tcp6": tcpTable, "/proc/net/udp6": udp6Table},
	} {
		names := []string{"tcp", "udp"}
		if len(d) == 4 {
			names = append(names, "tcp6", "udp6")
		}
		_, err := askTables(t, d, names...)
		var se *SyntaxError
		if !errors.As(err, &se) || se.Line != 2 {
			t.Errorf("%v", err)
		}
	}
}

// What the laws check under any name is checked here under the real ones.
func FuzzProcSocketsByName(f *testing.F) {
	for _, seed := range tables() {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for name := range tables() {
			doc, err := ProcSockets{}.Parse(name, b)
			if err != nil {
				return
			}
			d := tables()
			files := []*File{{Doc: doc}}
			for other := range d {
				if other == name {
					continue
				}
				head, _, _ := strings.Cut(d[other], "\n")
				d[other] = head + "\n"
				empty, err := d.file(ProcSockets{}, other)
				if err != nil {
					t.Fatal(err)
				}
				files = append(files, empty)
			}
			vs, err := ProcSockets{}.Get(files, Query{Path: "listening"})
			var se *SyntaxError
			if err != nil && (!errors.As(err, &se) || se.File != name) {
				t.Fatal(err)
			}
			for _, v := range vs {
				goodProgramValue(t, v, b)
			}
		}
	})
}
