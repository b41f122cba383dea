# METADATA
# scope: package
# title: Only the site's UEM is answered on the control port
# custom:
#   rule: V-250985
#   stig_id: MOIS-ND-000130
#   benchmark: ndm
#   severity: low
#   srg: SRG-APP-000038-NDM-000213
#   ccis: [CCI-001368]
#   requires: [mics.emm.source_verify, mics.emm.addresses]
#   off_box:
#     - fact: core.access_control_list
#       ask: The System Manager has an access control list for Core.
#     - fact: core.sentry_service.backends
#       ask: >-
#         If this Sentry serves ActiveSync or AppTunnel, its entry in Core names the backends.
#   gui: Security > Access Control Lists > Add; in Core, Services > Sentry > Edit
#   cli: enable; configure terminal; sentry emm-source-verify true; sentry emm-ips SUBNETS
#   remark: >-
#     The text speaks of deployments with Core and leaves Neurons undefined; where uem_kind says
#     neurons, the rule does not apply. With Core all four parts have to hold. The check writes
#     EMM-source-verify, the fix emm-source-verify. "show sentry emm-source-verify" and "show
#     sentry emm-ips" tell both on the command line.
package stig.ndm.v250985

import data.lib.flag
import data.lib.list
import data.lib.net
import data.lib.violation

violations contains flag.off("mics.emm.source_verify", "source verification", input.mics.emm.source_verify) if _core

violations contains list.empty("mics.emm.addresses", "list of UEM addresses", input.mics.emm.addresses) if _core

violations contains violation.of(
	"mics.emm.addresses", wanted,
	sprintf("UEM address %s is not listed", [wanted]),
) if {
	_core
	list.filled(input.mics.emm.addresses)
	some wanted in net.outside(input.mics.emm.addresses, data.site.uem_addresses)
}

violations contains violation.item(
	"mics.emm.addresses", i, "addresses of the UEM",
	sprintf("UEM address list holds %s, which is everybody", [listed]),
) if {
	_core
	some i, listed in input.mics.emm.addresses
	net.everything(listed)
}

not_applicable contains "the UEM is Neurons: the text is about deployments with Core" if {
	data.site.uem_kind == "neurons"
}

_core if data.site.uem_kind == "core"
