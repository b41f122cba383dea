# METADATA
# scope: package
# title: The System Manager is reached through an interface of its own
# custom:
#   rule: V-250983
#   stig_id: MOIS-ND-000030
#   benchmark: ndm
#   severity: medium
#   srg: SRG-APP-000001-NDM-000200
#   ccis: [CCI-000054]
#   requires: [mics.interface_addresses]
#   gui: Settings > Network > Interfaces > an open Physical Interface, such as GigabitEthernet2
#   cli: interface GigabitEthernet (in the sister product Core, not confirmed for Sentry)
#   remark: >-
#     The title wants a firewall and a list of sources, the check a second interface, and the
#     CCI is about numbers of sessions. The check is judged: an appliance with one interface
#     fails, whatever firewall stands before it. Which address is for management is the site's
#     to say (management_address); whether the appliance's own firewall keeps port 8443 to
#     management_ranges is told beside the result, where its rules can be read.
package stig.ndm.v250983

import data.lib.list
import data.lib.net
import data.lib.service
import data.lib.violation

violations contains list.unset("mics.interface_addresses", "list of interfaces", input.mics.interface_addresses)

violations contains violation.wrong(
	"mics.interface_addresses", ">= 2 interfaces with an address",
	"number of interfaces with an address", count(_used), "at least 2",
) if {
	input.mics.interface_addresses != null
	count(_used) < 2
}

violations contains violation.of(
	"mics.interface_addresses", data.site.management_address,
	sprintf("no interface has the management address %s", [data.site.management_address]),
) if {
	input.mics.interface_addresses != null
	count(net.outside(_used, [data.site.management_address])) > 0
}

remarks contains sentence if {
	not _firewall_is_off
	some sentence in net.reach(input.firewall.input_rules, input.firewall.input_policy, 8443, data.site.management_ranges)
}

remarks contains "who may reach port 8443 was not compared: management_ranges is not set" if {
	input.firewall.input_rules != null
	not data.site.management_ranges
}

remarks contains "no firewall service runs: the firewall's rules keep nobody from port 8443" if _firewall_is_off

_firewall_is_off if count(service.stopped("services.firewall", "firewall", input.services.firewall)) > 0

_used := {address | some address in input.mics.interface_addresses; net.used(address)}
