# METADATA
# scope: package
# title: Audit records are kept on another system
# custom:
#   rule: V-251002
#   stig_id: MOIS-ND-000900
#   benchmark: ndm
#   severity: low
#   srg: SRG-APP-000515-NDM-000325
#   ccis: [CCI-001851]
#   requires: [mics.syslog.servers, rsyslog.forwards]
#   corroborates: [services.syslog]
#   applied: {rsyslog.forwards: mics.syslog.servers}
#   gui: >-
#     Settings > Syslog > each log server: address, port, Facility Type Audit, Admin State
#     Enable, then Apply
#   remark: >-
#     The same setting is rated low nine times and high once, and the checks differ in what they
#     look at (facility, admin state). One answer serves them all. Which facility Audit is
#     written to is not public, so the selector of a forwarding line is not judged.
package stig.ndm.v251002

import data.lib.syslog

violations contains violation if some violation in syslog.violations

remediation contains remedy if some remedy in syslog.remediation
