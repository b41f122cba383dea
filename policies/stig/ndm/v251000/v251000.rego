# METADATA
# scope: package
# title: SNMP messages are authenticated with FIPS-validated algorithms
# custom:
#   rule: V-251000
#   stig_id: MOIS-ND-000760
#   benchmark: ndm
#   severity: medium
#   srg: SRG-APP-000395-NDM-000310
#   ccis: [CCI-001967]
#   requires:
#     - kernel.fips_enabled
#     - mics.snmp.enabled
#     - mics.snmp.protocol
#     - snmpd.users
#     - snmpd.access
#     - snmpd.trap_receivers
#   corroborates: [captures.fips_enabled, crypto_policy.current, snmpd.communities]
#   gui: >-
#     Settings > SNMP > add a Trap Receiver, enable the service, Protocol v3, a v3 user with SHA
#     and AES, then Save; Link Up/Down Trap, then Apply
#   cli: enable; configure terminal; fips; do reload (FIPS only, answer Yes twice, it restarts)
#   remark: >-
#     By the text, SNMP that is switched off is a finding, though the title only wants its
#     messages authenticated; a site that keeps it off on purpose needs a waiver. Level and
#     algorithms are not in the check; no authentication, MD5 and DES are open here, by the
#     title. By the vendor, link traps leave as v2c even under v3.
package stig.ndm.v251000

import data.lib.fips
import data.lib.flag
import data.lib.list
import data.lib.remedy
import data.lib.snmp
import data.lib.text

violations contains violation if some violation in fips.violations

violations contains flag.off("mics.snmp.enabled", "SNMP", input.mics.snmp.enabled)

violations contains text.differs("mics.snmp.protocol", "SNMP protocol", input.mics.snmp.protocol, "v3")

violations contains list.empty("snmpd.users", "SNMP user list", input.snmpd.users)

violations contains snmp.weak_auth("snmpd.users", i, user) if some i, user in input.snmpd.users

violations contains snmp.weak_priv("snmpd.users", i, user) if some i, user in input.snmpd.users

violations contains list.empty("snmpd.access", "SNMP access list", input.snmpd.access)

violations contains snmp.open_access("snmpd.access", i, line) if some i, line in input.snmpd.access

violations contains list.empty("snmpd.trap_receivers", "SNMP trap receiver list", input.snmpd.trap_receivers)

violations contains snmp.community("snmpd.communities", i, line) if some i, line in input.snmpd.communities

remarks contains "traps leave as SNMP v1 or v2c, which authenticates nothing" if {
	some receiver in input.snmpd.trap_receivers
	snmp.plain_trap(receiver)
}

remediation contains remedy.set(violations, "snmpd.communities", [], "snmpd then knows no community")

remediation contains remedy.set(
	violations, "snmpd.access", snmp.guarded(input.snmpd.access),
	"snmpd then asks everybody for authentication",
) if {
	list.filled(input.snmpd.access)
}
