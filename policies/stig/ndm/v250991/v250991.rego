# METADATA
# scope: package
# title: Passwords hold a lower-case letter
# custom:
#   rule: V-250991
#   stig_id: MOIS-ND-000440
#   benchmark: ndm
#   severity: medium
#   srg: SRG-APP-000167-NDM-000255
#   ccis: [CCI-000193, CCI-004066]
#   requires: [mics.password_policy.lower_required]
#   corroborates: [pwquality.lcredit, pwquality.minclass]
#   gui: Security > Identity Source > Password Policy > Lower Case, then Apply
#   remark: >-
#     Passwords are always used on the command line, so the rule is never not applicable,
#     whatever signs in to the System Manager. The text writes the way to the page in several
#     forms: with Identity Source in it or not, Password or Password Policy. One page is meant.
package stig.ndm.v250991

import data.lib.flag
import data.lib.number
import data.lib.remedy

violations contains flag.off(
	"mics.password_policy.lower_required", "lower-case letter requirement",
	input.mics.password_policy.lower_required,
)

violations contains number.above("pwquality.lcredit", "pwquality lcredit", input.pwquality.lcredit, -1) if {
	input.pwquality.lcredit != null
	not input.pwquality.minclass == 4 # all four classes, whatever the credit
}

remediation contains remedy.set(violations, "pwquality.lcredit", -1, "pam_pwquality then demands a lower-case letter")
