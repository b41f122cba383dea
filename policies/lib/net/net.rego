# METADATA
# scope: package
# title: Addresses, networks and what the firewall lets through to a port
# description: |-
#   A built-in on a malformed address is an error in stigwatch, so each text is
#   asked for its form first: one that is no address lies in no network.
package lib.net

# used tells the address of an interface in use: set, and not the box itself.
used(address) if {
	_is_address(address)
	not startswith(address, "127.")
	not address in {"0.0.0.0", "::", "::1"}
}

# covers tells that an address, or all of a network, lies in a network. Each may
# be an address, a CIDR, or written with a mask as 192.0.2.0/255.255.255.0. The
# same text, a host name perhaps, covers itself.
covers(network, address) if lower(network) == lower(address)

covers(network, address) if {
	lower(network) != lower(address)
	net.cidr_contains(_cidr(network), _cidr(address))
}

# outside are the addresses that lie in none of the networks.
outside(networks, addresses) := {address |
	some address in addresses
	not _in_any(networks, address)
}

# everything tells a network that holds every address.
everything(network) if endswith(_cidr(network), "/0")

# reach tells, in sentences, whether the firewall keeps a TCP port to ranges of
# addresses. Rules that are absent, or a policy that is, give no good news.
reach(rules, policy, port, ranges) := _kept(found, rules, policy, port) | (_let_in(found, port) | _let_all(rules, policy, port)) if {
	found := leaks(rules, port, ranges)
}

# leaks are the indexes of the firewall rules by which a new TCP connection from
# outside the ranges may reach a port. What cannot be told counts as may: a jump
# to another chain, a negation, a port by name.
leaks(rules, port, ranges) := {i |
	some i, rule in rules
	_may_admit(rule, port)
	not _limited(rule, ranges)
	not sealed(array.slice(rules, 0, i), port)
}

# sealed tells firewall rules of which one refuses a TCP port to everybody.
sealed(rules, port) if {
	some rule in rules
	upper(rule.target) in {"DROP", "REJECT"}
	not _narrowed(rule)
	_tcp(rule)
	_names(rule, port)
}

_kept(found, rules, policy, port) := {sprintf("the firewall keeps port %d to the management ranges", [port]) |
	rules != null
	count(found) == 0
	_shut(rules, policy, port)
}

_let_in(found, port) := {sentence |
	some i in found
	sentence := sprintf("firewall rule %d of INPUT may let others than the management ranges reach port %d", [i + 1, port])
}

_let_all(rules, policy, port) := {sprintf("the firewall lets everybody reach port %d: INPUT ends in ACCEPT", [port]) |
	rules != null
	policy == "ACCEPT"
	not sealed(rules, port)
}

_shut(_, policy, _) if policy in {"DROP", "REJECT"}

_shut(rules, _, port) if sealed(rules, port)

_may_admit(rule, port) if {
	target := upper(rule.target) # a rule without one only counts
	not target in _undecided
	not _misses(rule, port)
}

# _undecided are the targets that refuse a packet, or leave it to later rules.
_undecided := {"DROP", "REJECT", "LOG", "NFLOG"}

# _misses tells a rule that does not hold for what comes to the port anew from
# elsewhere. Which condition a negation is of is not known.
_misses(rule, port) if {
	not rule.negated
	_elsewhere(rule, port)
}

_elsewhere(rule, _) if rule.interface == "lo"

_elsewhere(rule, _) if not contains(upper(rule.state), "NEW")

_elsewhere(rule, _) if not _tcp(rule)

_elsewhere(rule, port) if not _may_name(rule, port)

_elsewhere(rule, _) if covers("127.0.0.0/8", rule.source)

_limited(rule, ranges) if {
	not rule.negated
	_in_any(ranges, rule.source)
}

_narrowed(rule) if rule.negated

_narrowed(rule) if rule.more

_narrowed(rule) if not everything(rule.source)

_narrowed(rule) if rule.interface

_narrowed(rule) if rule.state

_tcp(rule) if lower(object.get(rule, "protocol", "all")) in {"all", "0", "tcp", "6"}

_may_name(rule, port) if _names(rule, port)

_may_name(rule, _) if {
	some part in split(rule.ports, ",")
	not regex.match(`^\d{0,5}:?\d{0,5}$`, part)
}

_names(rule, _) if not rule.ports

_names(rule, port) if {
	some part in split(rule.ports, ",")
	regex.match(`^\d{1,5}$`, part)
	to_number(part) == port
}

_names(rule, port) if {
	some part in split(rule.ports, ",")
	regex.match(`^\d{0,5}:\d{0,5}$`, part)
	[first, last] := split(part, ":")
	_bound(first, 0) <= port
	port <= _bound(last, 65535)
}

_bound("", open) := open

_bound(text, _) := to_number(text) if text != ""

# _cidr is the one way in which built-ins take any of them. 128 bits come before
# 32, since only the longer address takes both.
_cidr(text) := text if {
	net.cidr_is_valid(text)
} else := concat("/", [text, "128"]) if {
	net.cidr_is_valid(concat("/", [text, "128"]))
} else := concat("/", [text, "32"]) if {
	net.cidr_is_valid(concat("/", [text, "32"]))
} else := cidr if {
	[address, mask] := split(text, "/")
	cidr := sprintf("%s/%d", [address, _length(mask)])
	net.cidr_is_valid(cidr)
}

_in_any(networks, address) if {
	some network in networks
	covers(network, address)
}

_is_address(text) if {
	_cidr(text)
	not contains(text, "/")
}

# _length is the number of ones in a mask, which all stand first.
_length(mask) := sum([_ones[octet] | some octet in octets]) if {
	octets := split(mask, ".")
	count(octets) == 4
	regex.match(`^(255\.)*[0-9]+(\.0)*$`, mask)
	every octet in octets {
		_ones[octet]
	}
}

_ones := {"0": 0, "128": 1, "192": 2, "224": 3, "240": 4, "248": 5, "252": 6, "254": 7, "255": 8}
