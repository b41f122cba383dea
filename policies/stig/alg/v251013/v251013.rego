# METADATA
# scope: package
# title: The four TLS configurations of Sentry allow TLS 1.2 only
# custom:
#   rule: V-251013
#   stig_id: MOIS-AL-000180
#   benchmark: alg
#   severity: medium
#   srg: SRG-NET-000062-ALG-000150
#   ccis: [CCI-000068]
#   requires:
#     - mics.tls.incoming.protocols
#     - mics.tls.outgoing.protocols
#     - mics.tls.uem.protocols
#     - mics.tls.access.protocols
#   corroborates: [probe.incoming_on, probe.incoming_off]
#   site_optional: [accept_tls13]
#   applied: {probe.incoming_on: mics.tls.incoming.protocols}
#   gui: >-
#     Settings > Services > Sentry > Incoming, Outgoing, UEM (EMM) and Access SSL Configuration >
#     Protocols: TLS 1.2 only, then Apply
#   remark: >-
#     TLS 1.3 beside 1.2 is a finding to the letter, though SP 800-52 asks for it; accept_tls13
#     accepts it. Ports 8443 and 9090 are httpd's and none of the four, so they are a remark
#     only; "httpd protocol tlsv1.2" after "configure terminal" sets those two (it asks, and
#     restarts httpd). The vendor calls the UEM's configuration EMM. Where the UEM is Neurons,
#     Outgoing is set in its profile and has to be attested.
package stig.alg.v251013

import data.lib.tls

violations contains v if some v in tls.faults("mics.tls.incoming.protocols", "Incoming SSL", input.mics.tls.incoming.protocols, _allowed)

violations contains v if some v in tls.faults("mics.tls.outgoing.protocols", "Outgoing SSL", input.mics.tls.outgoing.protocols, _allowed)

violations contains v if some v in tls.faults("mics.tls.uem.protocols", "UEM SSL", input.mics.tls.uem.protocols, _allowed)

violations contains v if some v in tls.faults("mics.tls.access.protocols", "Access SSL", input.mics.tls.access.protocols, _allowed)

violations contains v if some v in tls.seen(_allowed)

remarks contains "port 8443 speaks more than TLS 1.2" if tls.beyond(input.probe.portal_on, _allowed)

remarks contains "port 9090 speaks more than TLS 1.2" if tls.beyond(input.probe.uem_on, _allowed)

remarks contains "httpd has more than TLS 1.2 on for port 8443" if tls.beyond(input.httpd.portal_protocols, _allowed)

remarks contains "httpd has more than TLS 1.2 on for port 9090" if tls.beyond(input.httpd.uem_protocols, _allowed)

remarks contains sprintf("\"show httpd protocol\" shows more than TLS 1.2 for port %d", [row.port]) if {
	some row in input.captures.httpd_protocols
	tls.beyond(split(row.protocols, ","), _allowed)
}

_allowed := tls.with_13 if {
	data.site.accept_tls13
} else := tls.only_12
