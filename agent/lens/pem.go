package lens

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"strings"
)

// PEM reads certificates. Text between the blocks does not count. Private keys
// that stand in the file are stepped over: nothing of them is in any value.
//
// Path "leaf" gives the certificates, the first being the server's own and the
// others its chain: Value.DER, and the fields subject and issuer.
type PEM struct{}

const (
	pemBegin = "-----BEGIN "
	pemEnd   = "-----END "
	pemDash  = "-----"
)

// Parse finds the blocks. Each is a child of the root, named by its label.
func (PEM) Parse(name string, b []byte) (*Doc, error) {
	g := newGrow(name, b)
	var open *Node
	err := eachLine(name, b, func(l textLine) error {
		label, isBegin := pemLabel(l.text, pemBegin)
		endLabel, isEnd := pemLabel(l.text, pemEnd)
		switch {
		case isBegin && open != nil:
			return unclosedPEM(name, open)
		case isBegin:
			open = &Node{Name: label, Line: l.no, Start: l.start, ValStart: min(l.end()+1, len(b))}
		case isEnd && (open == nil || open.Name != endLabel):
			return &SyntaxError{File: name, Line: l.no, Msg: "the end of a block that did not begin"}
		case isEnd:
			n := *open
			n.ValEnd, n.End, open = l.start, l.end(), nil
			_, err := g.add(g.doc.Root, n)
			return err
		}
		return nil
	})
	if err == nil && open != nil {
		err = unclosedPEM(name, open)
	}
	if err != nil {
		return nil, err
	}
	return g.doc, nil
}

// Includes is empty: the format has none.
func (PEM) Includes(*Doc) []Include { return nil }

// Get parses the certificates; one that is none is a *SyntaxError.
func (PEM) Get(files []*File, q Query) ([]Value, error) {
	if q.Path != "leaf" {
		return nil, unknownPath("pem", q.Path)
	}
	var vs []Value
	for _, f := range files {
		for _, n := range f.Root.Children {
			if !strings.HasSuffix(n.Name, "CERTIFICATE") {
				continue
			}
			v, err := certificate(f, n)
			if err != nil {
				return nil, err
			}
			vs = append(vs, v)
		}
	}
	return vs, nil
}

func certificate(f *File, n *Node) (Value, error) {
	if n.Name != "CERTIFICATE" && n.Name != "X509 CERTIFICATE" {
		return Value{}, &SyntaxError{File: f.Name, Line: n.Line, Msg: "a " + cleanText(n.Name) + " is not supported"}
	}
	block, rest := pem.Decode(f.raw[n.Start:n.End])
	if block == nil || len(bytes.TrimSpace(rest)) > 0 {
		return Value{}, &SyntaxError{File: f.Name, Line: n.Line, Msg: "a certificate that is no base64"}
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return Value{}, &SyntaxError{File: f.Name, Line: n.Line, Msg: "no certificate: " + err.Error()}
	}
	subject, issuer := cleanText(cert.Subject.String()), cleanText(cert.Issuer.String())
	return Value{
		Fields: map[string]string{"subject": subject, "issuer": issuer},
		DER:    block.Bytes,
		File:   f.Name,
		Line:   n.Line,
		Start:  n.Start,
		End:    n.End,
		Raw:    clip("subject=" + subject + " issuer=" + issuer),
	}, nil
}

// pemLabel reads a line that begins or ends a block.
func pemLabel(line, mark string) (string, bool) {
	line = strings.TrimRight(line, " \t\r")
	label, ok := strings.CutPrefix(line, mark)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(label, pemDash)
}

func unclosedPEM(name string, n *Node) error {
	return &SyntaxError{File: name, Line: n.Line, Msg: "a block that does not end"}
}
