package service

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"stigwatch/systemd"
)

// Where the packages put the binary and the configuration.
const (
	PackagedBinary = "/usr/bin/stigwatch"
	PackagedConfig = "/etc/stigwatch/stigwatch.yaml"
)

const (
	packagedStart  = "\nExecStart=" + PackagedBinary + " run\n"
	packagedReload = "\nExecReload=" + PackagedBinary + " reload\n"
)

// plainPath are the paths that a unit takes without quotes: systemd.service(5) gives
// most other characters a meaning.
var plainPath = regexp.MustCompile(`^(/[A-Za-z0-9][A-Za-z0-9._+-]*)+$`)

// Unit gives the packages' unit for a binary and a configuration elsewhere; an empty
// config, and the packages' own, is not named in it.
func Unit(binary, config string) (string, error) {
	for what, path := range map[string]string{"binary": binary, "configuration": config} {
		if path == "" && what == "configuration" {
			continue
		}
		if !plainPath.MatchString(path) || filepath.Clean(path) != path {
			return "", fmt.Errorf("cannot name the %s %q in a unit: its path has to be absolute, of letters, digits, dots, dashes and underscores", what, path)
		}
	}
	text := systemd.Unit(systemd.Agent)
	if strings.Count(text, packagedStart) != 1 || strings.Count(text, packagedReload) != 1 || strings.Contains(text, "{{") { // the library's own templates
		return "", errors.New("cannot write a unit: the packages' one is not what it was made for")
	}
	if config != "" && config != PackagedConfig {
		for _, line := range []string{packagedStart, packagedReload} {
			text = strings.Replace(text, line, strings.TrimSuffix(line, "\n")+" --config "+config+"\n", 1)
		}
	}
	return wherePackaged.ReplaceAllString(text, "${1}"+binary+"${2}"), nil
}

// wherePackaged finds the binary's whole path in a value.
var wherePackaged = regexp.MustCompile(`(?m)([=\s])` + PackagedBinary + `(\s)`)

var startLine = regexp.MustCompile(`(?m)^ExecStart=(\S+) run(?: --config (\S+))?$`)

// Made tells whether the text is a unit that Unit makes, and of what.
func Made(text string) (binary, config string, made bool) {
	m := startLine.FindStringSubmatch(text)
	if m == nil {
		return "", "", false
	}
	same, err := Unit(m[1], m[2])
	return m[1], m[2], err == nil && same == text
}
