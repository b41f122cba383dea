package attest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// What a file from elsewhere may cost. The largest checklists that people hand
// round have a few megabytes.
const (
	MaxImport = 16 << 20 // bytes
	maxDepth  = 32       // of values or elements in each other
	maxValues = 500_000  // values or elements
)

var (
	errDeep = fmt.Errorf("it is nested more than %d deep", maxDepth)
	errMany = fmt.Errorf("it holds more than %d values", maxValues)
)

// decodeJSON reads JSON into maps, slices and scalars. It is its own walk since
// encoding/json takes the last of two equal keys, in structs of two keys that
// differ in case, and who reads the file sees the first.
func decodeJSON(b []byte) (any, error) {
	var whole json.RawMessage
	if err := json.Unmarshal(b, &whole); err != nil {
		return nil, err
	}
	r := jsonReader{dec: json.NewDecoder(bytes.NewReader(whole))}
	return r.value(0)
}

type jsonReader struct {
	dec    *json.Decoder
	values int
}

func (r *jsonReader) value(depth int) (any, error) {
	if r.values++; r.values > maxValues {
		return nil, errMany
	}
	if depth > maxDepth {
		return nil, errDeep
	}
	t, err := r.dec.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		return r.object(depth)
	case json.Delim('['):
		return r.array(depth)
	}
	return t, nil
}

func (r *jsonReader) object(depth int) (any, error) {
	m := map[string]any{}
	for r.dec.More() {
		t, err := r.dec.Token()
		if err != nil {
			return nil, err
		}
		key, _ := t.(string)
		if _, twice := m[key]; twice {
			return nil, fmt.Errorf("the key %s stands twice in one object", brief(key))
		}
		if m[key], err = r.value(depth + 1); err != nil {
			return nil, err
		}
	}
	_, err := r.dec.Token()
	return m, err
}

func (r *jsonReader) array(depth int) (any, error) {
	list := []any{}
	for r.dec.More() {
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := r.dec.Token()
	return list, err
}

// decodeXML reads one XML document into a struct, after a walk that finds what
// xml.Unmarshal does not mind. encoding/xml expands no entity and opens no file.
func decodeXML(b []byte, into any) error {
	if err := walkXML(b); err != nil {
		return err
	}
	return xml.Unmarshal(b, into)
}

func walkXML(b []byte) error {
	dec := xml.NewDecoder(bytes.NewReader(b))
	depth, elements, roots := 0, 0, 0
	for {
		t, err := dec.RawToken()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if name, twice := attrTwice(t.Attr); twice {
				return fmt.Errorf("the attribute %s stands twice in one element", brief(name))
			}
			if depth == 0 {
				roots++
			}
			depth, elements = depth+1, elements+1
		case xml.EndElement:
			depth--
		case xml.Directive:
			return errors.New("it declares a document type, and such a file has none")
		}
		switch {
		case depth > maxDepth:
			return errDeep
		case elements > maxValues:
			return errMany
		case roots > 1:
			return errors.New("it holds more than one document")
		}
	}
	return nil
}

// attrTwice finds an attribute that stands twice, of which encoding/xml takes the
// last and other readers none.
func attrTwice(attrs []xml.Attr) (string, bool) {
	seen := make(map[string]bool, len(attrs))
	for _, a := range attrs {
		if seen[a.Name.Local] {
			return a.Name.Local, true
		}
		seen[a.Name.Local] = true
	}
	return "", false
}

// lineOf gives the line of a decoder's error, 0 when it names none.
func lineOf(b []byte, err error) int {
	var j *json.SyntaxError
	if errors.As(err, &j) {
		return 1 + bytes.Count(b[:min(int(j.Offset), len(b))], []byte("\n"))
	}
	var x *xml.SyntaxError
	if errors.As(err, &x) {
		return x.Line
	}
	return 0
}
