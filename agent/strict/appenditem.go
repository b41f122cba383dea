package strict

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

var plainForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]*$`)

// lines writes a struct as YAML, a key for each line, so that Decode reads it
// back. An optional key that is not set is left out.
func lines(item any) []string {
	v := reflect.ValueOf(item)
	var out []string
	for _, f := range fieldsOf(v.Type()) {
		if field := v.Field(f.at); f.required || !field.IsZero() {
			out = append(out, f.name+": "+flow(field))
		}
	}
	return out
}

// flow writes a value so that it fits in one line.
func flow(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Pointer:
		return flow(v.Elem())
	case reflect.Struct:
		return "{" + strings.Join(lines(v.Interface()), ", ") + "}"
	case reflect.Slice:
		items := make([]string, v.Len())
		for i := range items {
			items[i] = flow(v.Index(i))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case reflect.String:
		return scalar(v.String())
	}
	return fmt.Sprint(v.Interface())
}

// scalar writes text plainly when nobody can take it for something else.
func scalar(s string) string {
	if n := (&yaml.Node{Kind: yaml.ScalarNode, Value: s}); plainForm.MatchString(s) && n.ShortTag() == "!!str" {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
