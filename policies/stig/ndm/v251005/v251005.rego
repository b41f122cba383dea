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
#   corroborates: [probe.portal_certificate, probe.incoming_certificate]
#   applied: {probe.portal_certificate: certificates.portal, probe.incoming_certificate: certificates.device}
#   gui: >-
#     Security > Certificate Mgmt > Manage Certificate, upload; for device traffic in Core:
#     Services > Sentry > Manage Certificate, upload
#   cli: certificate portal (in the sister product Core, not confirmed for Sentry)
#   remark: >-
#     The check walks through two certificates, one in Core and one in Sentry, and has one
#     finding sentence. Both, of port 8443 and of port 443, have to lead to one of approved_cas.
#     So does what these ports serve, where they were asked: it has to be in date, and the
#     certificate that was read. A port that leaves out an issuing CA between itself and the
#     approved one is a finding, since its clients cannot follow it either.
package stig.ndm.v251005

import data.lib.certificate

violations contains certificate.unset("certificates.portal", "portal certificate", input.certificates.portal)

violations contains v if some v in certificate.faults("certificates.portal", "portal certificate", input.certificates.portal)

violations contains certificate.unset("certificates.device", "device certificate", input.certificates.device)

violations contains v if some v in certificate.faults("certificates.device", "device certificate", input.certificates.device)

violations contains v if some v in certificate.faults("probe.portal_certificate", _served[8443], input.probe.portal_certificate)

violations contains certificate.unlike("probe.portal_certificate", _served[8443], input.probe.portal_certificate, input.certificates.portal)

violations contains v if some v in certificate.faults("probe.incoming_certificate", _served[443], input.probe.incoming_certificate)

violations contains certificate.unlike("probe.incoming_certificate", _served[443], input.probe.incoming_certificate, input.certificates.device)

remarks contains sprintf("not judged: %s", [fault.message]) if {
	some fault in certificate.faults("probe.uem_certificate", _served[9090], input.probe.uem_certificate)
}

_served[port] := sprintf("certificate served on port %d", [port]) if some port in [443, 8443, 9090]
