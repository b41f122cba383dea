// Package gen makes little appliances in a folder of the caller's: copies of
// the checked-in ones, and the hostile one, which git cannot hold whole.
package gen

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Copy copies the root and stigwatch folders of a checked-in appliance into dir.
func Copy(name, dir string) error {
	appliances, err := checkout()
	if err != nil {
		return err
	}
	for _, part := range []string{"root", "stigwatch"} {
		err := overlay(filepath.Join(appliances, name, part), filepath.Join(dir, part))
		if err != nil {
			return fmt.Errorf("cannot copy appliance %q: %w", name, err)
		}
	}
	return nil
}

// checkout finds testdata/appliance from a working directory inside the checkout.
func checkout() (string, error) {
	at, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := at; ; dir = filepath.Dir(dir) {
		appliances := filepath.Join(dir, "testdata", "appliance")
		if _, err := os.Stat(filepath.Join(appliances, "compliant", "root")); err == nil {
			return appliances, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("cannot find testdata/appliance above %q: %w", at, fs.ErrNotExist)
		}
	}
}

// overlay copies the regular files below from to below to, over what is there.
func overlay(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		if !d.Type().IsRegular() {
			return fmt.Errorf("cannot copy %q: not a regular file", path)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, b, 0o644)
	})
}

// replace removes what is at path, makes its folder and lets put make it anew.
func replace(path string, put func(path string) error) error {
	return errors.Join(
		os.RemoveAll(path),
		os.MkdirAll(filepath.Dir(path), 0o755),
		put(path),
	)
}
