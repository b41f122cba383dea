package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"stigwatch/packaging/linked"
)

var someModules = []linked.Module{
	{Path: "example.com/a", Version: "v1.0.0", Licences: []linked.Licence{{File: "LICENSE", IDs: []string{"MIT"}, Text: "Copyright (c) 2015 A. Nother\n\nDo as you like.\n"}}},
	{Path: "example.com/b", Version: "v2.0.0", Licences: []linked.Licence{
		{File: "LICENSE", IDs: []string{"Apache-2.0"}, Text: "copyright notice that is\n   Copyright [yyyy] [name of copyright owner]\n"},
		{File: "NOTICE", Text: "Copyright 2018 B. Nother, 2018\n"},
	}},
	{Path: "example.com/c", Version: "v1.0.0", Licences: []linked.Licence{{File: "COPYING", IDs: []string{"MIT"}, Text: "Copyright (c) 2015 A. Nother\r\n\r\nDo as you like.\r\n"}}},
}

func TestEachTextStandsOnceWithAllThatHaveIt(t *testing.T) {
	got := notices(someModules)
	for text, n := range map[string]int{"Do as you like.": 1, "example.com/a: LICENSE\nexample.com/c: COPYING\n": 1, "Copyright 2018 B. Nother, 2018": 1, "\r": 0} {
		if have := strings.Count(got, text); have != n {
			t.Errorf("%q stands %d times, want %d:\n%s", text, have, n, got)
		}
	}
}

func TestCopyrightsNameWhoseItIs(t *testing.T) {
	got := copyrights("ours\n", someModules)
	want := `ours

Software of others in it, whose licences are in THIRD-PARTY-NOTICES beside this file:

example.com/a v1.0.0: MIT
  Copyright (c) 2015 A. Nother

example.com/b v2.0.0: Apache-2.0
  Copyright 2018 B. Nother, 2018

example.com/c v1.0.0: MIT
  Copyright (c) 2015 A. Nother

Debian has the Apache License, Version 2.0, at /usr/share/common-licenses/Apache-2.0 too.
`
	if got != want {
		t.Errorf("got %s", got)
	}
}

func TestNothingIsWrittenForWhatIsNotOurs(t *testing.T) {
	other, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	for _, binaries := range [][]string{nil, {"/bin/sh"}, {other}} {
		out := filepath.Join(t.TempDir(), "doc")
		if err := run(binaries, out, "../../NOTICE"); err == nil {
			t.Errorf("notices were written for %v", binaries)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("something was written for %v", binaries)
		}
	}
}

func TestNothingIsWrittenWithAModuleThatIsRefused(t *testing.T) {
	out := filepath.Join(t.TempDir(), "doc")
	if err := write(append([]linked.Module{{Path: "example.com/none", Version: "v1.0.0"}}, someModules...), "ours\n", out); err == nil || !strings.Contains(err.Error(), "example.com/none v1.0.0: no licence was found") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("something was written")
	}
	if err := write(someModules, "ours\n", out); err != nil {
		t.Error(err)
	}
}
