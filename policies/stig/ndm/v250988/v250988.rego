# METADATA
# scope: package
# title: The System Manager signs people in by certificate
# custom:
#   rule: V-250988
#   stig_id: MOIS-ND-000390
#   benchmark: ndm
#   severity: high
#   srg: SRG-APP-000149-NDM-000247
#   ccis: [CCI-000765]
#   requires: [mics.signin.certificate, mics.signin.certificate_mapping]
#   corroborates: [httpd.portal_verify_client]
#   applied: {httpd.portal_verify_client: mics.signin.certificate}
#   gui: >-
#     Security > Advanced > Sign-in Authentication (Security > Sign-In Authentication elsewhere in
#     the text) > Certificate Authentication, CAC or PIV, mapping, issuing CA chain, then Apply
#     and Save
#   remark: >-
#     Activated and configured, says the check: certificate sign-in is on and a field of the
#     certificate is mapped. That password sign-in has to be off is said nowhere, and the vendor
#     allows both together. The uploaded CA chain is not read. The command line knows passwords
#     only.
package stig.ndm.v250988

import data.lib.flag
import data.lib.violation

violations contains flag.off("mics.signin.certificate", "certificate sign-in", input.mics.signin.certificate)

violations contains violation.unset(
	"mics.signin.certificate_mapping", "a field of the certificate",
	"certificate mapping", "a field of the certificate",
) if {
	_blank(input.mics.signin.certificate_mapping)
}

violations contains violation.wrong(
	"httpd.portal_verify_client", "require or optional",
	"httpd SSLVerifyClient for port 8443", input.httpd.portal_verify_client, "require or optional",
) if {
	input.httpd.portal_verify_client != null
	not lower(input.httpd.portal_verify_client) in {"require", "optional"}
}

remarks contains "password sign-in is on beside certificates: one factor still signs in, which multi-factor authentication does not mean" if {
	input.mics.signin.password == true
}

_blank(null)

_blank(value) if {
	value != null
	trim_space(value) == ""
}
