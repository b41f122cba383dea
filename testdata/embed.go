// Package testdata carries the little appliance that `stigwatch demo` runs on.
package testdata

import "embed"

// Compliant is the appliance on which every rule that has a policy passes: its
// tree below appliance/compliant/root, its configuration beside it.
//
//go:embed all:appliance/compliant
var Compliant embed.FS
