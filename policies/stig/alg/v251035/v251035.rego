# METADATA
# scope: package
# title: Only ISSO, ISSM and SCA get the error messages
# custom:
#   rule: V-251035
#   stig_id: MOIS-AL-001200
#   benchmark: alg
#   severity: low
#   srg: SRG-NET-000402-ALG-000130
#   ccis: [CCI-001314]
#   requires: [mics.alerts.enabled, mics.alerts.recipients]
#   gui: >-
#     Monitoring > Alert Configuration > Send Notifications, Email List with ISSO, ISSM and SCA
#     alone, Alert Notification Management
#   remark: >-
#     Errors leave the appliance as alerts, so who gets those is judged: all of the three roles,
#     as in V-251021, and nobody else. Which alerts are sent, set in Alert Notification
#     Management, is the organisation's to say and is not read.
package stig.alg.v251035

import data.lib.alerts

violations contains violation if some violation in alerts.violations

violations contains violation if some violation in alerts.strangers
