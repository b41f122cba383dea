package lens

import (
	"slices"
	"testing"
)

func FuzzXML(f *testing.F)        { fuzzLaws(f, "xml") }
func FuzzProperties(f *testing.F) { fuzzLaws(f, "properties") }
func FuzzKeyValue(f *testing.F)   { fuzzLaws(f, "keyvalue") }
func FuzzPasswd(f *testing.F)     { fuzzLaws(f, "passwd") }
func FuzzText(f *testing.F)       { fuzzLaws(f, "text") }
func FuzzToken(f *testing.F)      { fuzzLaws(f, "token") }
func FuzzPEM(f *testing.F)        { fuzzLaws(f, "pem") }
func FuzzShowFIPS(f *testing.F)   { fuzzLaws(f, "showfips") }
func FuzzShowHTTPD(f *testing.F)  { fuzzLaws(f, "showhttpd") }
func FuzzTLSProbe(f *testing.F)   { fuzzLaws(f, "tlsprobe") }
func FuzzTLSFlight(f *testing.F)  { fuzzLaws(f, "tlsflight") }
func FuzzUnit(f *testing.F)       { fuzzLaws(f, "unit") }
func FuzzRelease(f *testing.F)    { fuzzLaws(f, "release") }

// fuzzLaws checks the laws of one lens of lawCases on whatever comes.
func fuzzLaws(f *testing.F, name string) {
	all := lawCases()
	i := slices.IndexFunc(all, func(c lawCase) bool { return c.name == name })
	if i < 0 || len(all[i].seeds) == 0 {
		f.Fatalf("no seeds for %q", name)
	}
	for _, seed := range all[i].seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		keepsLaws(t, all[i], b)
	})
}
