# METADATA
# scope: package
# title: The certificates of the System Manager and of device traffic come from an approved CA
# custom:
#   rule: V-251005
#   stig_id: MOIS-ND-000970
#   benchmark: ndm
#   severity: medium
#   srg: SRG-APP-000516-NDM-000344
#   ccis: [CCI-000366, CCI-001159]
#   requires: [certificates.portal, certificates.device]
#   gui: >-
#     Security > Certificate Mgmt > Manage Certificate, upload; for device traffic in Core:
#     Services > Sentry > Manage Certificate, upload
#   cli: certificate portal (in the sister product Core, not confirmed for Sentry)
#   remark: >-
#     The check walks through two certificates, one in Core and one in Sentry, and has one
#     finding sentence. Both, of port 8443 and of port 443, have to lead to one of approved_cas.
package stig.ndm.v251005

import data.lib.certificate

violations contains certificate.unset("certificates.portal", "portal certificate", input.certificates.portal)

violations contains certificate.self_signed("certificates.portal", "portal certificate", input.certificates.portal)

violations contains certificate.expired("certificates.portal", "portal certificate", input.certificates.portal)

violations contains certificate.untrusted(
	"certificates.portal", "portal certificate",
	input.certificates.portal, data.site.approved_cas,
)

violations contains certificate.unset("certificates.device", "device certificate", input.certificates.device)

violations contains certificate.self_signed("certificates.device", "device certificate", input.certificates.device)

violations contains certificate.expired("certificates.device", "device certificate", input.certificates.device)

violations contains certificate.untrusted(
	"certificates.device", "device certificate",
	input.certificates.device, data.site.approved_cas,
)
