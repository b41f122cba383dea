package lens

import (
	"errors"
	"testing"
)

// TestEditedSeesWhatElseChanges takes out a comment that has kept the line
// behind it from counting.
func TestEditedSeesWhatElseChanges(t *testing.T) {
	doc, err := Rsyslog{}.Parse("/f", []byte("# c \\\n*.* /v\n*.* @a\n"))
	if err != nil {
		t.Fatal(err)
	}
	files := []*File{{Doc: doc}}
	if _, err := edited(Rsyslog{}, files, []Edit{{File: "/f", Start: 0, End: 6}}); !errors.Is(err, ErrCannotWrite) {
		t.Errorf("got %v", err)
	}
	if _, err := edited(Rsyslog{}, files, []Edit{{File: "/f", Start: 13, End: 20}}); err != nil {
		t.Error(err)
	}
}
