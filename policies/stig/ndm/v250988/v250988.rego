# METADATA
# scope: package
# title: People sign in to the System Manager with a certificate, CAC or PIV
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
#     Security > Advanced > Sign-in Authentication > Certificate Authentication, CAC or PIV,
#     Certificate Attribute Mapping, upload the issuing CA chain, then Apply and Save. A wrong
#     chain locks people out: keep a session open until a certificate has signed in
#   remark: >-
#     The check asks that certificate sign-in is activated and configured; read here as on, with
#     a field of the certificate mapped. The uploaded CA chain, which the fix wants too, is not
#     read. Nothing says that password sign-in has to be off, and the vendor allows both
#     together. V-250994 names the page Security > Sign-In Authentication. The command line takes
#     passwords only. Whether port 8443 asks for a certificate at once is told, not judged.
package stig.ndm.v250988

import data.lib.certificate
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
	input.mics.signin.certificate == true # else no certificate signs anybody in, and that is the finding
}

remarks contains certificate.asked("port 8443", input.probe.portal_asks_certificate)

_blank(null)

_blank(value) if {
	value != null
	trim_space(value) == ""
}
