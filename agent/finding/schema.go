package finding

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Kind is the type of a fact's value or of a record's field.
type Kind string

// The kinds. A record and each item of records have fields of the scalar kinds.
const (
	Integer Kind = "integer"
	Boolean Kind = "boolean"
	String  Kind = "string"
	Strings Kind = "strings" // list of strings
	Records Kind = "records" // list of records
	Record  Kind = "record"  // one record
)

// FactType is what the closed input schema says of one fact.
type FactType struct {
	Kind        Kind
	Fields      map[string]Kind // of Record and Records
	Personal    []string        // fields that identify a person
	Description string
}

// Masked is what people see of a personal value: its last two characters.
func Masked(s string) string {
	r := []rune(s)
	for i := range max(0, len(r)-2) {
		r[i] = '*'
	}
	return string(r)
}

// Shown gives records as people may see them; nil when nothing in them is
// personal. personal gets each value that was masked.
func (t FactType) Shown(records []any, personal func(value string)) any {
	if len(t.Personal) == 0 {
		return nil
	}
	out := make([]any, len(records))
	for i := range records {
		rec, _ := records[i].(map[string]any)
		shown := maps.Clone(rec)
		for _, field := range t.Personal {
			if text, ok := rec[field].(string); ok {
				shown[field] = Masked(text)
				personal(text)
			}
		}
		out[i] = shown
	}
	return out
}

// Schema is the closed set of facts by dotted name.
type Schema map[string]FactType

// Names gives the names of all facts, sorted.
func (s Schema) Names() []string {
	names := make([]string, 0, len(s))
	for name := range s {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

type jsonSchema struct {
	Type        any                    `json:"type"`
	Description string                 `json:"description"`
	Properties  map[string]*jsonSchema `json:"properties"`
	Items       *jsonSchema            `json:"items"`
	Additional  *bool                  `json:"additionalProperties"`
	Personal    bool                   `json:"x-personal"` // people see it masked
}

// ParseSchema reads policies/schemas/input.json: nested closed objects, whose
// leaves (the facts) may each be null. It refuses an open object and a type
// that is not one of the kinds.
func ParseSchema(b []byte) (Schema, error) {
	var root jsonSchema
	if err := json.Unmarshal(b, &root); err != nil {
		return nil, fmt.Errorf("cannot parse the input schema: %w", err)
	}
	s := Schema{}
	if err := s.add("", &root); err != nil {
		return nil, err
	}
	return s, nil
}

func (s Schema) add(name string, n *jsonSchema) error {
	if leaf, nullable := n.leafType(); nullable {
		t, err := n.factType(leaf)
		if err != nil {
			return fmt.Errorf("cannot use fact %q of the input schema: %w", name, err)
		}
		s[name] = t
		return nil
	}
	if n.Additional == nil || *n.Additional {
		return fmt.Errorf("cannot use %q of the input schema: the object is not closed", name)
	}
	for key, child := range n.Properties {
		full := key
		if name != "" {
			full = name + "." + key
		}
		if err := s.add(full, child); err != nil {
			return err
		}
	}
	return nil
}

// leafType gives the type beside null; only facts may be null.
func (n *jsonSchema) leafType() (string, bool) {
	list, ok := n.Type.([]any)
	if !ok || len(list) != 2 || list[1] != "null" {
		return "", false
	}
	t, ok := list[0].(string)
	return t, ok
}

func (n *jsonSchema) factType(t string) (FactType, error) {
	ft := FactType{Kind: Kind(t), Description: n.Description}
	switch {
	case t == "integer" || t == "boolean" || t == "string":
		return ft, nil
	case t == "object":
		ft.Kind = Record
		return ft, ft.fields(n)
	case t == "array" && n.Items != nil && n.Items.Type == "string":
		ft.Kind = Strings
		return ft, nil
	case t == "array" && n.Items != nil:
		ft.Kind = Records
		return ft, ft.fields(n.Items)
	}
	return ft, fmt.Errorf("type %q is not one of the kinds", t)
}

func (t *FactType) fields(n *jsonSchema) error {
	if n.Additional == nil || *n.Additional {
		return fmt.Errorf("the record is not closed")
	}
	t.Fields = map[string]Kind{}
	for name, f := range n.Properties {
		kind, _ := f.Type.(string)
		switch Kind(kind) {
		case Integer, Boolean, String:
			t.Fields[name] = Kind(kind)
			if f.Personal {
				t.Personal = append(t.Personal, name)
			}
		default:
			return fmt.Errorf("field %q: type %v is not a scalar", name, f.Type)
		}
	}
	return nil
}
