# METADATA
# scope: package
# title: Only approved routes are in use
# custom:
#   rule: V-251034
#   stig_id: MOIS-AL-001000
#   benchmark: alg
#   severity: medium
#   srg: SRG-NET-000364-ALG-000122
#   ccis: [CCI-002403]
#   requires: [kernel.routes, mics.route_gateways]
#   corroborates: [net.static_routes]
#   applied: {kernel.routes: mics.route_gateways}
#   gui: Settings > Network > Routes > tick what is not approved > Delete; Add what is
#   remark: >-
#     Which routes are approved is the site's to say (approved_routes). Routes that go through no
#     gateway are the interfaces' own networks and are not judged. The fix writes the page as
#     Settings > Routes. The title speaks of sources and destinations of traffic; the check looks
#     at routes alone, and so does this rule.
package stig.alg.v251034

import data.lib.list
import data.lib.route

violations contains list.unset("kernel.routes", "routing table", input.kernel.routes)

violations contains list.empty("kernel.routes", "routing table", input.kernel.routes) if {
	list.filled(data.site.approved_routes)
}

violations contains route.unapproved("kernel.routes", i, one, data.site.approved_routes) if {
	some i, one in input.kernel.routes
}

violations contains list.unset("mics.route_gateways", "gateway list", input.mics.route_gateways)

violations contains list.empty("mics.route_gateways", "gateway list", input.mics.route_gateways) if {
	list.filled(data.site.approved_routes)
}

violations contains route.unapproved_gateway("mics.route_gateways", i, gateway, data.site.approved_routes) if {
	some i, gateway in input.mics.route_gateways
}

violations contains route.unapproved("net.static_routes", i, one, data.site.approved_routes) if {
	some i, one in input.net.static_routes
	one.via # the others go through no gateway
}
