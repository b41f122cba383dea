package alert

import (
	"cmp"
	"fmt"
)

// formatter writes one message as a receiver wants it.
type formatter interface {
	// bytes gives the message without a frame and without a newline at its end. Its
	// error wraps ErrRejected: the same message never comes out better.
	bytes(m *Message) ([]byte, error)
}

// newFormatter finds a format by its name in the configuration: rfc5424, cef and
// leef for what goes over syslog, json, ocsf and ecs for all else.
func newFormatter(name string, o Options) (formatter, error) {
	version := cmp.Or(clean(o.Version), "unknown")
	number, err := facility(o.Facility)
	switch {
	case err != nil:
		return nil, err
	case name == "rfc5424":
		return newSyslogFormat(o.Facility)
	case name == "cef":
		return cefFormat{facility: number, version: version}, nil
	case name == "leef":
		return leefFormat{facility: number, version: version}, nil
	case name == "json":
		return jsonFormat{}, nil
	case name == "ocsf":
		return ocsfFormat{version: version}, nil
	case name == "ecs":
		return ecsFormat{version: version}, nil
	}
	return nil, fmt.Errorf("cannot use format %q: it is not known", name)
}

// cleaned is the message with each of its texts clean, for one that was not made
// here. Whom it is for is the outlets' affair, and stays out of what they send.
func (m *Message) cleaned() *Message {
	c := *m
	c.Time, c.Sinks = instant(m.Time), nil
	for _, s := range []*string{
		&c.ID, (*string)(&c.Event), &c.Host, &c.Rule, &c.StigID, &c.Title, (*string)(&c.Severity), (*string)(&c.Result),
		(*string)(&c.Previous), &c.Reason, (*string)(&c.Assurance), &c.Fact, &c.File, &c.Expected, &c.Actual, &c.Before,
		&c.Text, &c.Announced, &c.Code, &c.Head,
	} {
		*s = clean(*s)
	}
	if m.Who != nil {
		c.Who = m.Who.cleaned()
	}
	if len(m.Counters) > 0 {
		c.Counters = make(map[string]uint64, len(m.Counters))
		for name, n := range m.Counters {
			c.Counters[clean(name)] = n
		}
	}
	return &c
}

func (w *Who) cleaned() *Who {
	c := *w
	for _, s := range []*string{&c.Source, &c.Login, &c.User, &c.Command, &c.Terminal, &c.Remote, &c.Package} {
		*s = clean(*s)
	}
	return &c
}
