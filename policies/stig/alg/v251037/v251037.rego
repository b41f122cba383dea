# METADATA
# scope: package
# title: FIPS mode is on, for making signatures
# custom:
#   rule: V-251037
#   stig_id: MOIS-AL-001350
#   benchmark: alg
#   severity: medium
#   srg: SRG-NET-000510-ALG-000040
#   ccis: [CCI-002450]
#   requires: [kernel.fips_enabled]
#   corroborates: [captures.fips_enabled, crypto_policy.current]
#   cli: enable; configure terminal; fips; do reload (answer Yes twice, restarts the appliance)
#   remark: >-
#     One setting answers nine rules, whatever each title asks: this judges that FIPS mode is on,
#     not which validation a module holds. The fix names FIPS 140-2, which FIPS 140-3 follows.
#     That the CLI's answer and the kernel's flag go together is inferred. "show fips", after
#     "enable", tells it on the command line.
package stig.alg.v251037

import data.lib.fips

violations contains violation if some violation in fips.violations
