package strict

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// decode puts node n, which stands under key, into v.
func (d *Doc) decode(n *yaml.Node, key string, v reflect.Value) {
	if !d.plain(n, key) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.decode(n, key, v.Elem())
	case reflect.Struct:
		d.structure(n, key, v)
	case reflect.Map:
		d.mapping(n, key, v)
	case reflect.Slice:
		d.list(n, key, v)
	default:
		d.scalar(n, key, v)
	}
}

// plain refuses what no value of ours may be, whatever its type.
func (d *Doc) plain(n *yaml.Node, key string) bool {
	switch {
	case n.Kind == yaml.AliasNode:
		d.spoil(n, key, "aliases (*%s) are not accepted: write the value out", n.Value)
	case n.Anchor != "":
		d.spoil(n, key, "anchors (&%s) are not accepted: remove it, and write the value out where it is needed", n.Anchor)
	case isNull(n):
		d.spoil(n, key, "there is no value: write one, or remove the key to get its default")
	default:
		return true
	}
	return false
}

func (d *Doc) structure(n *yaml.Node, key string, v reflect.Value) {
	fields := fieldsOf(v.Type())
	d.pairs(n, key, func(k *yaml.Node, full string, value *yaml.Node) {
		i := fields.index(k.Value)
		if i < 0 {
			d.spoil(k, full, "unknown key: known here are %s", fields)
			return
		}
		d.decode(value, full, v.Field(fields[i].at))
	})
	for _, f := range fields {
		if full := join(key, f.name); f.required && !d.Has(full) {
			d.Wrong(full, "the key is missing: it has no default")
		}
	}
}

func (d *Doc) mapping(n *yaml.Node, key string, v reflect.Value) {
	v.Set(reflect.MakeMap(v.Type()))
	d.pairs(n, key, func(k *yaml.Node, full string, value *yaml.Node) {
		item := reflect.New(v.Type().Elem()).Elem()
		d.decode(value, full, item)
		v.SetMapIndex(reflect.ValueOf(k.Value), item)
	})
}

// pairs calls do for each key of a mapping node, duplicates left out.
func (d *Doc) pairs(n *yaml.Node, key string, do func(k *yaml.Node, full string, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		d.spoil(n, key, "%s stands here where keys with values belong (name: value)", describe(n))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		full := join(key, k.Value)
		if k.Kind != yaml.ScalarNode || k.Anchor != "" || isNull(k) {
			d.add(k.Line, key, "a key must be one plain word")
			continue
		}
		if at, ok := seen[k.Value]; ok {
			d.add(k.Line, full, fmt.Sprintf("the key stands in line %d already: keep one of the two", at))
			continue
		}
		seen[k.Value] = k.Line
		d.lines[full] = k.Line
		do(k, full, n.Content[i+1])
	}
}

func (d *Doc) list(n *yaml.Node, key string, v reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		d.spoil(n, key, "%s stands here where a list belongs ([a, b], or one \"- item\" for each line)", describe(n))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		full := key + "[" + strconv.Itoa(i) + "]"
		d.lines[full] = item.Line
		d.decode(item, full, v.Index(i))
	}
}

func (d *Doc) scalar(n *yaml.Node, key string, v reflect.Value) {
	if n.Kind != yaml.ScalarNode || !set(n, v) {
		d.spoil(n, key, "%s stands here where %s", describe(n), wanted(n, v.Kind()))
	}
}

// set puts a scalar into v if it is of v's type.
func set(n *yaml.Node, v reflect.Value) bool {
	tag := n.ShortTag()
	switch v.Kind() {
	case reflect.String:
		v.SetString(n.Value) // 10.7 and 2026-11-20 as they are written
		return tag == "!!str" || tag == "!!int" || tag == "!!float" || tag == "!!timestamp"
	case reflect.Bool:
		v.SetBool(strings.EqualFold(n.Value, "true"))
		return tag == "!!bool"
	case reflect.Int, reflect.Int64:
		i, ok := decimal(n.Value)
		v.SetInt(i)
		return ok && tag == "!!int"
	}
	return false
}

// spoil notes a mistake after which the key has no value to look at.
func (d *Doc) spoil(n *yaml.Node, key, format string, args ...any) {
	d.bad[key] = true
	d.add(n.Line, key, fmt.Sprintf(format, args...))
}

// decimal reads a number as people write it; in YAML 010 would be eight.
func decimal(s string) (int64, bool) {
	i, err := strconv.ParseInt(s, 10, 64)
	return i, err == nil && strconv.FormatInt(i, 10) == s
}

// wanted says what belongs where node n stands.
func wanted(n *yaml.Node, kind reflect.Kind) string {
	switch {
	case kind == reflect.Bool:
		return "true or false belongs"
	case kind == reflect.Int || kind == reflect.Int64:
		return "a whole number belongs: digits only, without quotes or leading zeros"
	case n.Kind == yaml.ScalarNode:
		return "text belongs: put it in quotes if it is meant as text"
	}
	return "text belongs"
}

// describe names what a node is, briefly.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a set of keys"
	case yaml.SequenceNode:
		return "a list"
	}
	const most = 40
	if len(n.Value) > most {
		return strconv.Quote(n.Value[:most] + "…")
	}
	return strconv.Quote(n.Value)
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}
