# METADATA
# scope: package
# title: Log data goes to the site's central log servers
# custom:
#   rule: V-251006
#   stig_id: MOIS-ND-000980
#   benchmark: ndm
#   severity: high
#   srg: SRG-APP-000516-NDM-000350
#   ccis: [CCI-002605]
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
package stig.ndm.v251006

import data.lib.syslog

violations contains violation if some violation in syslog.violations

remediation contains remedy if some remedy in syslog.remediation
