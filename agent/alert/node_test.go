package alert

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// node runs a script with the packages that "make rigs" put into the user's cache
// folder, and reads its answer as JSON. Without them a test is skipped, or fails
// where the rigs are promised to be there.
func node(t testing.TB, script string, in []byte, out any) {
	t.Helper()
	cache, err := os.UserCacheDir()
	must(t, err)
	packages := filepath.Join(cache, "stigwatch-rigs", "formats", "node_modules")
	_, missing := os.Stat(filepath.Join(packages, "@elastic", "ecs"))
	program, err := exec.LookPath("node")
	if err != nil || missing != nil {
		noRig(t, "node with the packages @elastic/ecs and nsyslog-parser")
	}
	cmd := exec.Command(program, "-e", script)
	cmd.Env = append(os.Environ(), "NODE_PATH="+packages)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	answer, err := cmd.Output()
	must(t, err)
	must(t, json.Unmarshal(answer, out))
}

// noRig skips a test for want of what "make rigs" installs.
func noRig(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("STIGWATCH_NEED_RIGS") == "1" {
		t.Fatal("not installed, and STIGWATCH_NEED_RIGS=1 says that it must be: " + what)
	}
	t.Skip("not installed, so that nothing foreign has checked this: " + what + "; run make rigs")
}
