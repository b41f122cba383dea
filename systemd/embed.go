// Package systemd holds the units of the packages. Where no package is used, and
// where an install is compared with what it should be, the same bytes count.
package systemd

import (
	"embed"
	"io/fs"
)

// Agent and Enforcer are the names of the units that a package enables.
const (
	Agent          = "stigwatch.service"
	Enforcer       = "stigwatch-enforcer.service"
	EnforcerSocket = "stigwatch-enforcer.socket"
)

// Units are the files of the units, by name.
//
//go:embed *.service *.socket
var Units embed.FS

// Unit gives the text of one of the units above.
func Unit(name string) string {
	b, err := fs.ReadFile(Units, name)
	if err != nil {
		panic(err) // it is embedded, or the name is none of ours
	}
	return string(b)
}
