package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestShellsTakeTheirCompletions(t *testing.T) {
	dir, _ := made(t)
	for shell, file := range completionFiles {
		t.Run(shell, func(t *testing.T) {
			if out, err := exec.Command(rig(t, shell), "-n", filepath.Join(dir, "completions", file)).CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// stigwatchInPath is this program under the name of the command.
func stigwatchInPath(t *testing.T) []string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(self, filepath.Join(bin, "stigwatch")); err != nil {
		t.Fatal(err)
	}
	return append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "STIGWATCH_AS_COMMAND=1")
}

func TestBashCompletesCommandsAndRules(t *testing.T) {
	dir, _ := made(t)
	env := stigwatchInPath(t)
	for line, want := range map[string]string{"expl": "explain", "explain V-25098": "V-250982", "check --js": "--json"} {
		words := append([]string{"stigwatch"}, strings.Fields(line)...)
		script := fmt.Sprintf(`. %s
COMP_LINE=%q COMP_POINT=%d COMP_WORDS=(%s) COMP_CWORD=%d COMP_TYPE=9
_get_comp_words_by_ref() { cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=("${COMP_WORDS[@]}") cword=$COMP_CWORD; }
compopt() { :; }
__start_stigwatch
printf '%%s\n' "${COMPREPLY[@]}"`,
			filepath.Join(dir, "completions", completionFiles["bash"]), "stigwatch "+line, len("stigwatch "+line), strings.Join(words, " "), len(words)-1)
		cmd := exec.Command(rig(t, "bash"), "-c", script)
		cmd.Env = env
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("stigwatch %s<tab>: %v\n%s", line, err, out)
		}
	}
}
