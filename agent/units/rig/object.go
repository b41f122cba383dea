package rig

import "github.com/godbus/dbus/v5"

// LookupObject implements dbus.Handler: every path below systemd's is an object.
func (s *Systemd) LookupObject(p dbus.ObjectPath) (dbus.ServerObject, bool) {
	return object{s, string(p)}, true
}

type object struct {
	s    *Systemd
	path string
}

func (o object) LookupInterface(string) (dbus.Interface, bool) { return o, true }

func (o object) LookupMethod(method string) (dbus.Method, bool) {
	switch method {
	case "GetAll":
		return call{in: 1, out: 1, do: func() []any { return []any{o.s.getAll(o.path)} }}, true
	case "ReloadOrTryRestartUnit", "TryRestartUnit", "RestartUnit":
		return call{in: 2, out: 1, result: dbus.ObjectPath(""), with: func(args []any) []any {
			return []any{o.s.take(method, *args[0].(*string))}
		}}, true
	case "Subscribe":
		return call{do: func() []any { o.s.subscribe(); return nil }}, true
	}
	return nil, false
}

// call is one method, of strings.
type call struct {
	in, out int
	do      func() []any
	with    func(args []any) []any // instead of do
	result  any                    // of the type that is returned; nil: properties
}

// Call implements dbus.Method.
func (c call) Call(args ...any) ([]any, error) {
	if c.with != nil {
		return c.with(args), nil
	}
	return c.do(), nil
}

// NumArguments implements dbus.Method.
func (c call) NumArguments() int { return c.in }

// NumReturns implements dbus.Method.
func (c call) NumReturns() int { return c.out }

// ArgumentValue implements dbus.Method.
func (c call) ArgumentValue(int) any { return "" }

// ReturnValue implements dbus.Method.
func (c call) ReturnValue(int) any {
	if c.result != nil {
		return c.result
	}
	return map[string]dbus.Variant(nil)
}
