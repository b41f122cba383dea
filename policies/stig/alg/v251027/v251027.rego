# METADATA
# scope: package
# title: 'Certificate validation: TLS 1.2 on all four legs'
# custom:
#   rule: V-251027
#   stig_id: MOIS-AL-000420
#   benchmark: alg
#   severity: medium
#   srg: SRG-NET-000164-ALG-000100
#   ccis: [CCI-000185]
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
#     The title asks that certificates are validated up their path, the check only for TLS 1.2.
#     This follows the check, so a pass does not prove the title, with anything below 1.2 open
#     and 1.3 beside it fine. By the vendor, strict TLS is off by default for Outgoing and for
#     UEM with Core, on for Access and with Neurons. Where the UEM is Neurons, Outgoing is set in
#     its profile and has to be attested.
package stig.alg.v251027

import data.lib.tls

violations contains violation if some violation in tls.weak_legs

remarks contains "that certificates are validated hangs on strict TLS, whose state is not read: look at it in each configuration"
