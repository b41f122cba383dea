// Package strict decodes YAML strictly and lists every mistake with file, line
// and key. It is what stigwatch.yaml, the site profile and the mappings are read
// with.
//
// It walks the node tree itself instead of using the YAML module's decoder,
// because that one names the line of a mistake but not the key, and takes
// values that only look right: 010 is eight, a key without a value is the empty
// string. Here each key must be known, stand once and have a value of its type.
// Anchors, aliases and second documents are mistakes: no file of ours needs
// them, and what one cannot read top to bottom is not for three in the morning.
package strict
