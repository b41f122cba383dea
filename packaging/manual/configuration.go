package main

import (
	"cmp"
	"strings"
)

// configuration is the page of the configuration: docs/configuration.md, of
// whose Markdown it knows what is used there.
func (e edition) configuration(text string) string {
	r := &roff{}
	e.title(r, "stigwatch.yaml", "5")
	r.macro("SH", "NAME")
	r.line(`stigwatch.yaml \- the configuration of stigwatch, and the files beside it`)
	r.macro("SH", "DESCRIPTION")
	_, text, _ = strings.Cut(text, "\n\n") // its own title
	for _, b := range blocks(text) {
		block(r, b)
	}
	r.macro("SH", "SEE ALSO")
	r.line(reference("stigwatch") + ",")
	r.line(reference("stigwatch-check"))
	return r.String()
}

// blocks are what has an empty line between them; a fenced example is one.
func blocks(text string) []string {
	var out []string
	var b strings.Builder
	fenced := false
	end := func() {
		if b.Len() > 0 {
			out = append(out, strings.TrimSuffix(b.String(), "\n"))
		}
		b.Reset()
	}
	for l := range strings.Lines(text) {
		fence := strings.HasPrefix(l, "```")
		if fence && !fenced || !fenced && strings.TrimSpace(l) == "" {
			end()
		}
		if fence || fenced || strings.TrimSpace(l) != "" && !strings.HasPrefix(l, "<!--") {
			b.WriteString(l)
		}
		if fence && fenced {
			end()
		}
		fenced = fenced != fence
	}
	end()
	return out
}

func block(r *roff, b string) {
	switch {
	case strings.HasPrefix(b, "## "):
		r.macro("SH", literal(strings.ToUpper(b[3:])))
	case strings.HasPrefix(b, "###"):
		r.macro("SS", literal(strings.TrimLeft(b, "# ")))
	case strings.HasPrefix(b, "```"):
		lines := strings.Split(b, "\n")
		r.example(strings.Join(lines[1:len(lines)-1], "\n"))
	case strings.HasPrefix(b, "    "):
		r.example(undent(b))
	case strings.HasPrefix(b, "|"):
		table(r, strings.Split(b, "\n"))
	case strings.HasPrefix(b, "- "):
		list(r, b)
	default:
		r.paragraph()
		r.prose(b)
	}
}

// table makes a term of each row's first cell, and of the last its meaning. Of
// three cells the one in the middle says what the term belongs to. A first cell
// that is empty is the one above.
func table(r *roff, rows []string) {
	above := ""
	for i, row := range rows {
		cells := strings.Split(strings.TrimSuffix(strings.TrimPrefix(row, "|"), "|"), " | ")
		for j, c := range cells {
			cells[j] = inline(strings.TrimSpace(c))
		}
		if i == 1 || len(cells) < 2 {
			continue // the line below the headings
		}
		above = cmp.Or(cells[0], above)
		word, text := above, cells[1]
		if len(cells) > 2 {
			word, text = above+" ("+cells[1]+")", strings.TrimSuffix(strings.Join(cells[2:], "; "), "; ")
		}
		if i == 0 {
			r.paragraph()
			r.line(word + ": " + text)
			continue
		}
		r.macro("TP")
		r.line(word)
		r.line(text)
	}
}

func list(r *roff, b string) {
	for _, item := range strings.Split("\n"+b, "\n- ")[1:] {
		r.macro("IP", `\(bu`, "2n")
		r.prose(item)
	}
}
