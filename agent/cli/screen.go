package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// usualWidth is a terminal's width when it does not tell.
const usualWidth = 80

// style is how a piece of text looks on a terminal.
type style string

// The styles, as SGR parameters (ECMA-48).
const (
	plain  style = ""
	strong style = "1"
	faint  style = "2"
	red    style = "1;31"
	yellow style = "33"
	green  style = "32"
	purple style = "35"
)

// screen collects what a person reads and writes it in one go.
type screen struct {
	bytes.Buffer
	w        io.Writer
	terminal bool
	width    int // in columns; 0 = no folding
	colour   bool
}

// newScreen finds out what w is. Away from a terminal nothing is folded or
// coloured, so that scripts see whole lines.
func newScreen(w io.Writer) *screen {
	s := &screen{w: w}
	f, ok := w.(*os.File)
	if !ok {
		return s
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return s
	}
	s.terminal = true
	s.width = int(size.Col)
	if s.width == 0 {
		s.width = usualWidth
	}
	s.colour = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return s
}

// paint gives a text its style, if there are colours.
func (s *screen) paint(st style, text string) string {
	if !s.colour || st == plain || strings.TrimSpace(text) == "" {
		return text
	}
	return "\x1b[" + string(st) + "m" + text + "\x1b[0m"
}

// line writes one line below an indent, folded; the text is safe already.
func (s *screen) line(indent int, st style, text string) {
	for _, l := range fold(text, s.room(indent)) {
		fmt.Fprintf(s, "%*s%s\n", indent, "", s.paint(st, l))
	}
}

// labelWidth is the width of the labels' column.
const labelWidth = 12

// entry writes a labelled line; what is folded stands below the text.
func (s *screen) entry(label string, st style, text string) {
	for _, l := range fold(text, s.room(labelWidth)) {
		fmt.Fprintf(s, "%s%s\n", s.paint(faint, pad(label, labelWidth)), s.paint(st, l))
		label = ""
	}
}

// hanging writes a lead and a text beside it; what is folded stands below the
// text.
func (s *screen) hanging(indent int, lead, text string) {
	for _, l := range fold(text, s.room(indent+columns(lead))) {
		fmt.Fprintf(s, "%*s%s%s\n", indent, "", lead, l)
		lead = pad("", columns(lead))
	}
}

// minRoom is the least that text is folded to, however narrow the terminal.
const minRoom = 20

// room is how many columns are left beside an indent; 0 = no limit.
func (s *screen) room(indent int) int {
	if s.width == 0 {
		return 0
	}
	return max(minRoom, s.width-indent)
}

// clear empties a terminal before the next picture.
func (s *screen) clear() {
	if s.terminal {
		s.WriteString("\x1b[H\x1b[2J")
	}
}

// flush writes what was collected.
func (s *screen) flush() error {
	if _, err := s.w.Write(s.Bytes()); err != nil {
		return fmt.Errorf("cannot write the answer: %w", err)
	}
	s.Reset()
	return nil
}
