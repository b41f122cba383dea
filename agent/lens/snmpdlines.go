package lens

import "strings"

// snmpRecord makes a record of a directive, with the words in secret masked.
func snmpRecord(f *File, n *Node, fields map[string]string, secret func(i int) bool) (Value, bool) {
	v := recordOf(f, n, fields)
	var b strings.Builder
	at := n.Start
	for i, word := range n.Children {
		if secret(i) {
			b.Write(f.raw[at:word.Start])
			b.WriteString(masked)
			at = word.End
		}
		if b.Len() > maxRaw {
			break
		}
	}
	b.Write(f.raw[at:n.End])
	v.Raw = clip(b.String())
	return v, true
}

func argText(n *Node, i int) string {
	if i < len(n.Children) {
		return n.Children[i].Value
	}
	return ""
}

// snmpUser reads createUser [-M] [-e ENGINEID] NAME [AUTH [-m|-l] PASS [PRIV [[-m|-l] PASS]]].
func snmpUser(f *File, n *Node) (Value, bool) {
	if n.Name != "createuser" {
		return Value{}, false
	}
	at := 0
	if argText(n, at) == "-M" {
		at++
	}
	if argText(n, at) == "-e" {
		at += 2
	}
	name, auth := at, at+1
	pass := auth + 1
	if k := argText(n, pass); k == "-m" || k == "-l" {
		pass++
	}
	priv := pass + 1
	if argText(n, name) == "" {
		return Value{}, false
	}
	fields := map[string]string{"name": argText(n, name)}
	if a := argText(n, auth); a != "" {
		fields["auth"] = strings.ToUpper(a)
	}
	if p := argText(n, priv); p != "" {
		fields["priv"] = strings.ToUpper(p)
	}
	return snmpRecord(f, n, fields, func(i int) bool { return i >= pass && i != priv })
}

// snmpAccess reads rouser and rwuser [-s MODEL] NAME [LEVEL …].
func snmpAccess(f *File, n *Node) (Value, bool) {
	if n.Name != "rouser" && n.Name != "rwuser" {
		return Value{}, false
	}
	at := 0
	if argText(n, 0) == "-s" {
		at = 2
	}
	if argText(n, at) == "" {
		return Value{}, false
	}
	level := strings.ToLower(argText(n, at+1))
	switch level {
	case "", "authnopriv":
		level = "auth"
	case "noauthnopriv":
		level = "noauth"
	case "authpriv":
		level = "priv"
	}
	fields := map[string]string{"name": argText(n, at), "level": level}
	return snmpRecord(f, n, fields, func(int) bool { return false })
}

// snmpCommunity reads what lets SNMP v1 and v2c in.
func snmpCommunity(f *File, n *Node) (Value, bool) {
	secret := -1
	switch n.Name {
	case "rocommunity", "rocommunity6", "rwcommunity", "rwcommunity6":
		secret = skipOption(n, "-v")
	case "authcommunity":
		secret = 1
	case "com2sec", "com2sec6", "com2secunix":
		secret = skipOption(n, "-Cn") + 2
	case "group":
		if m := strings.ToLower(argText(n, 1)); m != "v1" && m != "v2c" && m != "any" {
			return Value{}, false
		}
	default:
		return Value{}, false
	}
	fields := map[string]string{"kind": n.Name}
	return snmpRecord(f, n, fields, func(i int) bool { return i == secret })
}

func skipOption(n *Node, name string) int {
	if argText(n, 0) == name {
		return 2
	}
	return 0
}

// snmpTrap reads where traps and informs go.
func snmpTrap(f *File, n *Node) (Value, bool) {
	var host int
	var secret func(int) bool
	switch n.Name {
	case "trapsink", "trap2sink", "informsink":
		for host = 0; isSinkOption(argText(n, host)); host += 2 {
		}
		secret = func(i int) bool { return i == host+1 }
	case "trapsess":
		host, secret = trapSession(n)
	default:
		return Value{}, false
	}
	if argText(n, host) == "" {
		return Value{}, false
	}
	fields := map[string]string{"kind": n.Name, "host": snmpHost(argText(n, host))}
	v, ok := snmpRecord(f, n, fields, secret)
	return v, ok
}

func isSinkOption(s string) bool { return s == "-profile" || s == "-name" || s == "-tag" }

// trapSession finds the host among the options that snmpcmd(1) has, and says
// which words hold secrets. An option with its value in the same word is
// masked whole.
func trapSession(n *Node) (host int, secret func(i int) bool) {
	hidden := map[int]bool{}
	at := 0
	for at < len(n.Children) && strings.HasPrefix(argText(n, at), "-") {
		opt := argText(n, at)
		switch {
		case isSinkOption(opt):
			at++
		case strings.HasPrefix(opt, "-3") && len(opt) == 3: // -3m KEY and its like
			at++
			hidden[at] = true
		case len(opt) == 2 && strings.Contains("cAX3", opt[1:]):
			at++
			hidden[at] = true
		case len(opt) == 2 && strings.Contains("YmMOIPDvrtZeEnuxlaTLsSC", opt[1:]):
			at++
		case len(opt) > 2 && strings.Contains("cAX3", opt[1:2]):
			hidden[at] = true
		}
		at++
	}
	return at, func(i int) bool { return hidden[i] }
}

// snmpHost takes the transport and the port off an address such as
// udp:192.0.2.1:162.
func snmpHost(address string) string {
	if transport, rest, ok := strings.Cut(address, ":"); ok && isTransport(strings.ToLower(transport)) {
		address = rest
	}
	if v6, ok := strings.CutPrefix(address, "["); ok {
		host, _, _ := strings.Cut(v6, "]")
		return host
	}
	if strings.Count(address, ":") == 1 {
		address, _, _ = strings.Cut(address, ":")
	}
	return address
}

func isTransport(s string) bool {
	switch strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(s, "6"), "ipv"), "v") {
	case "udp", "tcp", "dtlsudp", "tlstcp", "ssh", "unix", "std", "alias", "ipx", "aal5pvc":
		return true
	}
	return false
}
