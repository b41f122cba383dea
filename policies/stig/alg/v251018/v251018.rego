# METADATA
# scope: package
# title: Audit records leave for the log servers, to tell where it came from
# custom:
#   rule: V-251018
#   stig_id: MOIS-AL-000230
#   benchmark: alg
#   severity: low
#   srg: SRG-NET-000077-ALG-000046
#   ccis: [CCI-000133]
#   requires: [mics.syslog.servers, rsyslog.forwards]
#   corroborates: [services.syslog]
#   applied: {rsyslog.forwards: mics.syslog.servers}
#   gui: >-
#     Settings > Syslog > each log server: address, port, Facility Type Audit, Admin State
#     Enable, then Apply
#   remark: >-
#     By the vendor's format a record holds this in clientHost, clientPort and forwardedFor; what
#     records hold is not read, only that they leave for the log servers. One answer serves all
#     ten rules about this setting, nine rated low and one high, though their checks differ in
#     what they look at.
package stig.alg.v251018

import data.lib.syslog

violations contains violation if some violation in syslog.violations

remediation contains remedy if some remedy in syslog.remediation
