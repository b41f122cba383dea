# METADATA
# scope: package
# title: The CLI allows no more SSH sessions at once than the site says, 1 to 10
# custom:
#   rule: V-250982
#   stig_id: MOIS-ND-000020
#   benchmark: ndm
#   severity: medium
#   srg: SRG-APP-000001-NDM-000200
#   ccis: [CCI-000054]
#   requires: [mics.cli.max_ssh_sessions]
#   corroborates: [limits.max_system_logins, limits.max_logins]
#   gui: Settings > CLI > Max SSH Sessions, the site's number (1 to 10), then Apply and Save
#   remark: >-
#     The number itself is the site's to set (max_ssh_sessions). The limits of the operating
#     system must not be higher.
package stig.ndm.v250982

import data.lib.number
import data.lib.remedy

violations contains number.outside(
	"mics.cli.max_ssh_sessions", "maximum of SSH sessions",
	input.mics.cli.max_ssh_sessions, 1, _most,
)

violations contains number.outside(
	"limits.max_system_logins", "limit of sign-ins to the system",
	input.limits.max_system_logins, 0, _most,
) if {
	input.limits.max_system_logins != null
}

violations contains number.outside(
	"limits.max_logins", "limit of sign-ins of one user",
	input.limits.max_logins, 0, _most,
) if {
	input.limits.max_logins != null
}

remarks contains sprintf(
	"sshd MaxSessions is %d and counts channels in one connection, not sign-ins, so it is not judged",
	[input.sshd.max_sessions],
) if {
	input.sshd.max_sessions != null
}

remediation contains remedy.set(violations, "limits.max_system_logins", _most, "no more then sign in at once")

remediation contains remedy.set(violations, "limits.max_logins", _most, "no user then signs in more often")

# More than ten is wrong at every site, so it shows without a site profile too.
default _most := 10

_most := min({10, data.site.max_ssh_sessions})
