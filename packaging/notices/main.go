// Command notices writes what has to be given along with the binaries: the
// texts of the licences of all that is linked into them, and the file that
// Debian calls copyright. It refuses a module whose licence nobody has allowed.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"stigwatch/packaging/linked"
)

func main() {
	out := flag.String("out", "dist/tree/doc", "`DIR` to write into")
	ours := flag.String("notice", "NOTICE", "`FILE` about our own licence")
	flag.Parse()
	if err := run(flag.Args(), *out, *ours); err != nil {
		fmt.Fprintln(os.Stderr, "notices: "+err.Error())
		os.Exit(1)
	}
}

func run(binaries []string, out, ours string) error {
	if len(binaries) == 0 {
		return errors.New("name the binaries that the notices are for")
	}
	notice, err := os.ReadFile(ours)
	if err != nil {
		return err
	}
	var products []*linked.Product
	for _, b := range binaries {
		p, err := linked.Open(b, ".")
		if err != nil {
			return err
		}
		products = append(products, p)
	}
	return write(union(products), string(notice), out)
}

// write writes nothing at all when one of the modules may not be given on.
func write(modules []linked.Module, notice, out string) error {
	if wrong := (&linked.Product{Modules: modules}).Refused(); len(wrong) > 0 {
		return fmt.Errorf("cannot give these binaries to anybody:\n%s", strings.Join(wrong, "\n"))
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(out, "THIRD-PARTY-NOTICES"), []byte(notices(modules)), 0o644),
		os.WriteFile(filepath.Join(out, "copyright"), []byte(copyrights(notice, modules)), 0o644),
	)
}
