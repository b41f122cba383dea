package selfwatch

import (
	"os"
	"testing"
)

// A look is made at each change of the agent's own files, and once a minute.
func BenchmarkLook(b *testing.B) {
	o := Here("1")
	before, err := o.Look(nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := o.Look(before); err != nil {
			b.Fatal(err)
		}
	}
}

// The binary is read once at the start, and when it is another.
func BenchmarkDigestOfABinary(b *testing.B) {
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	fi, err := os.Stat(exe)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(fi.Size())
	for b.Loop() {
		if _, err := digest(exe); err != nil {
			b.Fatal(err)
		}
	}
}
