# METADATA
# scope: package
# title: An idle System Manager session is locked after 15 minutes
# custom:
#   rule: V-250984
#   stig_id: MOIS-ND-000050
#   benchmark: ndm
#   severity: medium
#   srg: SRG-APP-000003-NDM-000202
#   ccis: [CCI-000057]
#   requires: [mics.portal.idle_timeout_minutes]
#   site_optional: [literal_readings]
#   gui: Settings > Timeout > System Manager timeout 15, then Apply and Save
#   remark: >-
#     The check wants exactly 15, the title a lock after 15 minutes. A shorter time passes with
#     a remark; literal_readings asks for exactly 15.
package stig.ndm.v250984

import data.lib.number

violations contains number.outside(
	"mics.portal.idle_timeout_minutes", "idle timeout in minutes",
	input.mics.portal.idle_timeout_minutes, _least, 15,
)

remarks contains "idle timeout is shorter than the 15 minutes that the check names" if {
	input.mics.portal.idle_timeout_minutes >= 1
	input.mics.portal.idle_timeout_minutes < 15
}

default _least := 1

_least := 15 if "V-250984" in data.site.literal_readings
