# METADATA
# scope: package
# title: Audit records leave the box for the site's log servers
# description: |-
#   One answer for every rule that asks for it, so that they never split. The
#   System Manager must list each of the site's log servers, enabled and with
#   Audit; rsyslog must forward to each, before any line that discards all, and
#   must not be stopped, where systemd can say so.
#   A rule that uses it declares
#   requires: [mics.syslog.servers, rsyslog.forwards]
#   corroborates: [services.syslog]
package lib.syslog

import data.lib.list
import data.lib.remedy
import data.lib.service
import data.lib.violation

# violations of the offloading. The first of a fact need no site profile.
violations contains list.empty("mics.syslog.servers", "syslog server list", input.mics.syslog.servers)

violations contains violation.of(
	"mics.syslog.servers", ">= 1 enabled server with Audit",
	"no syslog server is enabled with Audit, must be at least one",
) if {
	list.filled(input.mics.syslog.servers)
	not _any_usable
}

violations contains violation.of(
	"mics.syslog.servers", address(wanted),
	sprintf("log server %s is not listed", [address(wanted)]),
) if {
	some wanted in _unserved
	not _listed(wanted)
}

violations contains violation.item(
	"mics.syslog.servers", i, "enabled, with Audit",
	sprintf("log server %s %s", [address(wanted), fault(server)]),
) if {
	some wanted in _unserved
	some i, server in input.mics.syslog.servers
	same(server, wanted)
}

violations contains list.empty("rsyslog.forwards", "rsyslog forwarding list", input.rsyslog.forwards)

violations contains violation.of(
	"rsyslog.forwards", ">= 1 forward in effect",
	"rsyslog discards everything before it forwards, must forward",
) if {
	list.filled(input.rsyslog.forwards)
	not _any_forward
}

violations contains violation.of(
	"rsyslog.forwards", address(wanted),
	sprintf("rsyslog does not forward to %s", [address(wanted)]),
) if {
	some wanted in data.site.syslog_servers
	list.filled(input.rsyslog.forwards)
	not _forwarded(wanted)
}

violations contains v if some v in service.stopped("services.syslog", "syslog", input.services.syslog)

# remediation has rsyslog forward to each of the site's servers, beside what it
# forwards to already. A forward to one of them that never gets a message is
# written anew.
remediation contains remedy.set(
	violations, "rsyslog.forwards",
	array.concat(
		[forward | some forward in _forwards; not _idle(forward)],
		[wanted | some wanted in data.site.syslog_servers; not _forwarded(wanted)],
	),
	"rsyslog then forwards to each of the site's log servers",
) if {
	count(data.site.syslog_servers) > 0
}

# usable tells a server that gets audit records and can be another machine.
usable(server) if {
	server.enabled
	server.audit
	_plausible(server)
}

# fault says why a listed server is not usable.
fault(server) := "is disabled, must be enabled" if {
	not server.enabled
} else := "is without Audit, must have it" if {
	not server.audit
} else := "has no plausible address" if {
	not _plausible(server)
}

# same tells whether an entry means the wanted server. An entry that says
# nothing of the protocol means either.
same(server, wanted) if {
	server.port == wanted.port
	_alike(server.host, wanted.host)
	_alike(object.get(server, "protocol", wanted.protocol), wanted.protocol)
}

# address writes a server in one word.
address(server) := sprintf("%s:%d/%s", [server.host, server.port, server.protocol])

# _unserved are the site's servers that the System Manager lists, if any, but
# not as it should.
_unserved := {wanted |
	list.filled(input.mics.syslog.servers)
	some wanted in data.site.syslog_servers
	not _served(wanted)
}

_any_usable if {
	some server in input.mics.syslog.servers
	usable(server)
}

_any_forward if {
	some forward in input.rsyslog.forwards
	not forward.shadowed
}

_listed(wanted) if {
	some server in input.mics.syslog.servers
	same(server, wanted)
}

_served(wanted) if {
	some server in input.mics.syslog.servers
	same(server, wanted)
	usable(server)
}

_forwarded(wanted) if {
	some forward in input.rsyslog.forwards
	not forward.shadowed
	forward.protocol
	same(forward, wanted)
}

_alike(text, text)

_alike(one, other) if {
	one != other
	lower(one) == lower(other)
}

_plausible(server) if {
	server.port > 0
	server.port < 65536
	not startswith(server.host, "127.")
	not lower(server.host) in {"", "localhost", "::1", "0.0.0.0"}
}

_forwards := input.rsyslog.forwards if input.rsyslog.forwards != null

_forwards := [] if is_null(input.rsyslog.forwards)

_idle(forward) if {
	forward.shadowed
	some wanted in data.site.syslog_servers
	same(forward, wanted)
}
