# METADATA
# scope: package
# title: Audit records leave for the log servers, to tell who it was
# custom:
#   rule: V-251020
#   stig_id: MOIS-AL-000250
#   benchmark: alg
#   severity: low
#   srg: SRG-NET-000079-ALG-000048
#   ccis: [CCI-001487]
#   requires: [mics.syslog.servers, rsyslog.forwards]
#   corroborates: [services.syslog]
#   applied: {rsyslog.forwards: mics.syslog.servers}
#   gui: >-
#     Settings > Syslog > each log server: address, port, Facility Type Audit, Admin State
#     Enable, then Apply
#   remark: >-
#     The check's first sentence asks for the outcome, as V-251019 does; the title asks who. By
#     the vendor's format a record holds this in userID, deviceID and applicationId; what records
#     hold is not read, only that they leave for the log servers. One answer serves all ten rules
#     about this setting, nine rated low and one high, though their checks differ in what they
#     look at.
package stig.alg.v251020

import data.lib.syslog

violations contains violation if some violation in syslog.violations

remediation contains remedy if some remedy in syslog.remediation
