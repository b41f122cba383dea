package lens

import (
	"sort"
	"strings"
)

// rsyslogSource is a file as rsyslog's parser sees it: a backslash at the end
// of any line, a comment too, joins it with the next.
type rsyslogSource struct {
	name  string
	text  string
	at    []int // where each byte of text, and its end, stands; nil: at its own index
	lines []int // where each line of the file begins
}

func (s *rsyslogSource) pos(i int) int {
	if s.at == nil {
		return i
	}
	return s.at[i]
}

// behind is the place in the file behind the last byte of text[from:to].
func (s *rsyslogSource) behind(from, to int) int {
	if to <= from {
		return s.pos(from)
	}
	return s.pos(to-1) + 1
}

// line is the 1-based line of byte i of the text.
func (s *rsyslogSource) line(i int) int {
	return max(1, sort.SearchInts(s.lines, s.pos(i)+1))
}

func (s *rsyslogSource) fault(i int, msg string) error {
	return &SyntaxError{File: s.name, Line: s.line(i), Msg: msg}
}

func rsyslogText(name string, b []byte) (rsyslogSource, error) {
	s := rsyslogSource{name: name, text: string(b)}
	joined := false
	err := eachLine(name, b, func(l textLine) error {
		s.lines = append(s.lines, l.start)
		joined = joined || strings.HasSuffix(strings.TrimRight(l.text, whiteSpace), `\`)
		return nil
	})
	if err != nil || !joined {
		return s, err
	}
	return s, s.join(b)
}

// join drops the backslashes, the line breaks and the white space around them.
func (s *rsyslogSource) join(b []byte) error {
	var text strings.Builder
	more := false
	put := func(c byte, at int) {
		text.WriteByte(c)
		s.at = append(s.at, at)
	}
	err := eachLine(s.name, b, func(l textLine) error {
		from := 0
		if more {
			from = len(l.text) - len(strings.TrimLeft(l.text, whiteSpace))
		}
		to := max(from, len(strings.TrimRight(l.text, whiteSpace)))
		if to > from {
			more = l.text[to-1] == '\\'
		}
		if more && to > from {
			to--
		}
		for i := from; i < to; i++ {
			put(l.text[i], l.start+i)
		}
		if !more {
			put('\n', min(l.end(), len(b)))
		}
		return nil
	})
	s.text, s.at = text.String(), append(s.at, len(b))
	return err
}

// nextLine is the index of the line break at or behind i, or the end.
func (s *rsyslogSource) nextLine(i int) int {
	if n := strings.IndexByte(s.text[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(s.text)
}

// skip passes over white space and comments.
func (s *rsyslogSource) skip(i int) (int, error) {
	for {
		i = skipBlank(s.text, i, len(s.text))
		switch {
		case strings.HasPrefix(s.text[i:], "#"):
			i = s.nextLine(i)
		case strings.HasPrefix(s.text[i:], "/*"):
			n := strings.Index(s.text[i+2:], "*/")
			if n < 0 {
				return 0, s.fault(i, "a comment that nothing closes")
			}
			i += n + 4
		default:
			return i, nil
		}
	}
}

// firstOnLine says whether only blanks stand before i on its line.
func (s *rsyslogSource) firstOnLine(i int) bool {
	for i--; i >= 0 && (s.text[i] == ' ' || s.text[i] == '\t' || s.text[i] == '\r'); i-- {
	}
	return i < 0 || s.text[i] == '\n'
}

// quoted finds the end of the text that opens at i with a quote.
func (s *rsyslogSource) quoted(i int) (int, error) {
	for j := i + 1; j < len(s.text); j++ {
		switch s.text[j] {
		case '\\':
			j++
		case s.text[i]:
			return j + 1, nil
		}
	}
	return 0, s.fault(i, "a quote that nothing closes")
}

// run is the end of the bytes from i on that ok takes.
func (s *rsyslogSource) run(i int, ok func(c byte) bool) int {
	for i < len(s.text) && ok(s.text[i]) {
		i++
	}
	return i
}

// Which bytes rsyslog's lexer takes for which kind of word.
func inKeyword(c byte) bool { return isAlnum(c) || c == '_' }
func inUser(c byte) bool    { return inKeyword(c) || strings.IndexByte("-+,;", c) >= 0 }
func inParam(c byte) bool   { return inKeyword(c) || c == '.' }
func inRule(c byte) bool    { return isAlnum(c) || strings.IndexByte("-_.", c) >= 0 }
func inVariable(c byte) bool {
	return isAlnum(c) || strings.IndexByte("$!./@-_[]", c) >= 0
}

// unescapeRsyslog undoes the escapes of a quoted text.
func unescapeRsyslog(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		if j := strings.IndexByte("abfnrtv", s[i]); j >= 0 {
			b.WriteByte("\a\b\f\n\r\t\v"[j])
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
