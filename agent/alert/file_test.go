package alert

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func fileSink(t *testing.T, c Config) *file {
	t.Helper()
	c.Type = "file"
	c.Fill()
	sink, err := New(Options{Config: c})
	must(t, err)
	t.Cleanup(func() { sink.Close() })
	return sink.(*file)
}

// long is a message whose line has some three thousand bytes.
func long(seq uint64) *Message {
	m := numbered(seq)
	m.Expected, m.Actual, m.Before = strings.Repeat("e", 900), strings.Repeat("a", 900), strings.Repeat("b", 900)
	return m
}

func messages(from, to uint64, make func(uint64) *Message) (batch []*Message) {
	for ; from <= to; from++ {
		batch = append(batch, make(from))
	}
	return batch
}

// seqsIn are the numbers in files of lines, in order. Each must be of whole lines.
func seqsIn(t *testing.T, paths ...string) (seqs []uint64) {
	t.Helper()
	for _, path := range paths {
		b, err := os.ReadFile(path)
		must(t, err)
		if len(b) > 0 && b[len(b)-1] != '\n' {
			t.Fatalf("%s ends in half a line: %q", path, b[max(0, len(b)-50):])
		}
		for line := range bytes.Lines(b) {
			var m Message
			if err := json.Unmarshal(line, &m); err != nil {
				t.Fatalf("%s: %v in %q", path, err, line)
			}
			seqs = append(seqs, m.Seq)
		}
	}
	return seqs
}

// rotated are the files of a sink, the oldest first.
func rotated(t *testing.T, path string) (paths []string) {
	t.Helper()
	for n := 1; ; n++ {
		p := fmt.Sprintf("%s.%d", path, n)
		if _, err := os.Stat(p); errors.Is(err, fs.ErrNotExist) {
			return append(paths, path)
		}
		paths = append([]string{p}, paths...)
	}
}

func TestFileHasOneLineForEachMessage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.json")
	sink := fileSink(t, Config{Path: path})
	n, err := sink.Send(t.Context(), messages(1, 3, numbered))
	must(t, err)
	b, err := os.ReadFile(path)
	must(t, err)
	var got Message
	line, _, _ := bytes.Cut(b, []byte("\n"))
	must(t, json.Unmarshal(line, &got))
	if d := cmp.Diff(numbered(1), &got); d != "" || n != 3 || !bytes.Contains(b, []byte(`">= 15"`)) {
		t.Errorf("%d done: %s", n, d)
	}
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm()&^0o640 != 0 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestFileRotatesAndKeepsTheOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.json")
	sink := fileSink(t, Config{Path: path, MaxSize: 1, Keep: 3})
	const last = 3000 // some nine megabytes
	for seq := uint64(1); seq <= last; seq += 100 {
		n, err := sink.Send(t.Context(), messages(seq, seq+99, long))
		must(t, err)
		if n != 100 {
			t.Fatalf("%d done", n)
		}
	}
	paths := rotated(t, path)
	if len(paths) != 4 {
		t.Errorf("files: %v", paths)
	}
	got := seqsIn(t, paths...)
	if d := cmp.Diff(numbers(got[0], last), got); d != "" {
		t.Error(d)
	}
	for _, p := range paths {
		if info, err := os.Stat(p); err != nil || info.Size() > 1<<20 {
			t.Errorf("%s: %d bytes, %v", p, info.Size(), err)
		}
	}
}

// A crash between two renames leaves a gap.
func TestRotationFillsAGapAndLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.json")
	sink := fileSink(t, Config{Path: path, MaxSize: 1, Keep: 3})
	for n, seq := range map[int]uint64{3: 1, 2: 2} {
		line, err := fileLine(jsonFormat{}, numbered(seq))
		must(t, err)
		must(t, os.WriteFile(fmt.Sprintf("%s.%d", path, n), line, 0o600))
	}
	n, err := sink.Send(t.Context(), messages(3, 402, long))
	must(t, err)
	got := seqsIn(t, rotated(t, path)...)
	if d := cmp.Diff(numbers(1, 402), got); d != "" || n != 400 {
		t.Error(d)
	}
}

