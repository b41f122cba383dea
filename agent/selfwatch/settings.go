package selfwatch

import (
	"regexp"
	"strings"
)

const (
	maxSettings = 20 // of a drop-in that are shown
	maxSetting  = 80 // bytes of one
)

// Shown are values of words, numbers, paths and lists of them, under names that are
// systemd's and no other's.
var (
	plainKey   = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)
	plainValue = regexp.MustCompile(`^[A-Za-z0-9_@:~+%./ -]*$`)
	secretKey  = regexp.MustCompile(`(?i)environment|credential|pass|secret|token`)
)

// settings gives what a drop-in sets, in the order of the file, as far as it may be
// told: of what may hold a secret the name alone, and of a command its program.
func settings(text []byte) []string {
	var out []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		key, value, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") {
			continue
		}
		if len(out) == maxSettings {
			return append(out, "…")
		}
		out = append(out, setting(strings.TrimSpace(key), strings.TrimSpace(value)))
	}
	return out
}

func setting(key, value string) string {
	more := ""
	if program, _, arguments := strings.Cut(value, " "); arguments && strings.HasPrefix(key, "Exec") {
		value, more = program, " …"
	}
	switch {
	case !plainKey.MatchString(key) || len(key) > maxSetting:
		return "…"
	case value != "" && secretKey.MatchString(key), !plainValue.MatchString(value), len(value) > maxSetting:
		return key + "=…"
	}
	return key + "=" + value + more
}
