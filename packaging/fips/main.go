// Command fips tells whether programs were built with the certified
// cryptographic module, and start in FIPS 140-3 mode. It reads what the linker left in
// them and starts none, so that it can be asked of another machine's too.
//
//	go run ./packaging/fips FILE…
package main

import (
	"debug/buildinfo"
	"fmt"
	"os"

	"stigwatch/agent/fips"
)

func main() {
	if err := check(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "fips: %v\n", err)
		os.Exit(1)
	}
}

func check(files []string) error {
	if len(files) == 0 {
		return fmt.Errorf("name the programs to look at")
	}
	for _, f := range files {
		info, err := buildinfo.ReadFile(f)
		if err != nil {
			return fmt.Errorf("cannot read how %q was built: %w", f, err)
		}
		if err := fips.Check(info); err != nil {
			return fmt.Errorf("cannot release %q: %w", f, err)
		}
		fmt.Printf("%s: module %s (%s), mode on\n", f, fips.Certified, fips.Certificate)
	}
	return nil
}
