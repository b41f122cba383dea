package lens

import (
	"net/netip"
	"strconv"
	"strings"
)

// rulePlace gives the number behind -I INPUT and whether one stands there. None
// means the first place; 0 is for what is no number.
func rulePlace(n *Node) (place int, given bool) {
	at := argText(n, 1)
	if n.Name != "-I" || at == "" || at[0] == '-' || at[0] == '!' {
		return 1, false
	}
	number, err := strconv.ParseUint(at, 10, 31)
	if err != nil {
		return 0, true
	}
	return int(number), true
}

// ruleReader reads the options of one rule.
type ruleReader struct {
	words   []*Node
	at      int
	fields  map[string]string
	unknown bool // an option was seen whose words we cannot tell from stray ones
	wrong   string
}

// ruleFields gives the record of a rule, or says what is wrong with it.
func ruleFields(n *Node) (map[string]string, string) {
	r := ruleReader{words: n.Children[1:], fields: map[string]string{"negated": "false"}}
	switch place, given := rulePlace(n); {
	case place == 0:
		return nil, "a rule that goes in at no number"
	case given:
		r.at = 1
	}
	for r.at < len(r.words) && r.wrong == "" {
		w := r.words[r.at].Value
		r.at++
		if w == "!" {
			r.negated()
			continue
		}
		name, value, attached := cutOption(w)
		if name == "" && !r.unknown {
			r.wrong = "a word that belongs to no option"
		}
		if name == "" {
			continue
		}
		r.option(name, value, attached)
	}
	return r.fields, r.wrong
}

// cutOption cuts --name=value and -nvalue; no name is a word that is no option.
func cutOption(w string) (name, value string, attached bool) {
	switch {
	case strings.HasPrefix(w, "--"):
		name, value, attached = strings.Cut(w, "=")
	case len(w) > 1 && w[0] == '-':
		name, value, attached = w[:2], w[2:], len(w) > 2
	}
	if strings.Contains(name, " ") || !strings.HasPrefix(w, "--") && strings.Contains(w, " ") {
		return "", "", false
	}
	return name, value, attached
}

// negated notes that a condition of the rule holds for all but what it names.
func (r *ruleReader) negated() { r.fields["negated"] = "true" }

// more notes a condition that the record cannot say. Conditions only narrow a rule.
func (r *ruleReader) more() { r.fields["more"] = "true" }

// option reads one option and its value.
func (r *ruleReader) option(name, value string, attached bool) {
	field := ruleOption(name)
	if field == "" {
		r.unknown = true
		r.more()
		return
	}
	if !attached {
		value = r.value()
	}
	if value == "!" && field != "text" {
		r.negated()
		value = r.value()
	}
	switch field {
	case "text":
	case "counts":
		r.value()
	case "match":
		if !plainMatch(value) {
			r.more()
		}
	case "source":
		r.set(field, ruleSource(value))
	case "ports":
		r.set(field, rulePorts(value))
	case "protocol":
		if p := ruleProtocol(value); p != "all" {
			r.set(field, p)
		}
	case "state":
		r.set(field, strings.ToUpper(value))
	case "target":
		if strings.HasPrefix(value, "-") {
			value = "" // no chain is called so: this was another option's value
		}
		r.set(field, value)
	default:
		r.set(field, value)
	}
}

// value takes the next word, whatever it looks like, as getopt does.
func (r *ruleReader) value() string {
	if r.at >= len(r.words) {
		r.wrong = "an option without its value"
		return ""
	}
	r.at++
	return r.words[r.at-1].Value
}

// set keeps the first value of a field; one that cannot be told, and a second
// one, are what no record can say.
func (r *ruleReader) set(field, value string) {
	if _, twice := r.fields[field]; twice || value == "" {
		r.more()
		return
	}
	r.fields[field] = value
}

// ruleOption gives the field that an option sets: "match" for one that loads an
// extension, "text" and "counts" for those that change nothing.
func ruleOption(name string) string {
	switch name {
	case "-s", "--source", "--src":
		return "source"
	case "-p", "--protocol", "--proto":
		return "protocol"
	case "-i", "--in-interface":
		return "interface"
	case "-j", "--jump", "-g", "--goto":
		return "target"
	case "-m", "--match":
		return "match"
	case "--dport", "--destination-port", "--dports", "--destination-ports":
		return "ports"
	case "--state", "--ctstate":
		return "state"
	case "--comment", "--reject-with", "--log-prefix", "--log-level":
		return "text"
	case "-c", "--set-counters":
		return "counts"
	}
	return ""
}

// plainMatch knows the extensions that ask nothing but what their options say,
// and whose options we know.
func plainMatch(name string) bool {
	switch name {
	case "tcp", "udp", "multiport", "state", "conntrack", "comment":
		return true
	}
	return false
}

// ruleSource gives the CIDR of one address or network; "" for a name, a list
// and a mask with holes.
func ruleSource(s string) string {
	address, mask, cut := strings.Cut(s, "/")
	ip, err := netip.ParseAddr(address)
	if err != nil || !ip.Is4() {
		return ""
	}
	bits := ip.BitLen()
	if m, err := netip.ParseAddr(mask); err == nil && m.Is4() {
		bits = maskBits(m)
	} else if cut {
		if bits, err = strconv.Atoi(mask); err != nil {
			return ""
		}
	}
	prefix, err := ip.Prefix(bits)
	if err != nil {
		return ""
	}
	return prefix.String()
}

// ruleProtocol gives the name.
func ruleProtocol(s string) string {
	switch s = strings.ToLower(s); s {
	case "0":
		return "all"
	case "1":
		return "icmp"
	case "6":
		return "tcp"
	case "17":
		return "udp"
	}
	return s
}

// rulePorts gives the ports as they are written, but for open ranges, which it
// closes; "" for the name of a service.
func rulePorts(s string) string {
	var ports []string
	for one := range strings.SplitSeq(s, ",") {
		from, to, cut := strings.Cut(one, ":")
		if cut && from == "" {
			from = "0"
		}
		if cut && to == "" {
			to = "65535"
		}
		if !isPort(from) || cut && !isPort(to) {
			return ""
		}
		if cut {
			from += ":" + to
		}
		ports = append(ports, from)
	}
	return strings.Join(ports, ",")
}

// isPort refuses a leading zero, which iptables takes for octal or hexadecimal.
func isPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil && (s == "0" || s[0] != '0')
}
