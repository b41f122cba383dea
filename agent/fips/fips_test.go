package fips

import (
	"crypto/fips140"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

func built(settings ...string) *debug.BuildInfo {
	info := &debug.BuildInfo{}
	for i := 0; i < len(settings); i += 2 {
		info.Settings = append(info.Settings, debug.BuildSetting{Key: settings[i], Value: settings[i+1]})
	}
	return info
}

func TestOnlyTheCertifiedModuleIsReleased(t *testing.T) {
	for name, tt := range map[string]struct {
		info *debug.BuildInfo
		want string // in the error; empty: none
	}{
		"release":            {built("GOFIPS140", Certified, "DefaultGODEBUG", "fips140=on"), ""},
		"with other debug":   {built("GOFIPS140", Certified, "DefaultGODEBUG", "asynctimerchan=1,fips140=on,x=y"), ""},
		"nothing":            {built(), "module is latest"},
		"no information":     {nil, "module is latest"},
		"off":                {built("GOFIPS140", "off"), "module is latest"},
		"latest":             {built("GOFIPS140", "latest", "DefaultGODEBUG", "fips140=on"), "module is latest"},
		"another version":    {built("GOFIPS140", "v1.26.0", "DefaultGODEBUG", "fips140=on"), "module is v1.26.0"},
		"another copy":       {built("GOFIPS140", "v1.0.0-00000000", "DefaultGODEBUG", "fips140=on"), "v1.0.0-00000000"},
		"not switched on":    {built("GOFIPS140", Certified), "starts with fips140=off"},
		"switched off":       {built("GOFIPS140", Certified, "DefaultGODEBUG", "fips140=off"), "starts with fips140=off"},
		"too strict to work": {built("GOFIPS140", Certified, "DefaultGODEBUG", "fips140=only"), "starts with fips140=only"},
		"another setting":    {built("GOFIPS140", Certified, "DefaultGODEBUG", "xfips140=on"), "starts with fips140=off"},
	} {
		err := Check(tt.info)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

// The toolchain says which module has a certificate. When that becomes another one,
// somebody has to decide.
func TestToolchainHasTheSameModuleAsCertified(t *testing.T) {
	for _, alias := range []string{"certified.txt", "v1.0.0.txt"} {
		b, err := os.ReadFile(filepath.Join(goroot(t), "lib", "fips140", alias))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(string(b)); got != Certified {
			t.Errorf("%s is %q, and releases are built with %q", alias, got, Certified)
		}
	}
}

func goroot(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func TestStateIsWhatTheLibrariesSay(t *testing.T) {
	s := Now()
	if s.Enabled() != fips140.Enabled() || (s.Mode == Only) != fips140.Enforced() {
		t.Errorf("%+v, and the library says %v, enforced %v", s, fips140.Enabled(), fips140.Enforced())
	}
	if v, _, _ := strings.Cut(s.Module, "-"); v != fips140.Version() {
		t.Errorf("module %q, and the library has %q", s.Module, fips140.Version())
	}
	if strings.Contains(s.String(), Certificate) != (s.Module == Certified) {
		t.Errorf("%q", s)
	}
}

// small is a program that can be built in a moment.
const small = "package main\n\nimport \"stigwatch/agent/fips\"\n\nfunc main() { println(fips.Now().String()) }\n"

// What is really built: the check reads it, and the program says the same of itself.
func TestProgramsThatAreBuilt(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "main.go")
	if err := os.WriteFile(source, []byte(small), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ gofips, godebug, says, checks string }{
		{"v1.0.0", "", "on, module " + Certified + " (" + Certificate + ")", Certified},
		{"v1.0.0", "fips140=off", "off, module " + Certified + " (" + Certificate + ")", Certified},
		{"v1.0.0", "fips140=only", "only, module " + Certified + " (" + Certificate + ")", Certified},
		{"off", "fips140=on", "on, module latest, which is not the certified " + Certified, "cannot release"},
		{"off", "", "off, module latest, which is not the certified " + Certified, "cannot release"},
	} {
		program := filepath.Join(dir, "program-"+tt.gofips)
		run(t, []string{"GOFIPS140=" + tt.gofips}, "go", "build", "-o", program, source)
		if got := run(t, []string{"GODEBUG=" + tt.godebug}, program); strings.TrimSpace(got) != tt.says {
			t.Errorf("GOFIPS140=%s GODEBUG=%s: %q, want %q", tt.gofips, tt.godebug, got, tt.says)
		}
		if got := run(t, nil, "go", "run", "stigwatch/packaging/fips", program); !strings.Contains(got, tt.checks) {
			t.Errorf("GOFIPS140=%s: the check says %q", tt.gofips, got)
		}
	}
}

// run gives everything that a program prints; one that fails has "cannot release" in
// it.
func run(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(append(os.Environ(), "GODEBUG=", "GOFIPS140=", "GOARCH="+runtime.GOARCH), env...)
	out, err := cmd.CombinedOutput()
	if err != nil && !strings.Contains(string(out), "cannot release") {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}
