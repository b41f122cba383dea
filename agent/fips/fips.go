// Package fips owns what the program says of its own cryptography: whether FIPS
// 140-3 mode is on, and which module it was built with.
//
// The mode alone says little: GODEBUG=fips140=on switches it on in any program, with
// the cryptography of whatever Go built it. Only a program that was built with
// GOFIPS140 holds the frozen code that was validated. So both are told, and a release
// is checked for both before it leaves (packaging/fips).
package fips

import (
	"crypto/fips140"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
)

// Certified is the module of releases: GOFIPS140=v1.0.0 selects it. What follows the
// version names the very copy of the code, which the version alone does not.
const Certified = "v1.0.0-c2097c7c"

// Certificate is where that module stands in the list of the Cryptographic Module
// Validation Program (https://go.dev/doc/security/fips140).
const Certificate = "CMVP #5247"

// Mode is how strict the running program is. It cannot change while it runs.
type Mode string

// Off, on, or with errors and panics for all that is not approved: for assessment,
// says Go's documentation, and not for production.
const (
	Off  Mode = "off"
	On   Mode = "on"
	Only Mode = "only"
)

// State is what a program can say of itself.
type State struct {
	Mode   Mode
	Module string // version of the cryptographic module; "latest": that of the Go that built it
}

// Now is the running program's.
func Now() State {
	info, _ := debug.ReadBuildInfo()
	s := State{Mode: Off, Module: moduleOf(info)}
	switch {
	case fips140.Enforced():
		s.Mode = Only
	case fips140.Enabled():
		s.Mode = On
	}
	return s
}

// Enabled tells whether the mode is on, in either strictness.
func (s State) Enabled() bool { return s.Mode != Off }

// String is for people.
func (s State) String() string {
	if s.Module == Certified {
		return fmt.Sprintf("%s, module %s (%s)", s.Mode, s.Module, Certificate)
	}
	return fmt.Sprintf("%s, module %s, which is not the certified %s", s.Mode, s.Module, Certified)
}

// latest is Go's own word for the cryptography of the Go that builds.
const latest = "latest"

// moduleOf gives the module that a program was built with.
func moduleOf(info *debug.BuildInfo) string {
	if v := setting(info, "GOFIPS140"); v != "" && v != "off" {
		return v
	}
	return latest
}

func setting(info *debug.BuildInfo, key string) string {
	if info == nil {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

// Check tells what a program lacks to be a release: the certified module, and the mode
// on from its start, unless somebody switches it off.
func Check(info *debug.BuildInfo) error {
	var wrong []error
	if got := moduleOf(info); got != Certified {
		wrong = append(wrong, fmt.Errorf("its cryptographic module is %s and should be %s: build with GOFIPS140=v1.0.0", got, Certified))
	}
	if got := defaultOf(info, "fips140"); got != string(On) {
		wrong = append(wrong, fmt.Errorf("it starts with fips140=%s and should with fips140=on: build with GOFIPS140=v1.0.0, and no other //go:debug fips140", got))
	}
	return errors.Join(wrong...)
}

// defaultOf reads one of the settings that GODEBUG has when nobody sets it.
func defaultOf(info *debug.BuildInfo, name string) string {
	for pair := range strings.SplitSeq(setting(info, "DefaultGODEBUG"), ",") {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return string(Off)
}
