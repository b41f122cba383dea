package journal

import (
	"testing"
)

// What stays in memory of a key that is over would seal what was.
func TestKeysAreClearedWhenTheyAreOver(t *testing.T) {
	dir := t.TempDir()
	s, err := newSealer(dir)
	if err != nil {
		t.Fatal(err)
	}
	first := s.key
	s.advance()
	if s.key == first || s.n != 2 {
		t.Fatal("the key did not go on")
	}
	if err := s.keep(); err != nil {
		t.Fatal(err)
	}
	was := s.key
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	if s.key != (Key{}) {
		t.Error("the key is left in memory")
	}
	again, err := openSealer(dir, 1)
	if err != nil || again.key != was {
		t.Errorf("it does not go on where it was: %v", err)
	}
	again.close()
}
