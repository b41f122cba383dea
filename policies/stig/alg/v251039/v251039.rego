# METADATA
# scope: package
# title: Audit records leave for a central log server in real time
# custom:
#   rule: V-251039
#   stig_id: MOIS-AL-001370
#   benchmark: alg
#   severity: low
#   srg: SRG-NET-000511-ALG-000051
#   ccis: [CCI-001851]
#   requires: [mics.syslog.servers, rsyslog.forwards]
#   corroborates: [services.syslog]
#   applied: {rsyslog.forwards: mics.syslog.servers}
#   gui: >-
#     Settings > Syslog > each log server: address, port, Facility Type Audit, Admin State
#     Enable, then Apply
#   remark: >-
#     The check asks for no more than the other rules about this setting: nothing measures how
#     soon a record leaves, and rsyslog's queues are not read. One answer serves all ten rules
#     about this setting, nine rated low and one high, though their checks differ in what they
#     look at. Which facility Audit is written to is not public, so the selector of a forwarding
#     line is not judged.
package stig.alg.v251039

import data.lib.syslog

violations contains violation if some violation in syslog.violations

remediation contains remedy if some remedy in syslog.remediation
