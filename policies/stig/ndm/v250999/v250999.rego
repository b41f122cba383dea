# METADATA
# scope: package
# title: The clock follows at least two time servers
# custom:
#   rule: V-250999
#   stig_id: MOIS-ND-000700
#   benchmark: ndm
#   severity: medium
#   srg: SRG-APP-000373-NDM-000298
#   ccis: [CCI-000366, CCI-001893, CCI-004928]
#   requires: [chrony.servers, ntp.servers]
#   missing_ok: {chrony.servers: ntp.servers, ntp.servers: chrony.servers}
#   site_optional: [literal_readings]
#   gui: >-
#     Settings > Date and Time (NTP) > Time Source NTP, primary and secondary server, then Apply
#     and Save
#   remark: >-
#     The check wants several servers but calls it a finding only when there is none; the title
#     and the fix want at least two, and so does this rule. literal_readings is content with
#     one. The same host named twice, and all addresses of a pool, are one source.
package stig.ndm.v250999

import data.lib.clock

violations contains clock.few("chrony.servers", "chrony", input.chrony.servers, _least)

violations contains clock.few("ntp.servers", "ntpd", input.ntp.servers, _least)

default _least := 2

_least := 1 if "V-250999" in data.site.literal_readings
