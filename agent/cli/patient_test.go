package cli

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
)

func TestALogThatNobodyReadsLosesLinesAndSaysSo(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	log := newPatient(w)
	long := strings.Repeat("x", 3*pipePart) + "\n"
	for range 40 { // a pipe holds 64 KiB
		if n, err := io.WriteString(log, long); n != len(long) || err != nil {
			t.Fatal(n, err)
		}
	}
	head := make([]byte, 32<<10) // somebody reads again
	if _, err := io.ReadFull(r, head); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(log, "again\n"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	rest, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	got := string(head) + string(rest)
	if n := strings.Count(got, long); n < 4 || n >= 40 {
		t.Errorf("%d of 40 lines arrived", n)
	}
	if !strings.Contains(got, "x\nlines of this log that nobody took, and that are lost: ") || !strings.HasSuffix(got, "again\n") {
		t.Errorf("the log ends with %q", got[max(0, len(got)-200):])
	}
}

func TestALogThatIsNoFileIsTakenAsItIs(t *testing.T) {
	var b bytes.Buffer
	if w := newPatient(&b); w != io.Writer(&b) {
		t.Errorf("%T", w)
	}
}
