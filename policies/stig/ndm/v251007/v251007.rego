# METADATA
# scope: package
# title: The release is one that the vendor supports
# custom:
#   rule: V-251007
#   stig_id: MOIS-ND-000990
#   benchmark: ndm
#   severity: high
#   srg: SRG-APP-000516-NDM-000351
#   ccis: [CCI-000366]
#   requires: [release.version]
#   site_optional: [supported_releases]
#   gui: >-
#     None to set: the release is shown at the top right of the System Manager; install a
#     supported one from the vendor
#   remark: >-
#     The check points to a retired site and says nothing of dates, and the benchmark is written
#     for 9.x while the vendor ships 10.x. The release is compared with a dated table, which
#     supported_releases replaces; a line that the table does not list is open.
package stig.ndm.v251007

import data.lib.version

violations contains object.union(v, {"message": concat("", [v.message, _exploited])}) if {
	v := version.unsupported("release.version", input.release.version, _table)
}

remarks contains sprintf("%s is on record for release %s: %s", [entry.cve, input.release.version, entry.text]) if {
	some entry in version.known(input.release.version, data.catalog.support)
}

# _exploited never lacks a value either.
_exploited := words if {
	words := version.exploited(input.release.version, data.catalog.support)
} else := ""

# _table never lacks a value: without one, nothing would be wrong with any release.
_table := table if {
	table := data.site.supported_releases
} else := table if {
	table := data.catalog.support
} else := {"as_of": "no table", "lines": []}
