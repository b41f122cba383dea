// Package policies carries the Rego policies, mappings, catalogue and schemas
// that are compiled into the binary.
package policies

import "embed"

// FS is the tree below this folder, as shipped.
//
//go:embed main lib all:stig mappings catalog schemas
var FS embed.FS
