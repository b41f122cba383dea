# METADATA
# scope: package
# title: FIPS mode is on, for keeping remote maintenance confidential
# custom:
#   rule: V-251001
#   stig_id: MOIS-ND-000810
#   benchmark: ndm
#   severity: high
#   srg: SRG-APP-000412-NDM-000331
#   ccis: [CCI-003123]
#   requires: [kernel.fips_enabled]
#   corroborates: [captures.fips_enabled, crypto_policy.current]
#   cli: enable; configure terminal; fips; do reload (answer Yes twice, restarts the appliance)
#   remark: >-
#     One setting answers nine rules. The text names FIPS 140-2, which FIPS 140-3 follows; this
#     judges that FIPS mode is on, not which validation a module holds. That the CLI's answer and
#     the kernel's flag go together is inferred. "show fips", after "enable", tells it on the
#     command line.
package stig.ndm.v251001

import data.lib.fips

violations contains violation if some violation in fips.violations
