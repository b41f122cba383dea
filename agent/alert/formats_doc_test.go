package alert

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var updateDocs = flag.Bool("update-docs", false, "rewrite the examples in docs/configuration.md")

// The examples in the documentation are what the formats write.
func TestDocumentationShowsEachFormat(t *testing.T) {
	const path = "../../docs/configuration.md"
	doc, err := os.ReadFile(path)
	must(t, err)
	block := regexp.MustCompile(`(?s)(<!-- formats -->\n).*(<!-- /formats -->)`)
	if !block.Match(doc) {
		t.Fatalf("%s has no place for the examples", path)
	}
	want := block.ReplaceAllFunc(doc, func([]byte) []byte {
		return []byte("<!-- formats -->\n" + formatExamples(t) + "<!-- /formats -->")
	})
	if *updateDocs {
		must(t, os.WriteFile(path, want, 0o644))
		return
	}
	if !bytes.Equal(doc, want) {
		t.Errorf("the examples are not what the formats write: go test ./agent/alert -run Documentation -update-docs")
	}
}

func formatExamples(t *testing.T) string {
	t.Helper()
	m := FromChange(opened(), "sentry1", 7)
	m.Who = &Who{Source: "audit", Login: "alice", User: "root", PID: 4711, Command: "vi identityconfig.xml", Remote: "192.0.2.7"}
	var b strings.Builder
	for _, name := range []string{"rfc5424", "cef", "leef", "json", "ocsf", "ecs"} {
		line, err := formatFor(t, name).bytes(&m)
		must(t, err)
		language, text := "text", strings.ReplaceAll(string(line), "\t", "⇥")
		text = strings.Replace(text, " stigwatch "+strconv.Itoa(os.Getpid())+" ", " stigwatch 812 ", 1)
		note := ""
		switch name {
		case "leef":
			note = " (⇥ is a tab)"
		case "json", "ocsf", "ecs":
			var pretty bytes.Buffer
			must(t, json.Indent(&pretty, line, "", "  "))
			language, text, note = "json", folded(pretty.String()), " (on one line)"
		}
		b.WriteString("`" + name + "`" + note + ":\n\n```" + language + "\n" + text + "\n```\n\n")
	}
	return b.String()
}

// folded puts what is inside the outer object on one line for each key.
func folded(pretty string) string {
	var b strings.Builder
	for line := range strings.Lines(pretty) {
		text := strings.TrimSpace(line)
		switch depth := len(line) - len(strings.TrimLeft(line, " ")); {
		case depth == 2 && !strings.HasPrefix(text, "}") && !strings.HasPrefix(text, "]"):
			b.WriteString("\n  " + text)
		case depth == 0 && text == "}":
			b.WriteString("\n}")
		case strings.HasSuffix(b.String(), ","):
			b.WriteString(" " + text)
		default:
			b.WriteString(text)
		}
	}
	return b.String()
}
