# METADATA
# scope: package
# title: Three failed sign-ins lock an account for 15 minutes
# custom:
#   rule: V-250986
#   stig_id: MOIS-ND-000140
#   benchmark: ndm
#   severity: low
#   srg: SRG-APP-000065-NDM-000214
#   ccis: [CCI-000044]
#   requires: [mics.password_policy.max_attempts, mics.password_policy.auto_lock_seconds]
#   corroborates: [faillock.deny, faillock.unlock_seconds]
#   site_optional: [literal_readings]
#   gui: >-
#     Security > Identity Source > Password Policy > Number of Failed Attempts 3, Auto-Lock Time
#     900 or more (seconds), then Apply
#   remark: >-
#     The check wants the value 3; 1 and 2 are stricter and pass with a remark, and
#     literal_readings asks for exactly 3. What an auto-lock time of 0 means on Sentry is not
#     documented, so it is open; in pam_faillock 0 locks until an administrator resets it, which
#     is stricter. The fix counts the three tries within 15 minutes; the page has no field for
#     that. The text goes to Security > Password Policy, other rules by Identity Source; one page
#     is meant.
package stig.ndm.v250986

import data.lib.number
import data.lib.remedy

violations contains number.outside(
	"mics.password_policy.max_attempts", "number of failed attempts",
	input.mics.password_policy.max_attempts, _least, 3,
)

violations contains number.below(
	"mics.password_policy.auto_lock_seconds", "auto-lock time in seconds",
	input.mics.password_policy.auto_lock_seconds, 900,
)

violations contains number.outside("faillock.deny", "faillock deny", input.faillock.deny, 1, 3) if {
	input.faillock.deny != null
}

violations contains number.below("faillock.unlock_seconds", "faillock unlock_time", input.faillock.unlock_seconds, 900) if {
	not input.faillock.unlock_seconds in {null, 0} # 0 is until an administrator resets it
}

remarks contains "fewer failed attempts are allowed than the 3 that the check names" if {
	input.mics.password_policy.max_attempts in {1, 2}
}

remediation contains remedy.set(violations, "faillock.deny", 3, "pam_faillock then locks after three failed tries")

remediation contains remedy.set(
	violations, "faillock.unlock_seconds", 900,
	"pam_faillock then keeps an account locked for 15 minutes",
)

default _least := 1

_least := 3 if "V-250986" in data.site.literal_readings
