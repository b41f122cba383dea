# METADATA
# scope: package
# title: Routes and gateways, and whether they are approved
package lib.route

import data.lib.violation

# unapproved is the violation of one route that is not approved as it stands,
# destination and gateway together.
unapproved(fact, index, route, approved) := violation.item(
	fact, index, "an approved route",
	sprintf("route to %s via %s is not approved", [_field(route, "destination"), _field(route, "via")]),
) if {
	not _approved(route, approved)
}

# unapproved_gateway is the violation of a gateway that no approved route uses.
unapproved_gateway(fact, index, gateway, approved) := violation.item(
	fact, index, "the gateway of an approved route",
	sprintf("gateway %s belongs to no approved route", [gateway]),
) if {
	not _gateway(gateway, approved)
}

_approved(route, approved) if {
	some one in approved
	one.destination == route.destination
	one.via == route.via
}

_gateway(gateway, approved) if {
	some one in approved
	one.via == gateway
}

_field(route, name) := object.get(route, name, "nowhere")
