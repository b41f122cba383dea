# METADATA
# scope: package
# title: Audit records leave for the log servers, to tell how it ended
# custom:
#   rule: V-251019
#   stig_id: MOIS-AL-000240
#   benchmark: alg
#   severity: low
#   srg: SRG-NET-000078-ALG-000047
#   ccis: [CCI-000134]
#   requires: [mics.syslog.servers, rsyslog.forwards]
#   corroborates: [services.syslog]
#   applied: {rsyslog.forwards: mics.syslog.servers}
#   gui: >-
#     Settings > Syslog > each log server: address, port, Facility Type Audit, Admin State
#     Enable, then Apply
#   remark: >-
#     By the vendor's format a record holds this in action and in the response of the same
#     useCaseID; what records hold is not read, only that they leave for the log servers. One
#     answer serves all ten rules about this setting, nine rated low and one high, though their
#     checks differ in what they look at.
package stig.alg.v251019

import data.lib.syslog

violations contains violation if some violation in syslog.violations

remediation contains remedy if some remedy in syslog.remediation
