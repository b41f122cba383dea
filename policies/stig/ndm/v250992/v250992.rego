# METADATA
# scope: package
# title: Passwords hold a digit
# custom:
#   rule: V-250992
#   stig_id: MOIS-ND-000450
#   benchmark: ndm
#   severity: medium
#   srg: SRG-APP-000168-NDM-000256
#   ccis: [CCI-000194, CCI-004066]
#   requires: [mics.password_policy.digit_required]
#   corroborates: [pwquality.dcredit, pwquality.minclass]
#   gui: Security > Identity Source > Password Policy > Numeric, then Apply
#   remark: >-
#     Passwords are always used on the command line, so the rule is never not applicable,
#     whatever signs in to the System Manager. The text writes the way to the page in several
#     forms: with Identity Source in it or not, Password or Password Policy. One page is meant.
package stig.ndm.v250992

import data.lib.flag
import data.lib.number
import data.lib.remedy

violations contains flag.off(
	"mics.password_policy.digit_required", "digit requirement",
	input.mics.password_policy.digit_required,
)

violations contains number.above("pwquality.dcredit", "pwquality dcredit", input.pwquality.dcredit, -1) if {
	input.pwquality.dcredit != null
	not input.pwquality.minclass == 4 # all four classes, whatever the credit
}

remediation contains remedy.set(violations, "pwquality.dcredit", -1, "pam_pwquality then demands a digit")
