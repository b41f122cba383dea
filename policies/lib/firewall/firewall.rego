# METADATA
# scope: package
# title: What the firewall lets in, and what listens
# description: |-
#   A rule counts by what it may let in. A jump to another chain lets in all that
#   the rule names, for what that chain holds is not read. A rule with negated may
#   let in anything: its record is not all that it says, and does not tell how.
package lib.firewall

import data.lib.violation

# unclosed is the violation of a chain that lets in what none of its rules names.
unclosed(fact, policy, rules) := violation.wrong(
	fact, "DROP", "INPUT policy", policy,
	"DROP, or the last rule has to drop everything",
) if {
	policy != null # the caller's to tell
	not upper(policy) in _refusing
	not _ends_refusing(rules)
}

# unlimited is the violation of a rule that lets in without naming ports, or
# with more conditions than can be judged.
unlimited(fact, index, rule) := violation.item(
	fact, index, "approved ports only",
	sprintf("firewall accepts %s, must name approved ports", [_traffic(rule)]),
) if {
	_admits(rule)
	not _names_ports(rule)
	not _control(rule)
}

# unapproved is the violation of a rule that lets in to a port that is not
# approved. Of a list or a range each port has to be.
unapproved(fact, index, rule, approved) := violation.item(
	fact, index, "an approved port",
	sprintf("firewall accepts %s port %s, which is not approved", [_protocol(rule), rule.ports]),
) if {
	_admits(rule)
	_names_ports(rule)
	not _all_approved(_protocol(rule), rule.ports, approved)
}

# stray is the violation of a socket that others can reach, on a port that is
# not approved.
stray(fact, index, socket, approved) := violation.item(
	fact, index, "an approved port",
	sprintf("%s port %v listens on %s, which is not approved", [
		_protocol(socket),
		object.get(socket, "port", "unknown"),
		object.get(socket, "address", "every address"),
	]),
) if {
	not _inward(socket)
	not _listed(socket, approved)
}

_admits(rule) if {
	not upper(rule.target) in _harmless
	not _local(rule)
	not _reply(rule)
}

_refusing := {"DROP", "REJECT"}

# _harmless are the targets that let nothing in by themselves.
_harmless := _refusing | {"LOG", "NFLOG", "ULOG", "AUDIT", "MARK", "CONNMARK", "SECMARK", "CONNSECMARK"}

_ends_refusing(rules) if {
	rules != null
	last := rules[count(rules) - 1]
	upper(last.target) in _refusing
	not _narrowed(last)
}

_narrowed(rule) if {
	some name, value in rule
	name != "target"
	not value in {false, "all", "0.0.0.0/0", "::/0"}
}

_local(rule) if {
	not rule.negated
	rule.interface == "lo"
}

_local(rule) if {
	not rule.negated
	rule.source in {"127.0.0.0/8", "127.0.0.0/255.0.0.0", "127.0.0.1", "127.0.0.1/32", "::1", "::1/128"}
}

_reply(rule) if {
	not rule.negated
	every state in split(upper(rule.state), ",") {
		state in {"ESTABLISHED", "RELATED"}
	}
}

# _control tells the messages of the network itself, which have no ports.
_control(rule) if {
	not rule.negated
	lower(rule.protocol) in {"icmp", "icmpv6", "ipv6-icmp", "1", "58"}
}

_names_ports(rule) if {
	not rule.negated
	rule.ports
}

_traffic(rule) := "by a negation or a condition that is not read" if {
	rule.negated
} else := sprintf("everything from %s", [_origin(rule)]) if {
	_protocol(rule) == "any"
} else := sprintf("all %s from %s", [_protocol(rule), _origin(rule)])

_origin(rule) := object.get(rule, "source", "everywhere")

# _protocol is the protocol's name; IPv6 has the same ports.
_protocol(row) := object.get(_names, name, name) if name := lower(object.get(row, "protocol", "any"))

_names := {"all": "any", "0": "any", "6": "tcp", "17": "udp", "tcp6": "tcp", "udp6": "udp"}

_listed(socket, approved) if {
	some one in approved
	one.port == socket.port
	one.protocol == _protocol(socket)
}

_all_approved(protocol, ports, approved) if {
	every one in split(ports, ",") {
		_approved(protocol, one, approved)
	}
}

_approved(protocol, port, approved) if {
	regex.match(`^[1-9][0-9]{0,4}$`, port)
	number := to_number(port)
	some one in approved
	one.port == number
	one.protocol == protocol
}

# A range is approved when it holds as many approved ports as it is long.
_approved(protocol, range, approved) if {
	regex.match(`^[1-9][0-9]{0,4}:[1-9][0-9]{0,4}$`, range)
	[first, last] := [to_number(end) | some end in split(range, ":")]
	first <= last
	inside := {one.port |
		some one in approved
		one.protocol == protocol
		one.port >= first
		one.port <= last
	}
	count(inside) == (last - first) + 1
}

_inward(socket) if startswith(socket.address, "127.")

_inward(socket) if startswith(socket.address, "::ffff:127.")

_inward(socket) if socket.address == "::1"
