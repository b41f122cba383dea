package lens

import (
	"slices"
	"strings"
)

// IPTables reads what iptables-save writes, as iptables-restore does: what it
// would stop at is a SyntaxError, since then nothing of the table is in force.
// Only the table filter and its chain INPUT count.
//
// Path "filter/INPUT/policy" gives the policy, "filter/INPUT/rules" a record
// for each rule, in the order in which they are asked: source (CIDR), protocol,
// ports (of the destination: 22, 8000:8010, or a list with commas), interface,
// state, target (a chain's name, too), negated. What a rule does not say is not
// in the record. The record of a rule with negated "true" is not all that the
// rule asks: something is negated, or the rule says more than a record can.
type IPTables struct{}

const (
	maxInserts     = 1000  // rules that go in before others; each moves the rest
	maxRestoreLine = 10238 // iptables-restore takes what is behind for another line
)

// iptablesWords cuts as add_param_to_argv does.
func iptablesWords() splitting {
	return splitting{quotes: `"`, strict: true, hides: func(quote, _ byte) bool { return quote != 0 }}
}

// Parse reads one file: a node for each table, and in the table filter a node
// for each line about INPUT.
func (IPTables) Parse(name string, b []byte) (*Doc, error) {
	p := iptablesParser{g: newGrow(name, b)}
	if err := eachLine(name, b, p.line); err != nil {
		return nil, err
	}
	if p.table != nil {
		return nil, &SyntaxError{File: name, Line: p.table.Line, Msg: "a table without COMMIT"}
	}
	return p.g.doc, nil
}

// iptablesParser keeps the table that is open.
type iptablesParser struct {
	g     *grow
	table *Node
}

func (p *iptablesParser) fault(l textLine, msg string) error {
	return &SyntaxError{File: p.g.doc.Name, Line: l.no, Msg: msg}
}

func (p *iptablesParser) line(l textLine) error {
	raw := p.g.doc.raw
	switch cr := l.end() < len(raw) && raw[l.end()] == '\r'; {
	case len(l.text) > maxRestoreLine:
		return p.fault(l, "a line longer than iptables-restore reads at once")
	case strings.HasPrefix(l.text, "#") || l.text == "" && !cr:
		return nil
	case cr:
		return p.fault(l, "a carriage return, which iptables-restore takes for a part of the word")
	case p.table == nil && l.text[0] == '*':
		return p.open(l)
	case p.table == nil:
		return p.fault(l, "a line outside of a table")
	case l.text == "COMMIT" && l.end() == len(raw):
		return p.fault(l, "a COMMIT without an end of line, which iptables-restore does not know")
	case l.text == "COMMIT":
		p.table.End, p.table = l.end(), nil
		return nil
	case p.table.Value != "filter":
		return nil
	case l.text[0] == ':':
		return p.chain(l)
	}
	return p.command(l)
}

func (p *iptablesParser) open(l textLine) error {
	words, _ := bare().split(l.text, 1)
	if len(words) == 0 {
		return p.fault(l, "a table without a name")
	}
	w := words[0]
	second := func(n *Node) bool { return n.Value == w.text }
	if w.text == "filter" && slices.ContainsFunc(p.g.doc.Root.Children, second) {
		return p.fault(l, "a second table of this name")
	}
	n := Node{Name: "*", Value: w.text, Line: l.no, End: len(l.text), ValStart: w.start, ValEnd: w.end}
	var err error
	p.table, err = p.g.add(p.g.doc.Root, shifted(n, l.start))
	return err
}

// chain reads ":INPUT DROP [0:0]".
func (p *iptablesParser) chain(l textLine) error {
	words, _ := bare().split(l.text, 1)
	switch {
	case len(words) < 2:
		return p.fault(l, "a chain without a policy")
	case words[0].text != "INPUT" || words[1].text == "-":
		return nil
	}
	return p.policy(l, piece{}, words[1])
}

