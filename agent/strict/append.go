package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Append adds item to the list under key, the one key of the YAML file at path,
// and makes the file when there is none. By text: every byte that was there
// stays as it was, comments included.
//
// parse reads such a file strictly. It reads what is there first, and a mistake
// in that is given back as it is; then the result, which takes the file's place
// only when it says what it said before, and the item besides.
func Append[T any](path, key string, item T, parse func(b []byte) ([]T, error)) error {
	path, err := followed(path)
	if err != nil {
		return err
	}
	dir, err := lockFolder(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	before, err := ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot read %q: %w", path, err)
	}
	after, err := appended(before, key, item, parse)
	if err != nil {
		return err
	}
	if err := replace(path, before, after); err != nil {
		return fmt.Errorf("cannot write %q: %w", path, err)
	}
	if err := dir.Sync(); err != nil {
		return fmt.Errorf("cannot tell whether %q outlives a power cut: %w", path, err)
	}
	return nil
}

var (
	errBrackets = errors.New("cannot add to a list in brackets: write it with one \"- item\" for each line, or take it out if it is empty")
	errGarbled  = errors.New("cannot add to this file without changing what it says: write the list with one \"- item\" for each line, and nothing after it")
)

// appended gives the file's bytes with the item at their end.
func appended[T any](before []byte, key string, item T, parse func(b []byte) ([]T, error)) ([]byte, error) {
	had, err := parse(before)
	if err != nil {
		return nil, err
	}
	head, indent, err := place(before, key)
	if err != nil {
		return nil, err
	}
	text := head + indent + "- " + strings.Join(lines(item), "\n"+indent+"  ") + "\n"
	if len(before) > 0 && !bytes.HasSuffix(before, []byte("\n")) {
		text = "\n" + text
	}
	if bytes.Contains(before, []byte("\r\n")) {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	after := append(bytes.Clone(before), text...)
	has, err := parse(after)
	if err != nil {
		return nil, fmt.Errorf("with it the file would have a mistake: %w", err)
	}
	if !reflect.DeepEqual(has, append(had[:len(had):len(had)], item)) {
		return nil, errGarbled
	}
	return after, nil
}

// place tells where a further item goes: what has to stand before it, and how
// far it is indented.
func place(b []byte, key string) (head, indent string, err error) {
	root := (&Doc{bad: map[string]bool{}}).parse(b)
	if root == nil || root.Style&yaml.FlowStyle != 0 {
		return "", "", errBrackets
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value != key {
			continue
		}
		list := root.Content[i+1]
		if list.Style&yaml.FlowStyle != 0 {
			return "", "", errBrackets
		}
		return "", strings.Repeat(" ", max(0, list.Column-1)), nil
	}
	return key + ":\n", "  ", nil
}
