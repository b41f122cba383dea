package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// maxMistakes bounds what a file of nothing but mistakes can cost.
const maxMistakes = 1000

// Doc is one decoded file: where each of its keys stands, and its mistakes.
type Doc struct {
	File     string
	lines    map[string]int  // by key, of every key that is set
	bad      map[string]bool // keys that could not be decoded
	mistakes Mistakes
}

// Decode reads the one YAML document in b into the struct that into points to.
// Struct fields are named by the tag `key:"name"`, or `key:"name,required"`; a
// field without it is not for YAML. Types are string, bool, int64, and
// structs, slices, pointers and string-keyed maps of them. A pointer stays nil,
// and a slice or map too, when its key is not set; an empty list is not nil.
//
// What could be decoded is in into even when there are mistakes, so that the
// caller can look for more with Wrong.
func Decode(file string, b []byte, into any) *Doc {
	d := &Doc{File: file, lines: map[string]int{}, bad: map[string]bool{}}
	root := d.parse(b)
	if root != nil {
		d.decode(root, "", reflect.ValueOf(into).Elem())
	}
	return d
}

// Wrong notes a mistake about key, at the line of the key or of the nearest
// parent that is set. A key that could not be decoded has its mistake already.
func (d *Doc) Wrong(key, format string, args ...any) {
	line, found := 0, false
	for k := key; ; k = parent(k) {
		if d.bad[k] {
			return
		}
		if !found {
			line, found = d.lines[k], d.Has(k)
		}
		if k == "" {
			break
		}
	}
	d.add(line, key, fmt.Sprintf(format, args...))
}

// Has reports whether key is set, be it well or badly.
func (d *Doc) Has(key string) bool {
	_, ok := d.lines[key]
	return ok
}

// Line gives the line of key, 0 when it is not set.
func (d *Doc) Line(key string) int { return d.lines[key] }

// Mistakes gives every mistake so far, by line.
func (d *Doc) Mistakes() Mistakes { return d.mistakes.sorted() }

func (d *Doc) add(line int, key, msg string) {
	if strings.ContainsFunc(key, unicode.IsControl) {
		key = strconv.Quote(key) // a mistake is one line
	}
	switch {
	case len(d.mistakes) < maxMistakes:
		d.mistakes = append(d.mistakes, Mistake{d.File, line, key, msg})
	case len(d.mistakes) == maxMistakes:
		d.mistakes = append(d.mistakes, Mistake{d.File, line, "", "there are more mistakes: correct these first"})
	}
}

// parse gives the top node of the one document, nil when it is not YAML.
func (d *Doc) parse(b []byte) *yaml.Node {
	if len(b) > MaxBytes {
		d.fail(0, fmt.Sprintf("the file is larger than %d bytes", MaxBytes))
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(b))
	var first, second yaml.Node
	if err := dec.Decode(&first); errors.Is(err, io.EOF) {
		return &yaml.Node{Kind: yaml.MappingNode} // an empty file sets no key
	} else if err != nil {
		d.syntax(err)
		return nil
	}
	if err := dec.Decode(&second); err == nil {
		d.fail(second.Line, "a second document starts here: one file holds one document, remove the --- line")
	} else if !errors.Is(err, io.EOF) {
		d.syntax(err)
	}
	root := first.Content[0]
	if isNull(root) && root.Anchor == "" {
		return &yaml.Node{Kind: yaml.MappingNode}
	}
	return root
}

var syntaxLine = regexp.MustCompile(`^line (\d+): `)

// syntax notes an error of the YAML parser, which names a line but not a key.
func (d *Doc) syntax(err error) {
	msg, line := strings.TrimPrefix(err.Error(), "yaml: "), 0
	if m := syntaxLine.FindStringSubmatch(msg); m != nil {
		line, _ = strconv.Atoi(m[1])
		msg = msg[len(m[0]):]
	}
	d.fail(line, "this is not YAML: "+msg+"; check indentation, quotes and colons here and just above")
}

// fail notes that the document as a whole cannot be decoded.
func (d *Doc) fail(line int, msg string) {
	d.bad[""] = true
	d.add(line, "", msg)
}

// parent gives the key that holds key: "a[0].b" → "a[0]" → "a" → "".
func parent(key string) string {
	return key[:max(0, strings.LastIndexAny(key, ".["))]
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }
