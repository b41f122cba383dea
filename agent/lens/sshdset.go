package lens

import (
	"slices"
	"strconv"
	"strings"
)

// Set changes the value that wins, where it stands. A new setting goes before
// the first Include or Match of into, so that no file that is included, now or
// later, says it earlier. A setting is taken out with all its lines that would
// count, one after the other.
//
// Path "match:<keyword>" takes the whole list: its values can change or go, each
// where it stands, but none can be added, for only a person knows to which block.
func (l SSHD) Set(files []*File, q Query, want []Want, into *File) ([]Edit, error) {
	vs, err := l.Get(files, q)
	if err != nil || saysAlready(vs, want) {
		return nil, err
	}
	keyword, inMatch := strings.CutPrefix(strings.ToLower(q.Path), "match:")
	s, err := scanSSHD(files, keyword)
	if err != nil {
		return nil, err
	}
	if err := sshdHolds(keyword, q, want); err != nil {
		return nil, err
	}
	p := proof{lens: l, files: files, rest: restBut(keyword), keeps: []Query{{Path: "match:" + keyword}}}
	if inMatch {
		p.keeps = []Query{{Path: keyword}}
		return s.setMatched(p, q, want)
	}
	if err := oneAnswer(q, want); err != nil {
		return nil, err
	}
	all := s.unmatched()
	switch {
	case len(want) == 0:
		return p.of(q, want, sshdWithout(keyword, all))
	case len(all) > 0:
		e, err := sshdEdit(all[0], want[0].Text)
		if err != nil {
			return nil, err
		}
		return p.of(q, want, []Edit{e})
	}
	return addSSHD(p, q, want, into)
}

// sshdHolds refuses what sshd does not start with, or lets nobody in with.
func sshdHolds(keyword string, q Query, want []Want) error {
	for _, w := range want {
		if w.Text == "" && w.Fields == nil {
			return cannotSet(q, want, "sshd does not start with a keyword that has no argument")
		}
		if n, err := strconv.ParseUint(w.Text, 10, 31); keyword == "maxsessions" && (err != nil || n == 0) {
			return cannotSet(q, want, "sshd needs a number above 0 there")
		}
	}
	return oneLine(q, want)
}

// sshdWithout takes a setting out. A banner that is none is none already.
func sshdWithout(keyword string, all []sshdPlace) []Edit {
	var edits []Edit
	for _, at := range all {
		if bannerOrNone(keyword, valueOf(at.file, at.node)) != nil {
			edits = append(edits, withoutLine(at.file, at.node))
		}
	}
	return edits
}

// sshdEdit changes the arguments of a line, and of the line nothing else.
func sshdEdit(at sshdPlace, text string) (Edit, error) {
	f, n := at.file, at.node
	args := n.Children
	start, end := wholeLines(f.raw, n.Start, n.End)
	line := string(f.raw[start:end])
	before, behind := line[:args[0].Start-start], line[args[len(args)-1].End-start:]
	quote := byte(0)
	if len(args) == 1 && args[0].ValStart > args[0].Start {
		quote = f.raw[args[0].Start]
	}
	is, ok := sshdLine(n.Name, before, behind, text, quote, len(args) > 1)
	if !ok {
		return Edit{}, cannotWrite(f.Name, n.Line, "%q cannot be %q in this format", n.Name, text)
	}
	return trimmedEdit(f.Name, start, line, is), nil
}

// sshdLine writes text between what stands before and behind it, so that it is
// read as keyword's value: as one word, or as several where several belong.
func sshdLine(keyword, before, behind, text string, quote byte, several bool) (string, bool) {
	double := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
	single := "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
	forms := []string{text, double, single}
	several = (several || sshdTakesSeveral(keyword)) && strings.ContainsAny(text, " \t")
	switch {
	case several:
		forms = []string{text}
	case quote == '"':
		forms = []string{double}
	case quote == '\'':
		forms = []string{single}
	}
	for _, form := range forms {
		doc, err := SSHD{}.Parse("", []byte(before+form+behind))
		if err != nil || len(doc.Root.Children) != 1 {
			continue
		}
		m := doc.Root.Children[0]
		if m.Name == keyword && m.Value == text && (several || len(m.Children) == 1) {
			return before + form + behind, true
		}
	}
	return "", false
}

// sshdTakesSeveral names the keywords with more than one argument, or with the
// rest of the line for one (sshd_config(5)). Quotes would make one word of them.
func sshdTakesSeveral(keyword string) bool {
	return slices.Contains([]string{
		"acceptenv", "allowgroups", "allowusers", "authenticationmethods", "authorizedkeyscommand", "authorizedkeysfile",
		"authorizedprincipalscommand", "channeltimeout", "denygroups", "denyusers", "forcecommand", "ipqos", "listenaddress",
		"logverbose", "permitlisten", "permitopen", "persourcepenalties", "rekeylimit", "setenv", "subsystem", "versionaddendum",
	}, keyword)
}

// addSSHD adds a setting that stands nowhere, to into or, where it would not
// count there, to the first file.
func addSSHD(p proof, q Query, want []Want, into *File) ([]Edit, error) {
	if err := intoOneOf(p.files, q, want, into); err != nil {
		return nil, err
	}
	line, ok := sshdLine(strings.ToLower(q.Path), sshdSpelling(q.Path)+" ", "", want[0].Text, 0, false)
	if !ok {
		return nil, cannotSet(q, want, "%q cannot be written in this format", want[0].Text)
	}
	edits, err := p.of(q, want, []Edit{sshdNewLine(into, line)})
	if err != nil && p.files[0].Doc != into.Doc {
		return p.of(q, want, []Edit{sshdNewLine(p.files[0], line)})
	}
	return edits, err
}

// sshdNewLine puts a line before the first Include or Match of a file.
func sshdNewLine(f *File, line string) Edit {
	for _, n := range f.Root.Children {
		if n.Name == "include" || n.Name == "match" {
			at, _ := wholeLines(f.raw, n.Start, n.End)
			return Edit{File: f.Name, Start: at, End: at, Text: line + lineEnd(f.raw)}
		}
	}
	return appended(f, line)
}

// sshdSpelling writes a keyword as the manual does.
func sshdSpelling(keyword string) string {
	for _, name := range []string{"Banner", "MaxSessions", "MaxAuthTries", "ClientAliveInterval", "PermitRootLogin", "Ciphers", "MACs"} {
		if strings.EqualFold(name, keyword) {
			return name
		}
	}
	return keyword
}

// setMatched changes the list of values in Match blocks.
func (s *sshdScan) setMatched(p proof, q Query, want []Want) ([]Edit, error) {
	all := s.found[sshdMatch]
	if len(want) > len(all) {
		return nil, cannotSet(q, want, "a value more would need a Match block, and only a person knows which")
	}
	var have []string
	for _, at := range all {
		have = append(have, valueOf(at.file, at.node).Text)
	}
	stays, ok := alignWants(have, want)
	if !ok {
		return nil, cannotSet(q, want, "there are too many values")
	}
	var edits []Edit
	for i, at := range all {
		switch j := stays[i]; {
		case j < 0:
			edits = append(edits, withoutLine(at.file, at.node))
		case want[j].Text != have[i]:
			e, err := sshdEdit(at, want[j].Text)
			if err != nil {
				return nil, err
			}
			edits = append(edits, e)
		}
	}
	return p.of(q, want, edits)
}
