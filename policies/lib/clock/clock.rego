# METADATA
# scope: package
# title: Time sources
package lib.clock

import data.lib.violation

# few is the violation of fewer distinct time sources than wanted. A pool is
# one source: whoever runs it answers for all of its addresses.
few(fact, label, null, least) := violation.of(
	fact, sprintf(">= %d hosts", [least]),
	sprintf("%s time sources are not set, must be at least %d", [label, least]),
)

few(fact, label, servers, least) := violation.of(
	fact, sprintf(">= %d hosts", [least]),
	sprintf("number of %s time sources is %d, must be at least %d", [label, found, least]),
) if {
	servers != null
	found := count({host(server) | some server in servers})
	found < least
}

# host is the name of a source elsewhere; the box itself is none.
host(server) := name if {
	name := trim_suffix(lower(server.host), ".")
	not startswith(name, "127.")
	not name in {"", "localhost", "::1"}
}

# sources are those of the approved hosts: as they are configured already, or as
# plain servers.
sources(null, approved) := [{"host": name, "kind": "server"} | some name in approved]

sources(servers, approved) := array.concat(
	[server | some server in servers; host(server) in _names(approved)],
	[{"host": name, "kind": "server"} |
		some name in approved
		not host({"host": name}) in {host(server) | some server in servers}
	],
) if {
	servers != null
}

_names(hosts) := {host({"host": name}) | some name in hosts}
