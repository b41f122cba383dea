# METADATA
# scope: package
# title: Passwords hold an upper-case letter
# custom:
#   rule: V-250990
#   stig_id: MOIS-ND-000430
#   benchmark: ndm
#   severity: medium
#   srg: SRG-APP-000166-NDM-000254
#   ccis: [CCI-000192, CCI-004066]
#   requires: [mics.password_policy.upper_required]
#   corroborates: [pwquality.ucredit, pwquality.minclass]
#   gui: Security > Identity Source > Password Policy > Upper Case, then Apply
#   remark: >-
#     Passwords are always used on the command line, so the rule is never not applicable,
#     whatever signs in to the System Manager. The text writes the way to the page in several
#     forms: with Identity Source in it or not, Password or Password Policy. One page is meant.
package stig.ndm.v250990

import data.lib.flag
import data.lib.number
import data.lib.remedy

violations contains flag.off(
	"mics.password_policy.upper_required", "upper-case letter requirement",
	input.mics.password_policy.upper_required,
)

violations contains number.above("pwquality.ucredit", "pwquality ucredit", input.pwquality.ucredit, -1) if {
	input.pwquality.ucredit != null
	not input.pwquality.minclass == 4 # all four classes, whatever the credit
}

remediation contains remedy.set(violations, "pwquality.ucredit", -1, "pam_pwquality then demands an upper-case letter")
