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
#   corroborates: [services.time]
#   missing_ok: {chrony.servers: ntp.servers, ntp.servers: chrony.servers}
#   site_optional: [literal_readings, ntp_servers]
#   gui: >-
#     Settings > Date and Time (NTP) > Time Source NTP, primary and secondary server, then Apply
#     and Save
#   remark: >-
#     The check wants several servers but calls it a finding only when there is none; the title
#     and the fix want at least two, and so does this rule. literal_readings is content with
#     one. The same host named twice, and all addresses of a pool, are one source. Which servers
#     are authoritative is the site's to say: where ntp_servers is set, no other may be used.
#     Where systemd knows chronyd or ntpd and neither runs, no source is followed.
package stig.ndm.v250999

import data.lib.clock
import data.lib.list
import data.lib.remedy
import data.lib.service

violations contains clock.few("chrony.servers", "chrony", input.chrony.servers, _least)

violations contains clock.few("ntp.servers", "ntpd", input.ntp.servers, _least)

violations contains list.unapproved("chrony.servers", "time source of chrony", i, clock.host(server), _approved) if {
	some i, server in input.chrony.servers
}

violations contains list.unapproved("ntp.servers", "time source of ntpd", i, clock.host(server), _approved) if {
	some i, server in input.ntp.servers
}

violations contains v if some v in service.stopped("services.time", "time", input.services.time)

remediation contains remedy.set(
	violations, "chrony.servers", clock.sources(input.chrony.servers, data.site.ntp_servers),
	"chrony then follows the site's time servers, and no other",
)

remediation contains remedy.set(
	violations, "ntp.servers", clock.sources(input.ntp.servers, data.site.ntp_servers),
	"ntpd then follows the site's time servers, and no other",
)

default _least := 2

_least := 1 if "V-250999" in data.site.literal_readings

_approved := {clock.host({"host": host}) | some host in data.site.ntp_servers} if data.site.ntp_servers
