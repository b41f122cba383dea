# METADATA
# scope: package
# title: Passwords are at least 15 characters long
# custom:
#   rule: V-250989
#   stig_id: MOIS-ND-000420
#   benchmark: ndm
#   severity: medium
#   srg: SRG-APP-000164-NDM-000252
#   ccis: [CCI-000205, CCI-004066]
#   requires: [mics.password_policy.min_length]
#   corroborates: [pwquality.minlen]
#   gui: >-
#     Security > Identity Source > Password Policy > Minimum Password Length 15 or more, then
#     Apply
#   remark: >-
#     The vendor's default is 8 characters. The text writes the way to the page in several
#     forms: with Identity Source in it or not, Password or Password Policy. One page is meant.
package stig.ndm.v250989

import data.lib.number
import data.lib.remedy

violations contains number.below(
	"mics.password_policy.min_length", "minimum length",
	input.mics.password_policy.min_length, 15,
)

violations contains number.below("pwquality.minlen", "pwquality minlen", input.pwquality.minlen, 15) if {
	input.pwquality.minlen != null
}

remediation contains remedy.set(violations, "pwquality.minlen", 15, "pam_pwquality then refuses shorter passwords")
