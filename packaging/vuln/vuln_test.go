package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// checked runs against a database in testdata, whose only entry is about a
// function that main calls.
func checked(t *testing.T, db string) (sentence, output string, err error) {
	t.Helper()
	var out bytes.Buffer
	c := check{db: db, source: "../..", arches: []string{"amd64"}, output: &out}
	sentence, err = c.run(t.Context())
	return sentence, out.String(), err
}

func TestKnownBadModuleStopsARelease(t *testing.T) {
	sentence, output, err := checked(t, "testdata/known-bad")
	if err == nil || sentence != "" || !strings.Contains(err.Error(), "would have the vulnerabilities above") {
		t.Errorf("got %q, %v", sentence, err)
	}
	if !strings.Contains(output, "GO-2026-0001") || !strings.Contains(output, "github.com/spf13/cobra@v") {
		t.Errorf("it says %s", output)
	}
}

func TestWhatWasMendedLongAgoDoesNot(t *testing.T) {
	sentence, output, err := checked(t, "testdata/known-old")
	if err != nil || sentence != "none known in what is called, by the database of 2026-11-01T00:00:00Z" {
		t.Errorf("got %q, %v: %s", sentence, err, output)
	}
}

func TestWithoutADatabaseNothingIsChecked(t *testing.T) {
	answers := func(h http.HandlerFunc) string {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return s.URL
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, db := range map[string]string{
		"no folder":      "testdata/none",
		"no file":        "file:///nonexistent",
		"nobody there":   gone.URL,
		"not found":      answers(http.NotFound),
		"something else": answers(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>log in</html>")) }),
		"no time":        answers(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) }),
		"no address":     "://",
	} {
		t.Run(name, func(t *testing.T) {
			sentence, output, err := checked(t, db)
			if err == nil || sentence != "" || !strings.Contains(err.Error(), "not checked: no database") {
				t.Errorf("got %q, %v: %s", sentence, err, output)
			}
		})
	}
}

func TestAddressOfADatabase(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{"": published, "https://db.example": "https://db.example", "db": "file://" + here + "/db", "/db": "file:///db"} {
		if got, err := address(in); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", in, got, err, want)
		}
	}
}
