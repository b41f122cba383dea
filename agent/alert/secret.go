package alert

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// credential begins the place of a secret that systemd hands over
// (systemd.exec(5), LoadCredential=).
const credential = "credential:"

const maxSecret = 64 << 10

// readSecret reads a secret from a file, or from a systemd credential, each time
// that it is needed: it may be renewed meanwhile. A final newline is no part of
// it. Errors name the place and never the content. Whoever gets it clears it when it
// was used; there is no other copy of it here.
func readSecret(place string) ([]byte, error) {
	path, err := secretPath(place)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the secret: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot read the secret: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("cannot read the secret %q: it is no regular file", place)
	case info.Mode().Perm()&0o007 != 0:
		return nil, fmt.Errorf("cannot use the secret %q: others may read it: chmod o= %s", place, path)
	}
	// Of one size from the beginning: growing would leave copies behind.
	all := make([]byte, min(info.Size(), maxSecret)+1)
	n, err := io.ReadFull(f, all)
	switch {
	case err == nil && info.Size() <= maxSecret:
		clear(all)
		return nil, fmt.Errorf("cannot use the secret %q: it is being written", place)
	case err == nil:
		clear(all)
		return nil, fmt.Errorf("cannot use the secret %q: it is longer than %d bytes", place, maxSecret)
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		clear(all)
		return nil, fmt.Errorf("cannot read the secret: %w", err)
	}
	b := bytes.TrimRight(all[:n], "\r\n")
	if len(b) == 0 {
		return nil, fmt.Errorf("cannot use the secret %q: it is empty", place)
	}
	return b, nil
}

func secretPath(place string) (string, error) {
	name, isCredential := strings.CutPrefix(place, credential)
	if !isCredential {
		return place, nil
	}
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return "", fmt.Errorf("cannot read %q: systemd handed no credentials over: add LoadCredential=%s:/path to the unit", place, name)
	}
	return filepath.Join(dir, name), nil
}

// checkSecret says what is wrong with the place of a secret, "" when nothing is.
func checkSecret(place string) string {
	name, isCredential := strings.CutPrefix(place, credential)
	switch {
	case isCredential && (name == "" || name != filepath.Base(name)):
		return "this names no credential: write credential:NAME, or the absolute path of a file"
	case !isCredential && !filepath.IsAbs(place):
		return "secrets do not stand here: write the absolute path of a file that holds it, or credential:NAME"
	}
	return ""
}
