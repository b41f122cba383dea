package journal

import (
	"errors"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

func TestKeptValuesOutliveARestart(t *testing.T) {
	o := in(t.TempDir())
	j := open(t, o)
	if v := j.Kept("a"); v != nil {
		t.Errorf("%s", v)
	}
	j.PutKept(map[string]any{"a": 1, "b": "x"}, nil)
	j.PutKept(map[string]any{"a": 2, "b": nil}, nil, Record{Kind: Window, At: time.Now(), Body: note{}})
	if err := j.Flush(); err != nil {
		t.Fatal(err)
	}
	j.crash()
	j = open(t, o)
	if a, b := string(j.Kept("a")), j.Kept("b"); a != "2" || b != nil || kinds(t, j) != "window" {
		t.Errorf("a is %s, b is %s, entries %s", a, b, kinds(t, j))
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestKeptValuesWaitForADiskThatTakesNothing(t *testing.T) {
	o := in(t.TempDir())
	var full error
	o.Fault = func(*bbolt.Tx) error { return full }
	j := open(t, o)
	full = errors.New("no space left")
	j.PutKept(map[string]any{"a": 1, "b": 1}, nil)
	if j.Flush() == nil {
		t.Error("it is on disk")
	}
	j.PutKept(map[string]any{"a": 2}, nil)
	full = nil
	if err := j.Flush(); err != nil {
		t.Fatal(err)
	}
	if a, b := string(j.Kept("a")), string(j.Kept("b")); a != "2" || b != "1" {
		t.Errorf("a is %s, b is %s", a, b)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}
