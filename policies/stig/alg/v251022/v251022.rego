# METADATA
# scope: package
# title: Only approved ports and protocols are open
# custom:
#   rule: V-251022
#   stig_id: MOIS-AL-000360
#   benchmark: alg
#   severity: medium
#   srg: SRG-NET-000132-ALG-000087
#   ccis: [CCI-000366, CCI-000382]
#   requires: [firewall.input_policy, firewall.input_rules, sockets.listening]
#   corroborates: [services.firewall]
#   gui: >-
#     Security > Access Control Lists > ACLs > Add, then its entries by service, Permit or Deny,
#     then Apply. A wrong list locks people out: permit the management network first
#   remark: >-
#     The check asks for an access list where a service is restricted; here the firewall has to
#     refuse what no rule names, and only approved ports may be let in or listen. Which those are
#     is the site's to say (listening_ports). That the page's lists end up in iptables is
#     inferred. What other chains hold and IPv6's firewall are not read. A jump counts as
#     accepting; so does a rule with a condition that is negated or not read. ICMP is let alone.
#     Where systemd knows iptables, firewalld or nftables and none of them is active, the rules
#     that were read are not in force.
package stig.alg.v251022

import data.lib.firewall
import data.lib.service
import data.lib.violation

violations contains violation.unset("firewall.input_policy", "DROP", "INPUT policy", "DROP") if {
	is_null(input.firewall.input_policy)
}

violations contains firewall.unclosed("firewall.input_policy", input.firewall.input_policy, input.firewall.input_rules)

violations contains violation.unset("firewall.input_rules", "a list", "INPUT rule list", "known") if {
	is_null(input.firewall.input_rules)
}

violations contains firewall.unlimited("firewall.input_rules", i, one) if some i, one in input.firewall.input_rules

violations contains firewall.unapproved("firewall.input_rules", i, one, data.site.listening_ports) if {
	some i, one in input.firewall.input_rules
}

violations contains violation.unset("sockets.listening", "a list", "list of listening sockets", "known") if {
	is_null(input.sockets.listening)
}

violations contains firewall.stray("sockets.listening", i, socket, data.site.listening_ports) if {
	some i, socket in input.sockets.listening
}

violations contains v if some v in service.stopped("services.firewall", "firewall", input.services.firewall)
