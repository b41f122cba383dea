package lens

import (
	"strconv"
	"strings"
)

// ShowHTTPD reads what an administrator captured of the command line's "show
// httpd protocol": a table of ports and the TLS protocols that are on for each.
// What stands before and after the table does not count; of several tables the
// last one does.
//
// Path "protocols" gives one record for each row, with the fields port and
// protocols (comma-separated).
type ShowHTTPD struct{}

// Parse reads one capture. Each table is a child of the root, with its rows as
// children; a row is named by its port.
func (ShowHTTPD) Parse(name string, b []byte) (*Doc, error) {
	t := httpdTables{g: newGrow(name, b)}
	if err := eachLine(name, b, t.line); err != nil {
		return nil, err
	}
	for _, table := range t.g.doc.Root.Children {
		if len(table.Children) == 0 {
			return nil, &SyntaxError{File: name, Line: table.Line, Msg: "a table without rows"}
		}
	}
	if len(t.g.doc.Root.Children) == 0 {
		return nil, &SyntaxError{File: name, Line: 1, Msg: "no table of ports and TLS protocols"}
	}
	return t.g.doc, nil
}

// Includes is empty: the format has none.
func (ShowHTTPD) Includes(*Doc) []Include { return nil }

// Get gives the rows of the last table of each file.
func (ShowHTTPD) Get(files []*File, q Query) ([]Value, error) {
	if q.Path != "protocols" {
		return nil, unknownPath("showhttpd", q.Path)
	}
	var vs []Value
	for _, f := range files {
		tables := f.Root.Children
		for _, row := range tables[len(tables)-1].Children {
			v := valueOf(f, row)
			v.Text, v.Start, v.End = "", row.Start, row.End
			v.Fields = map[string]string{"port": row.Name, "protocols": cleanText(row.Value)}
			vs = append(vs, v)
		}
	}
	return vs, nil
}

// httpdTables takes the lines of a capture one by one.
type httpdTables struct {
	g     *grow
	table *Node // nil outside a table
}

func (t *httpdTables) line(l textLine) error {
	words := tableWords(l.text)
	switch {
	case isHTTPDHeader(words):
		start, end := trimRange(l.text, 0, len(l.text))
		n := shifted(Node{Line: l.no, Start: start, End: end, ValStart: end, ValEnd: end}, l.start)
		var err error
		t.table, err = t.g.add(t.g.doc.Root, n)
		return err
	case t.table == nil, len(words) == 0, strings.Trim(l.text, "+-=|, \t\r") == "":
		return nil
	case isPrompt(words):
		t.table = nil
		return nil
	}
	return t.row(l, words)
}

func (t *httpdTables) row(l textLine, words []string) error {
	port, err := strconv.ParseUint(words[0], 10, 16)
	if err != nil || port == 0 || len(words) < 2 {
		return &SyntaxError{File: t.g.doc.Name, Line: l.no, Msg: "a row that is no port with its protocols"}
	}
	start, end := trimRange(l.text, 0, len(l.text))
	from := start + strings.Index(l.text[start:], words[0]) + len(words[0])
	from = len(l.text) - len(strings.TrimLeft(l.text[from:], " \t|+,"))
	to := len(strings.TrimRight(l.text[:end], " \t|+,"))
	n := Node{
		Name: words[0], Value: strings.Join(words[1:], ","), Line: l.no,
		Start: start, End: end, ValStart: from, ValEnd: to,
	}
	n = shifted(n, l.start)
	t.table.End = n.End
	_, err = t.g.add(t.table, n)
	return err
}

// tableWords splits a line of the table, whatever is drawn between its columns.
func tableWords(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\r|+,", r) })
}

func isHTTPDHeader(words []string) bool {
	return strings.Join(words, " ") == "Port TLS Protocols Enabled"
}

// isPrompt knows the line on which the next command was typed.
func isPrompt(words []string) bool {
	return strings.ContainsAny(words[0], "#>")
}
