package plan

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"stigwatch/agent/lens"
)

// Diff is the file's change as a unified diff with three lines of context, secrets
// masked. The bytes themselves are compared and each line is masked then, so that no
// change hides behind what is masked; where only masked text differs, that is said.
func (f *File) Diff() string {
	text := string(diff.Diff("a"+f.Path, f.Old, "b"+f.Path, f.New))
	_, text, _ = strings.Cut(text, "\n") // its own first line names both files once more
	old, now := maskedLines(f.Path, f.Old), maskedLines(f.Path, f.New)
	var out strings.Builder
	at, to := 0, 0 // lines of either text, from 0
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "@@"):
			var n, m int
			fmt.Sscanf(line, "@@ -%d,%d +%d,%d @@", &at, &n, &to, &m)
			at, to = at-1, to-1
			out.WriteString(line)
		case strings.HasPrefix(line, "---"), strings.HasPrefix(line, "+++"), strings.HasPrefix(line, `\`):
			out.WriteString(line)
		case line[0] == '-':
			out.WriteString("-" + pick(old, at) + "\n")
			at++
		case line[0] == '+':
			out.WriteString("+" + pick(now, to) + "\n")
			to++
		default:
			out.WriteString(" " + shy(f.Path, pick(now, to)) + "\n")
			at, to = at+1, to+1
		}
	}
	return out.String()
}

func maskedLines(path string, b []byte) []string {
	mask := lens.MaskFile
	if strings.HasPrefix(path, "/etc/pam.d/") { // "password" is a type of line there
		mask = func(b []byte) []byte { return b }
	}
	return strings.Split(string(bytes.TrimSuffix(mask(b), []byte("\n"))), "\n")
}

func pick(lines []string, i int) string {
	if i < 0 || i >= len(lines) {
		return "" // a text that ends in the middle of a line
	}
	return lines[i]
}

// shy shows only the first word of what has not changed in files that may hold
// secrets in many forms: nobody has asked to see them.
func shy(path, line string) string {
	if !strings.HasPrefix(path, "/etc/snmp/") && !strings.HasPrefix(path, "/etc/rsyslog") {
		return line
	}
	trimmed := strings.TrimLeft(line, " \t")
	word, rest, _ := strings.Cut(trimmed, " ")
	if strings.TrimSpace(rest) == "" || strings.HasPrefix(word, "#") && word == "#" || strings.HasSuffix(line, "********") {
		return line
	}
	return line[:len(line)-len(trimmed)] + word + " …"
}
