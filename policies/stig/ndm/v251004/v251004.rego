# METADATA
# scope: package
# title: Backups of the appliance are scheduled
# custom:
#   rule: V-251004
#   stig_id: MOIS-ND-000950
#   benchmark: ndm
#   severity: low
#   srg: SRG-APP-000516-NDM-000340
#   ccis: [CCI-000366, CCI-000537]
#   off_box:
#     - fact: core.backup_schedule
#       ask: The virtualisation platform backs up this appliance's virtual machine by a schedule.
#   gui: >-
#     None on the appliance: on the virtualisation platform, schedule backups of its machine
#   remark: >-
#     The title wants a backup when something changes, the check a schedule. The schedule is
#     asked for; whether a change starts a backup as well, people have to see for themselves.
package stig.ndm.v251004
