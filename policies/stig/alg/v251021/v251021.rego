# METADATA
# scope: package
# title: ISSO and SCA hear of a failing audit
# custom:
#   rule: V-251021
#   stig_id: MOIS-AL-000260
#   benchmark: alg
#   severity: low
#   srg: SRG-NET-000088-ALG-000054
#   ccis: [CCI-000139]
#   requires: [mics.alerts.enabled, mics.alerts.recipients]
#   gui: >-
#     Monitoring > Alert Configuration > Send Notifications, Email List, Alert Notification
#     Management
#   remark: >-
#     The title names ISSO and SCA, the steps name ISSM and SCA, V-251035 all three: all three
#     have to be recipients. Which alerts are sent, set in Alert Notification Management, is the
#     organisation's to say and is not read.
package stig.alg.v251021

import data.lib.alerts

violations contains violation if some violation in alerts.violations