func TestFileIsMendedAtOpening(t *testing.T) {
	whole, err := fileLine(jsonFormat{}, numbered(1))
	must(t, err)
	nul := string(make([]byte, 5000))
	for name, tt := range map[string]struct {
		found string
		want  []uint64 // nil: refused
	}{
		"whole lines":          {string(whole), []uint64{1, 7}},
		"half a line":          {string(whole) + `{"seq":2,"id`, []uint64{1, 7}},
		"only half a line":     {`{"seq":2,"id`, []uint64{7}},
		"a power cut":          {string(whole) + nul, []uint64{1, 7}},
		"data after a hole":    {string(whole) + `{"seq":2,` + nul + string(whole), []uint64{1, 7}},
		"somebody else's":      {"root:x:0:0\nbin:x", nil},
		"no lines at all":      {strings.Repeat("x", 2*fileWrite), nil},
		"a line without end":   {strings.Repeat("{", 2*fileWrite), nil},
		"empty":                {"", []uint64{7}},
		"longer than the tail": {strings.Repeat(string(whole), 4*fileWrite/len(whole)) + `{"se`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "alerts.json")
			must(t, os.WriteFile(path, []byte(tt.found), 0o600))
			err := send(t.Context(), fileSink(t, Config{Path: path, MaxSize: 100}), numbered(7))
			switch {
			case name == "longer than the tail":
				must(t, err)
				if got := seqsIn(t, path); got[len(got)-1] != 7 || len(got) != 4*fileWrite/len(whole)+1 {
					t.Errorf("%d lines", len(got))
				}
			case tt.want == nil:
				b, _ := os.ReadFile(path)
				if err == nil || errors.Is(err, ErrRejected) || string(b) != tt.found {
					t.Errorf("it was touched: %v", err)
				}
			default:
				must(t, err)
				if d := cmp.Diff(tt.want, seqsIn(t, path)); d != "" {
					t.Error(d)
				}
			}
		})
	}
}

func TestFileFollowsAnExternalLogrotate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.json")
	sink := fileSink(t, Config{Path: path})
	must(t, send(t.Context(), sink, numbered(1)))
	must(t, os.Rename(path, path+"-old")) // nocreate
	must(t, send(t.Context(), sink, numbered(2)))
	must(t, os.Rename(path, path+"-older")) // create
	must(t, os.WriteFile(path, nil, 0o600))
	must(t, send(t.Context(), sink, numbered(3)))
	for p, want := range map[string]uint64{path + "-old": 1, path + "-older": 2, path: 3} {
		if d := cmp.Diff([]uint64{want}, seqsIn(t, p)); d != "" {
			t.Errorf("%s: %s", p, d)
		}
	}
	must(t, os.Truncate(path, 0)) // copytruncate
	must(t, send(t.Context(), sink, numbered(4)))
	if d := cmp.Diff([]uint64{4}, seqsIn(t, path)); d != "" {
		t.Error(d)
	}
	must(t, os.Remove(path))
	must(t, send(t.Context(), sink, numbered(5)))
	if d := cmp.Diff([]uint64{5}, seqsIn(t, path)); d != "" {
		t.Error(d)
	}
}

func TestFileRefusesWhatIsNoFileOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	must(t, os.WriteFile(in("other"), nil, 0o600))
	must(t, os.Symlink(in("other"), in("link")))
	must(t, os.Mkdir(in("folder"), 0o700))
	must(t, syscall.Mkfifo(in("pipe"), 0o600))
	must(t, send(t.Context(), fileSink(t, Config{Path: in("taken")}), numbered(1)))
	for name, want := range map[string]string{
		"link": "it is a link", "pipe": "no regular file", "folder": "is a directory",
		"nowhere/alerts": "there is no folder", "taken": "another process or sink",
	} {
		err := send(t.Context(), fileSink(t, Config{Path: in(name)}), numbered(2))
		if err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, ErrRejected) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	if d := cmp.Diff([]uint64{1}, seqsIn(t, in("taken"))); d != "" {
		t.Error(d)
	}
}
