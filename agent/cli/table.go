package cli

import (
	"fmt"
	"strings"
)

// noteIndent is how far the lines below a row stand in.
const noteIndent = 10

// cell is one field of a table; its text is safe already.
type cell struct {
	text  string
	style style
}

// row is one line of a table and the notes below it.
type row struct {
	cells []cell
	notes []string
}

// table is aligned by what its columns hold; the last one takes the rest of the
// width and is folded.
type table struct {
	head []string
	rows []row
}

func (t *table) write(s *screen) {
	if len(t.rows) == 0 {
		return
	}
	widths := t.widths()
	head := row{}
	for _, h := range t.head {
		head.cells = append(head.cells, cell{h, strong})
	}
	for _, r := range append([]row{head}, t.rows...) {
		r.write(s, widths)
	}
}

// widths gives the widths of all columns but the last.
func (t *table) widths() []int {
	w := make([]int, len(t.head)-1)
	for i := range w {
		w[i] = columns(t.head[i])
		for _, r := range t.rows {
			w[i] = max(w[i], columns(r.cells[i].text))
		}
	}
	return w
}

func (r row) write(s *screen, widths []int) {
	indent := 0
	for i, w := range widths {
		c := r.cells[i]
		s.WriteString(s.paint(c.style, c.text) + strings.Repeat(" ", w-columns(c.text)+2))
		indent += w + 2
	}
	last := r.cells[len(widths)]
	for i, l := range fold(last.text, s.room(indent)) {
		if i > 0 {
			fmt.Fprintf(s, "%*s", indent, "")
		}
		fmt.Fprintln(s, s.paint(last.style, l))
	}
	for _, n := range r.notes {
		s.line(noteIndent, faint, n)
	}
}
