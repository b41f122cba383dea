# METADATA
# scope: package
# title: ISSO, ISSM and SCA get an alert when auditing fails
# custom:
#   rule: V-251021
#   stig_id: MOIS-AL-000260
#   benchmark: alg
#   severity: low
#   srg: SRG-NET-000088-ALG-000054
#   ccis: [CCI-000139]
#   requires: [mics.alerts.enabled, mics.alerts.recipients]
#   off_box:
#     - fact: mics.alerts.audit_failure_notified
#       ask: >-
#         Monitoring > Alert Configuration > Alert Notification Management sends a notification
#         for every alert that tells of a failure of auditing.
#   gui: >-
#     Monitoring > Alert Configuration > Send Notifications, Email List with ISSO, ISSM and SCA,
#     Alert Notification Management
#   remark: >-
#     The title names ISSO and SCA, the steps name ISSM and SCA, V-251035 all three: all three
#     have to be recipients. The text's one finding sentence is about Alert Notification
#     Management, which alerts are sent: no public source says where the appliance keeps it, so a
#     person has to say.
package stig.alg.v251021

import data.lib.alerts

violations contains violation if some violation in alerts.violations
