# METADATA
# scope: package
# title: TLS protocol lists
package lib.tls

import data.lib.violation

# only_12 is what TLS 1.2 is called, in lower case.
only_12 := {"tlsv1.2", "tls1.2", "tls 1.2"}

# with_13 is only_12 with TLS 1.3 besides.
with_13 := only_12 | {"tlsv1.3", "tls1.3", "tls 1.3"}

# faults are the violations of a protocol list: TLS 1.2 must be on, and nothing
# that is not allowed. The usual good list goes the short way, to none.
faults(fact, label, null, _) := {violation.unset(fact, "TLSv1.2", sprintf("%s protocol list", [label]), "TLSv1.2")}

faults(fact, label, protocols, allowed) := _extra(fact, label, protocols, allowed) | _lacking(fact, label, protocols) if {
	protocols != null
	concat(" ", protocols) != "TLSv1.2"
}

# weak_legs are the violations of Sentry's four configurations: TLS 1.2 must be
# on and nothing older; 1.3 besides is fine. A rule that uses it declares
# requires: mics.tls.{incoming,outgoing,uem,access}.protocols, each written out, and
# corroborates: probe.incoming_on, probe.incoming_off.
weak_legs contains v if some v in faults("mics.tls.incoming.protocols", "Incoming SSL", input.mics.tls.incoming.protocols, with_13)

weak_legs contains v if some v in faults("mics.tls.outgoing.protocols", "Outgoing SSL", input.mics.tls.outgoing.protocols, with_13)

weak_legs contains v if some v in faults("mics.tls.uem.protocols", "UEM SSL", input.mics.tls.uem.protocols, with_13)

weak_legs contains v if some v in faults("mics.tls.access.protocols", "Access SSL", input.mics.tls.access.protocols, with_13)

weak_legs contains v if some v in seen(with_13)

# seen are the violations that port 443 shows when it is asked: a version that it
# speaks and should not, TLS 1.2 refused by name. Silence says nothing. A rule
# that uses it declares corroborates: probe.incoming_on, probe.incoming_off.
seen(allowed) := {fault |
	some i, version in input.probe.incoming_on
	not lower(version) in allowed
	fault := violation.item("probe.incoming_on", i, "TLSv1.2", sprintf("port 443 speaks %s, must refuse it", [version]))
} | {fault |
	some i, version in input.probe.incoming_off
	lower(version) in only_12
	fault := violation.item("probe.incoming_off", i, "TLSv1.2 on", "port 443 refuses TLSv1.2, must speak it")
}

# beyond tells a protocol list that has one that is not allowed.
beyond(protocols, allowed) if {
	some protocol in protocols
	not lower(trim_space(protocol)) in allowed
}

_extra(fact, label, protocols, allowed) := {fault |
	some i, protocol in protocols
	not lower(protocol) in allowed
	fault := violation.item(
		fact, i, "TLSv1.2",
		sprintf("%s has %s on, must be off", [label, protocol]),
	)
}

_lacking(fact, label, protocols) := {fault |
	not _has_12(protocols)
	fault := violation.of(fact, "TLSv1.2", sprintf("%s has TLSv1.2 off, must be on", [label]))
}

_has_12(protocols) if {
	some protocol in protocols
	lower(protocol) in only_12
}
