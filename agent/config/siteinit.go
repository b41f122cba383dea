package config

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"stigwatch/agent/strict"
)

// approve begins each line that sets something once a person takes it away.
const approve = "# approve: "

// maxProposed bounds what one key may take up in the profile, so that an
// appliance of nothing but users still gives a file that can be read.
const maxProposed = 32 << 10

const initHead = `# Site profile of stigwatch: what your organisation decided. A rule that needs a
# value that is not set here says notchecked, never pass.
#
# Nothing is set yet. What the appliance has now stands on lines that begin with
# "# approve: ". That it is so does not make it right: look at each line, and
# take "# approve: " away where your organisation approves it, and from the lines
# that open and close its list. "stigwatch check" tells each mistake.
`

// proposal is where the appliance shows what a key of the profile could hold.
type proposal struct {
	one     bool // the key holds one value, not a list
	from    []source
	example string // how the key is written, where nothing can be proposed
}

// source is one fact, and the YAML that each of its values gives.
type source struct {
	fact  string
	items func(v any) []string
}

// proposals is by key. What people decide and no appliance shows has no source.
func proposals() map[string]proposal {
	server, route := records("host", "port", "protocol"), records("destination", "via")
	return map[string]proposal{
		"max_ssh_sessions": {true, []source{{"mics.cli.max_ssh_sessions", values}, {"limits.max_system_logins", values}}, "max_ssh_sessions: 5"},
		"banner_texts": {false, []source{{"sshd.banner_text", folded}, {"mics.portal.login_text", folded}, {"os.issue_text", folded}},
			`banner_texts: ["This machine belongs to Example Org. What is done here is recorded."]`},
		"approved_users":       {false, []source{{"mics.users", values}}, "approved_users: [opsadmin, auditor]"},
		"approved_os_accounts": {false, []source{{"os.login_accounts", values}}, "approved_os_accounts: [root, opsadmin]"},
		"syslog_servers": {false, []source{{"mics.syslog.servers", server}, {"rsyslog.forwards", server}},
			"syslog_servers: [{host: 192.0.2.51, port: 6514, protocol: tcp}]"},
		"approved_routes": {false, []source{{"kernel.routes", route}, {"net.static_routes", route}},
			"approved_routes: [{destination: 0.0.0.0/0, via: 192.0.2.1}]"},
		"approved_cas":       {example: "approved_cas: [ca/org-root.pem]"},
		"accept_tls13":       {example: "accept_tls13: true"},
		"literal_readings":   {example: "literal_readings: [V-250984]"},
		"supported_releases": {example: `supported_releases: {as_of: 2026-06-09, lines: [{line: "10.7", from: "10.7.1"}]}`},
		"ntp_servers":        {false, []source{{"chrony.servers", hosts}, {"ntp.servers", hosts}}, "ntp_servers: [192.0.2.123, ntp.example]"},
		"management_address": {true, []source{{"mics.interface_addresses", usedAddresses}}, "management_address: 198.51.100.10"},
		"management_ranges":  {false, []source{{"firewall.input_rules", letIn(8443, network)}}, "management_ranges: [198.51.100.0/24]"},
		"uem_kind":           {example: "uem_kind: core"},
		"uem_addresses": {false, []source{{"mics.emm.addresses", singleAddresses}, {"firewall.input_rules", letIn(9090, single)}},
			"uem_addresses: [192.0.2.20]"},
		"listening_ports":  {false, []source{{"sockets.listening", openPorts}}, "listening_ports: [{protocol: tcp, port: 8443}]"},
		"alert_recipients": {example: "alert_recipients: {isso: [isso@lab.example], issm: [issm@lab.example], sca: [sca@lab.example]}"},
	}
}

