// Package facts makes the snapshot: it reads the files that the mapping names,
// through package host, parses them through lenses and types what they say.
//
// Each file is read and parsed once, whoever asks, and again only when it
// changed. Facts that did not change keep their pointer from one snapshot to the
// next, so that the policy converts and judges only what did.
//
// Absent is a value, unreadable is an error, and neither is ever turned into the
// other: a file that cannot be read, or an included one, makes every fact that
// could stand in it unreadable.
package facts
