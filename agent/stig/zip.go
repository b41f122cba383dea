package stig

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

const (
	maxEntries    = 1000 // files in an archive
	maxBenchmarks = 8    // benchmarks in an archive
)

// unpack reads the benchmarks in a ZIP. Nothing is written anywhere, so the names
// in it lead nowhere.
func unpack(b []byte) ([]*Benchmark, error) {
	tooMany := fmt.Errorf("it holds more than %d files", maxEntries)
	if bytes.Count(b, []byte("PK\x01\x02")) > maxEntries { // before memory is spent on them
		return nil, tooMany
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	if len(z.File) > maxEntries {
		return nil, tooMany
	}
	var out []*Benchmark
	budget := int64(MaxBytes)
	for _, f := range z.File {
		if !isXCCDF(f) {
			continue
		}
		if len(out) == maxBenchmarks {
			return nil, fmt.Errorf("it holds more than %d benchmarks", maxBenchmarks)
		}
		one, err := unpackOne(f, &budget)
		if err != nil {
			return nil, fmt.Errorf("%s in it: %w", brief(f.Name), err)
		}
		out = append(out, one)
	}
	if len(out) == 0 {
		return nil, errors.New("it holds no file that ends in -xccdf.xml: if a ZIP stands in it, unpack that one first")
	}
	return out, nil
}

// isXCCDF leaves out the shadow files of one kind of archiver, which begin with a dot.
func isXCCDF(f *zip.File) bool {
	name := path.Base(strings.ReplaceAll(f.Name, `\`, "/"))
	return f.Mode().IsRegular() && !strings.HasPrefix(name, ".") && strings.HasSuffix(strings.ToLower(name), "-xccdf.xml")
}

// unpackOne trusts no size that the archive states.
func unpackOne(f *zip.File, budget *int64) (*Benchmark, error) {
	if f.Flags&1 != 0 {
		return nil, errors.New("it is encrypted")
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, *budget+1))
	if err != nil {
		return nil, err
	}
	if *budget -= int64(len(b)); *budget < 0 {
		return nil, fmt.Errorf("it unpacks to more than %d bytes", MaxBytes)
	}
	return parseXCCDF(b)
}
