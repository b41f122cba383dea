// Command sbom writes a bill of materials, in CycloneDX's JSON, beside each
// binary and each package of a folder: which modules are linked, with their
// versions, digests and licences, Go itself, and its FIPS module.
//
// The same input gives the same bytes. The time is SOURCE_DATE_EPOCH's, and the
// serial number is made of the content.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"time"

	"stigwatch/packaging/linked"
)

func main() {
	dir := flag.String("dir", "dist", "`DIR` of the binaries stigwatch-VERSION-ARCH and of packages")
	version := flag.String("version", "", "`VERSION` of the binaries")
	flag.Parse()
	if err := run(*dir, *version, "."); err != nil {
		fmt.Fprintln(os.Stderr, "sbom: "+err.Error())
		os.Exit(1)
	}
}

// run writes FILE.cdx.json for each FILE that has something in it. The source
// is the folder of the module that the binaries were built from.
func run(dir, version, source string) error {
	seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return errors.New("cannot date the bill: SOURCE_DATE_EPOCH is no number of seconds")
	}
	wares, err := look(dir, version)
	if err != nil {
		return err
	}
	products := map[string]*linked.Product{}
	for _, w := range wares {
		if w.binary != "" && products[w.binary] == nil {
			if products[w.binary], err = linked.Open(w.binary, source); err != nil {
				return err
			}
		}
		text, err := billOf(w, products[w.binary], time.Unix(seconds, 0).UTC())
		if err != nil {
			return err
		}
		if err := os.WriteFile(w.file()+".cdx.json", text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func billOf(w ware, p *linked.Product, at time.Time) ([]byte, error) {
	b := newBill(at)
	if p != nil {
		if err := b.addBinary(w, p); err != nil {
			return nil, err
		}
	}
	if w.pack != "" {
		if err := b.addPackage(w); err != nil {
			return nil, err
		}
	}
	return b.encode()
}
