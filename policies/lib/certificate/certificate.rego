# METADATA
# scope: package
# title: Certificates
# description: |-
#   Dates and trust are judged before Rego sees them; a field that is not there
#   counts as bad.
package lib.certificate

import data.lib.violation

# faults are the violations of a certificate whatever it is for. That it comes from
# none of the approved CAs shows where the site has named them.
faults(fact, label, certificate) := (own | old) | foreign if {
	own := {v | v := self_signed(fact, label, certificate)}
	old := {v | v := expired(fact, label, certificate)}
	foreign := {v | v := untrusted(fact, label, certificate, data.site.approved_cas)}
}

# unset is the violation of a certificate that is absent.
unset(fact, label, certificate) := violation.unset(fact, "a certificate", label, "from an approved CA") if {
	is_null(certificate)
}

# self_signed is the violation of a certificate that vouches for itself.
self_signed(fact, label, certificate) := violation.wrong(
	fact, "issued by an approved CA",
	label, "self-signed", "issued by an approved CA",
) if {
	_is_self_signed(certificate)
}

# expired is the violation of a certificate that is not valid now.
expired(fact, label, certificate) := violation.wrong(fact, "in date", label, "out of date", "in date") if {
	certificate != null
	not certificate.in_date
}

# untrusted is the violation of a certificate that leads to none of the approved CAs.
untrusted(fact, label, certificate, _) := violation.wrong(
	fact, "issued by an approved CA",
	label, sprintf("not trusted (%s)", [object.get(certificate, "problem", "no chain to an approved CA")]),
	"issued by an approved CA",
) if {
	certificate != null
	not certificate.trusted
	not _is_self_signed(certificate)
}

# unlike is the violation of a certificate that is served in place of the one that
# was read. A server with two kinds of keys shows one certificate to each client, so
# only certificates for the same kind of key are compared.
unlike(fact, label, served, read) := violation.of(
	fact, sprintf("SHA-256 %s", [read.fingerprint]),
	sprintf("%s is not the one that was read, must be the same", [label]),
) if {
	served.key == read.key
	served.fingerprint != read.fingerprint
}

_is_self_signed(certificate) if {
	certificate != null
	not certificate.self_signed == false
}

# asked tells whether a port asks for a client certificate in its first answer. One
# that does not may do so later.
asked(port, true) := sprintf("%s asks for a client certificate when a handshake begins", [port])

asked(port, false) := sprintf("%s asks for no client certificate when a handshake begins; it may still ask later, of some paths only", [port])
