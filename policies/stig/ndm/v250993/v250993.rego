# METADATA
# scope: package
# title: Passwords hold a special character
# custom:
#   rule: V-250993
#   stig_id: MOIS-ND-000460
#   benchmark: ndm
#   severity: medium
#   srg: SRG-APP-000169-NDM-000257
#   ccis: [CCI-001619, CCI-004066]
#   requires: [mics.password_policy.special_required]
#   corroborates: [pwquality.ocredit, pwquality.minclass]
#   gui: Security > Identity Source > Password Policy > Special Character, then Apply
#   remark: >-
#     Passwords are always used on the command line, so the rule is never not applicable,
#     whatever signs in to the System Manager. The text writes the way to the page in several
#     forms: with Identity Source in it or not, Password or Password Policy. One page is meant.
package stig.ndm.v250993

import data.lib.flag
import data.lib.number
import data.lib.remedy

violations contains flag.off(
	"mics.password_policy.special_required", "special character requirement",
	input.mics.password_policy.special_required,
)

violations contains number.above("pwquality.ocredit", "pwquality ocredit", input.pwquality.ocredit, -1) if {
	input.pwquality.ocredit != null
	not input.pwquality.minclass == 4 # all four classes, whatever the credit
}

remediation contains remedy.set(violations, "pwquality.ocredit", -1, "pam_pwquality then demands a special character")
