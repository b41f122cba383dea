# METADATA
# scope: package
# title: Audit failures raise alerts, and ISSO, ISSM and SCA get them
# custom:
#   rule: V-250998
#   stig_id: MOIS-ND-000690
#   benchmark: ndm
#   severity: low
#   srg: SRG-APP-000360-NDM-000295
#   ccis: [CCI-001858]
#   requires: [mics.alerts.enabled, mics.alerts.recipients]
#   gui: >-
#     Monitoring > Alert Configuration > Send Notification, Email List with ISSO, ISSM and SCA,
#     Alert Notification Management, then Apply and Save
#   remark: >-
#     The check asks only whether alerts are configured. That is read as in V-251021 and
#     V-251035: notification is on and everybody of alert_recipients gets it. What is done for
#     which alert ID is the organisation's to say and is not read. Who gets alerts besides is
#     V-251035's.
package stig.ndm.v250998

import data.lib.alerts

violations contains violation if some violation in alerts.violations
