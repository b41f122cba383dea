package lens

import (
	"slices"
	"strings"
)

// verifyNames are what SSLVerifyClient takes, from the weakest on.
func verifyNames() []string { return []string{"none", "optional_no_ca", "optional", "require"} }

// sslVerifyClient gives the weakest setting of all hosts of a port; listens
// says that httpd serves the port, so that what is not set has its default.
func sslVerifyClient(hosts []*httpdHost, listens bool) ([]Value, error) {
	var weakest *Value
	rank := len(verifyNames())
	take := func(v Value) {
		if r := slices.Index(verifyNames(), v.Text); r < rank {
			weakest, rank = &v, r
		}
	}
	for _, h := range hosts {
		for _, s := range h.set {
			v := valueOf(s.f, s.n)
			v.Text = strings.ToLower(v.Text)
			if !slices.Contains(verifyNames(), v.Text) {
				return nil, &SyntaxError{File: s.f.Name, Line: s.n.Line, Msg: "a client verification that httpd does not know"}
			}
			take(v)
		}
		if listens && !h.sure {
			take(unsetVerify(h.at))
		}
	}
	if weakest == nil {
		return nil, nil
	}
	return []Value{*weakest}, nil
}

// unsetVerify is mod_ssl's default; the evidence is the host that sets nothing.
func unsetVerify(s statementAt) Value {
	v := valueOf(s.f, s.n)
	v.Text, v.Start, v.End = "none", s.n.Start, s.n.Start
	v.Raw = clip(string(s.f.raw[s.n.Start:s.n.ValEnd]))
	return v
}
