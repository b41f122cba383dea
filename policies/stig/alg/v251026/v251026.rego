# METADATA
# scope: package
# title: 'Device sign-in resists replay: TLS 1.2 on all four legs'
# custom:
#   rule: V-251026
#   stig_id: MOIS-AL-000410
#   benchmark: alg
#   severity: medium
#   srg: SRG-NET-000147-ALG-000095
#   ccis: [CCI-001941, CCI-001942]
#   requires:
#     - mics.tls.incoming.protocols
#     - mics.tls.outgoing.protocols
#     - mics.tls.uem.protocols
#     - mics.tls.access.protocols
#   corroborates: [probe.incoming_on, probe.incoming_off]
#   applied: {probe.incoming_on: mics.tls.incoming.protocols}
#   gui: >-
#     Settings > Services > Sentry > Incoming, Outgoing, UEM (EMM) and Access SSL Configuration,
#     Protocols: TLS 1.2 on and older ones off, then Apply and Save
#   remark: >-
#     The check asks that TLS 1.2 is on and says nothing of older versions; this calls anything
#     below 1.2 open. 1.3 beside 1.2 passes, which V-251013 calls a finding to the letter. Where
#     the UEM is Neurons, Outgoing is set in its profile and has to be attested.
package stig.alg.v251026

import data.lib.tls

violations contains violation if some violation in tls.weak_legs
