# METADATA
# scope: package
# title: Each local user's certificate is known by its EDIPI
# custom:
#   rule: V-250994
#   stig_id: MOIS-ND-000510
#   benchmark: ndm
#   severity: high
#   srg: SRG-APP-000177-NDM-000263
#   ccis: [CCI-000166, CCI-000187, CCI-000764]
#   requires: [mics.signin.certificate_mapping, mics.users, mics.user_edipis]
#   gui: >-
#     Security > Advanced > Sign-in Authentication > Certificate Attribute Mapping EDIPI;
#     Security > Local Users > each user > EDIPI, then Apply
#   remark: >-
#     The check looks at the mapping and at each local user. The title wants one account for one
#     certificate, so two users with the same EDIPI are open too. Whether certificate sign-in is
#     on at all is V-250988. This text names the page Security > Sign-In Authentication, V-250988
#     with Advanced in between.
package stig.ndm.v250994

import data.lib.list
import data.lib.text
import data.lib.violation

violations contains text.differs(
	"mics.signin.certificate_mapping", "certificate mapping",
	input.mics.signin.certificate_mapping, "EDIPI",
)

violations contains list.empty("mics.users", "local user list", input.mics.users)

violations contains list.unset("mics.user_edipis", "list of EDIPIs", input.mics.user_edipis)

violations contains violation.item(
	"mics.users", i, "an EDIPI of 10 digits",
	sprintf("local user %q has no EDIPI of 10 digits", [user]),
) if {
	input.mics.user_edipis != null
	some i, user in input.mics.users
	not user in _identified
}

violations contains violation.item(
	"mics.user_edipis", i, "an EDIPI of its own",
	sprintf("local user %q has the EDIPI of another user", [row.user]),
) if {
	some i, row in input.mics.user_edipis
	some other in input.mics.user_edipis
	row.edipi != ""
	other.edipi == row.edipi
	other.user != row.user
}

remarks contains "certificate sign-in is off, so no certificate is mapped at all" if input.mics.signin.certificate == false

_identified := {row.user |
	some row in input.mics.user_edipis
	regex.match(`^[0-9]{10}$`, row.edipi)
}
