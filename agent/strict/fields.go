package strict

import (
	"reflect"
	"slices"
	"strings"
)

// field is one key that a struct knows.
type field struct {
	name     string
	at       int // index in the struct
	required bool
}

// fields are the keys that a struct knows, in the order of its source.
type fields []field

func fieldsOf(t reflect.Type) fields {
	var list fields
	for i := range t.NumField() {
		name, option, _ := strings.Cut(t.Field(i).Tag.Get("key"), ",")
		if name != "" {
			list = append(list, field{name, i, option == "required"})
		}
	}
	return list
}

func (fs fields) index(name string) int {
	return slices.IndexFunc(fs, func(f field) bool { return f.name == name })
}

// String lists the names, for the message about an unknown key.
func (fs fields) String() string {
	names := make([]string, len(fs))
	for i, f := range fs {
		names[i] = f.name
	}
	return strings.Join(names, ", ")
}

// Keys lists the keys that the struct v knows.
func Keys(v any) []string {
	var names []string
	for _, f := range fieldsOf(reflect.TypeOf(v)) {
		names = append(names, f.name)
	}
	return names
}
