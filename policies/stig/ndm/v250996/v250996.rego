# METADATA
# scope: package
# title: An idle CLI session ends after 10 minutes
# custom:
#   rule: V-250996
#   stig_id: MOIS-ND-000550
#   benchmark: ndm
#   severity: high
#   srg: SRG-APP-000190-NDM-000267
#   ccis: [CCI-001133]
#   requires: [mics.cli.session_timeout_minutes]
#   site_optional: [literal_readings]
#   gui: Settings > CLI > CLI Session Timeout(minutes) 10, then Apply
#   cli: timeout (in the sister product Core, not confirmed for Sentry)
#   remark: >-
#     Title and fix say 10 minutes, the check says greater than 10, by which the fix's own value
#     would be a finding. 1 to 10 passes here; literal_readings asks for more than 10. Assessors
#     should know that the check's sentence disagrees.
package stig.ndm.v250996

import data.lib.number

violations contains number.outside(
	"mics.cli.session_timeout_minutes", "CLI session timeout in minutes",
	input.mics.cli.session_timeout_minutes, 1, 10,
) if {
	not _literal
}

violations contains number.below(
	"mics.cli.session_timeout_minutes", "CLI session timeout in minutes",
	input.mics.cli.session_timeout_minutes, 11,
) if {
	_literal
}

remarks contains "the System Manager's own idle timeout is over the 10 minutes that the title asks of every session" if {
	input.mics.portal.idle_timeout_minutes > 10
}

_literal if "V-250996" in data.site.literal_readings