// InitSite gives a commented site profile in which every key is explained, in
// the words of its schema (policies/schemas/site.json). What the appliance has
// now (have, by fact name) is proposed in comments, so that the profile sets
// nothing until a person has looked at it. What may not stand in a profile is
// named, and not proposed.
func InitSite(schema []byte, have map[string]any) ([]byte, error) {
	var explained struct {
		Properties map[string]struct {
			Description string `json:"description"`
			Default     any    `json:"default"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(schema, &explained); err != nil {
		return nil, fmt.Errorf("cannot parse the schema of the site profile: %w", err)
	}
	all, w := proposals(), &initWriter{}
	w.WriteString(initHead)
	for _, key := range strict.Keys(Site{}) {
		about := explained.Properties[key]
		w.comment("")
		w.comment(key + ": " + about.Description)
		if about.Default != nil {
			w.comment(fmt.Sprintf("Without it: %v", about.Default))
		}
		w.key(key, all[key], have)
	}
	return []byte(w.String()), nil
}

// initWriter writes the profile, of which every line is a comment.
type initWriter struct{ strings.Builder }

// comment writes one line, whatever it holds; an empty one without a mark.
func (w *initWriter) comment(line string) {
	printable := func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}
	if line != "" {
		w.WriteString("# " + strings.Map(printable, line))
	}
	w.WriteString("\n")
}

// key writes what is proposed for one key, or how it is written.
func (w *initWriter) key(key string, p proposal, have map[string]any) {
	good, facts, left := p.items(key, have)
	switch {
	case len(good) == 0 && len(p.from) == 0:
		w.comment("Only you can say. For example:")
		w.comment("  " + p.example)
	case len(good) == 0:
		w.comment("Nothing to propose from " + p.facts() + ". For example:")
		w.comment("  " + p.example)
	case p.one && len(good) > 1:
		w.comment("The appliance has " + strings.Join(good, ", ") + " (" + facts + "). Write the one that is meant, for example:")
		w.comment("  " + key + ": " + good[0])
	case p.one:
		w.comment("Now, by " + facts + ":")
		w.WriteString(approve + key + ": " + good[0] + "\n")
	default:
		w.comment("Now, by " + facts + ":")
		// With brackets, an item never joins the list of the key above.
		w.WriteString(approve + key + ": [\n")
		for _, item := range good {
			w.WriteString(approve + "  " + item + ",\n")
		}
		w.WriteString(approve + "  ]\n")
	}
	for _, line := range left {
		w.comment("Left out: " + line)
	}
}

// items gives what the profile takes of the key's facts, each once, the facts
// that have it, and what was left out.
func (p proposal) items(key string, have map[string]any) (good []string, facts string, left []string) {
	size, seen, by := 0, map[string]string{}, []string{} // seen: item → what is wrong with it
	for _, s := range p.from {
		for _, item := range s.items(have[s.fact]) {
			wrong, known := seen[item]
			if !known {
				wrong = p.refused(key, item)
				if size += len(item) + len(wrong); size > maxProposed {
					return good, strings.Join(by, ", "), append(left, "what comes after, for there is too much")
				}
				seen[item] = wrong
			}
			switch {
			case wrong == "" && !slices.Contains(by, s.fact):
				by = append(by, s.fact)
			case wrong != "" && !known:
				left = append(left, item+": "+wrong)
			}
			if wrong == "" && !known {
				good = append(good, item)
			}
		}
	}
	return good, strings.Join(by, ", "), left
}

// refused tells why the profile does not take an item, "" when it does.
func (p proposal) refused(key, item string) string {
	text := key + ": [" + item + "]"
	if p.one {
		text = key + ": " + item
	}
	_, d := parseSite("", []byte(text))
	if wrong := d.Mistakes(); len(wrong) > 0 {
		return wrong[0].Msg
	}
	return ""
}

func (p proposal) facts() string {
	names := make([]string, len(p.from))
	for i, s := range p.from {
		names[i] = s.fact
	}
	return strings.Join(names, ", ")
}

// scalar is a fact's text or number as YAML, "" for anything else. Go's quoting
// of valid UTF-8 is YAML's.
func scalar(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(strings.ToValidUTF8(v, "\uFFFD"))
	case int64:
		return strconv.FormatInt(v, 10)
	}
	return ""
}

// listOf gives the items of a list, and a single value as a list of one.
func listOf(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

func values(v any) []string {
	var out []string
	for _, one := range listOf(v) {
		if text := scalar(one); text != "" {
			out = append(out, text)
		}
	}
	return out
}

// folded makes one blank of white space, as the rule about banners does.
func folded(v any) []string {
	text, _ := v.(string)
	if text = strings.Join(strings.Fields(text), " "); text == "" {
		return nil
	}
	return []string{scalar(text)}
}

// records gives the named fields of each record of a list, as far as it has them.
func records(names ...string) func(v any) []string {
	return func(v any) []string {
		var out []string
		for _, one := range listOf(v) {
			record, _ := one.(map[string]any)
			var fields []string
			for _, name := range names {
				if text := scalar(record[name]); text != "" {
					fields = append(fields, name+": "+text)
				}
			}
			if len(fields) > 0 {
				out = append(out, "{"+strings.Join(fields, ", ")+"}")
			}
		}
		return out
	}
}

// hosts gives the field host of each record of a list.
func hosts(v any) []string {
	var out []string
	for _, one := range listOf(v) {
		record, _ := one.(map[string]any)
		if text := scalar(record["host"]); text != "" {
			out = append(out, text)
		}
	}
	return out
}

// usedAddresses leaves out 0.0.0.0, which is how an unused interface is written.
func usedAddresses(v any) []string {
	return slices.DeleteFunc(values(v), func(item string) bool { return item == `"0.0.0.0"` || item == `"::"` })
}

// singleAddresses takes 192.0.2.20/32 for the address that it is.
func singleAddresses(v any) []string {
	var out []string
	for _, one := range listOf(v) {
		if text, ok := one.(string); ok {
			out = append(out, scalar(single(text)))
		}
	}
	return out
}

func single(source string) string {
	if n, err := netip.ParsePrefix(source); err == nil && n.IsSingleIP() {
		return n.Addr().String()
	}
	return source
}

// network takes 192.0.2.20 for the network of one address that it is.
func network(source string) string {
	if a, err := netip.ParseAddr(source); err == nil {
		return netip.PrefixFrom(a, a.BitLen()).String()
	}
	if n, err := netip.ParsePrefix(source); err == nil {
		return n.Masked().String()
	}
	return source
}

// letIn gives the sources from which the firewall's rules let others in to a
// port, each rewritten by form.
func letIn(port int, form func(source string) string) func(v any) []string {
	return func(v any) []string {
		var out []string
		for _, one := range listOf(v) {
			rule, _ := one.(map[string]any)
			source, _ := rule["source"].(string)
			ports, _ := rule["ports"].(string)
			if source != "" && rule["target"] == "ACCEPT" && rule["negated"] != true && forTCP(rule["protocol"]) && holds(ports, port) {
				out = append(out, scalar(form(source)))
			}
		}
		return out
	}
}

func forTCP(protocol any) bool {
	return protocol == nil || protocol == "" || protocol == "all" || protocol == "tcp"
}

// holds tells whether ports as iptables writes them, "22,8000:8010", hold one; a
// rule without ports is for all.
func holds(ports string, port int) bool {
	if ports == "" {
		return true
	}
	for part := range strings.SplitSeq(ports, ",") {
		from, to, ranged := strings.Cut(part, ":")
		low, err := strconv.Atoi(from)
		if high, wrong := strconv.Atoi(to); ranged && err == nil && wrong == nil && low <= port && port <= high {
			return true
		}
		if !ranged && err == nil && low == port {
			return true
		}
	}
	return false
}

// openPorts gives the ports that others can reach, by protocol and number.
func openPorts(v any) []string {
	var open []Port
	for _, one := range listOf(v) {
		socket, _ := one.(map[string]any)
		address, _ := socket["address"].(string)
		protocol, _ := socket["protocol"].(string)
		port, known := socket["port"].(int64)
		if a, err := netip.ParseAddr(address); known && (err != nil || !a.Unmap().IsLoopback()) {
			open = append(open, Port{protocol, port})
		}
	}
	slices.SortFunc(open, func(a, b Port) int {
		if a.Protocol != b.Protocol {
			return strings.Compare(a.Protocol, b.Protocol)
		}
		return int(a.Port - b.Port)
	})
	var out []string
	for _, p := range slices.Compact(open) {
		out = append(out, fmt.Sprintf("{protocol: %s, port: %d}", scalar(p.Protocol), p.Port))
	}
	return out
}