func (p *iptablesParser) policy(l textLine, keyword, policy piece) error {
	if policy.text != "ACCEPT" && policy.text != "DROP" {
		return p.fault(l, "a policy that is neither ACCEPT nor DROP")
	}
	_, err := addDirective(p.g, p.table, plain(l), "-P", []piece{keyword, policy})
	return err
}

// command reads a line of arguments, which packet and byte counts may precede.
func (p *iptablesParser) command(l textLine) error {
	counts := 0
	if l.text[0] == '[' {
		counts = strings.IndexByte(l.text, ']') + 1
	}
	words, ok := iptablesWords().split(l.text, counts)
	if !ok || slices.ContainsFunc(words, func(w piece) bool { return w.in == w.start && strings.Contains(w.text, `"`) }) {
		return p.fault(l, "a quote that nothing closes, or within a word")
	}
	if len(words) == 0 || l.text[0] == '[' && counts == 0 {
		return p.fault(l, "a line without a command")
	}
	name, chain := iptablesCommand(words[0].text), ""
	if len(words) > 1 {
		chain = words[1].text
	}
	switch {
	case name == "":
		return p.fault(l, "a line that does not begin with a command")
	case name == "-F" && chain == "":
	case chain != "INPUT" || name == "-N" || name == "-X" || name == "-Z" || name == "-E":
		return nil
	case name == "-D" || name == "-R":
		return p.fault(l, "a rule that takes another away, which this lens does not follow")
	case name == "-P" && len(words) < 3:
		return p.fault(l, "a chain without a policy")
	case name == "-P":
		return p.policy(l, words[0], words[2])
	}
	n, err := addDirective(p.g, p.table, plain(l), name, words)
	if err != nil || name == "-F" {
		return err
	}
	if _, wrong := ruleFields(n); wrong != "" {
		return p.fault(l, wrong)
	}
	return nil
}

// iptablesCommand gives the short name of a command, or "".
func iptablesCommand(word string) string {
	switch word {
	case "-A", "-I", "-P", "-F", "-N", "-X", "-Z", "-E", "-D", "-R":
		return word
	case "--append", "--insert", "--policy", "--flush", "--zero", "--delete", "--replace":
		return "-" + strings.ToUpper(word[2:3])
	case "--new-chain", "--delete-chain", "--rename-chain":
		return map[byte]string{'n': "-N", 'd': "-X", 'r': "-E"}[word[2]]
	}
	return ""
}

// Includes is empty: the format has none.
func (IPTables) Includes(*Doc) []Include { return nil }

// Get answers for the chain INPUT of the table filter. Of several files, as of
// several calls of iptables-restore, the last that has the table counts.
func (IPTables) Get(files []*File, q Query) ([]Value, error) {
	ask := inputRules
	switch q.Path {
	case "filter/INPUT/rules":
	case "filter/INPUT/policy":
		ask = inputPolicy
	default:
		return nil, unknownPath("iptables", q.Path)
	}
	for _, f := range slices.Backward(files) {
		for _, t := range f.Root.Children {
			if t.Value == "filter" {
				return ask(f, t)
			}
		}
	}
	return nil, nil
}

func inputPolicy(f *File, table *Node) ([]Value, error) {
	for _, n := range slices.Backward(table.Children) {
		if n.Name == "-P" {
			return []Value{valueOf(f, n)}, nil
		}
	}
	return nil, nil
}

func inputRules(f *File, table *Node) ([]Value, error) {
	var rules []*Node
	inserts := 0
	for _, n := range table.Children {
		switch n.Name {
		case "-F":
			rules = nil
		case "-A":
			rules = append(rules, n)
		case "-I":
			at, _ := rulePlace(n)
			if inserts++; at > len(rules)+1 || inserts > maxInserts {
				return nil, &SyntaxError{File: f.Name, Line: n.Line, Msg: "a rule that goes in where there is no place, or too many such rules"}
			}
			rules = slices.Insert(rules, at-1, n)
		}
	}
	var vs []Value
	for _, n := range rules {
		fields, _ := ruleFields(n)
		vs = append(vs, recordOf(f, n, fields))
	}
	return vs, nil
}
