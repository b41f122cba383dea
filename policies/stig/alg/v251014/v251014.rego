# METADATA
# scope: package
# title: FIPS mode is on, for keeping remote access unaltered
# custom:
#   rule: V-251014
#   stig_id: MOIS-AL-000190
#   benchmark: alg
#   severity: medium
#   srg: SRG-NET-000063-ALG-000012
#   ccis: [CCI-001453]
#   requires: [kernel.fips_enabled]
#   corroborates: [captures.fips_enabled, crypto_policy.current]
#   cli: enable; configure terminal; fips; do reload (answer Yes twice, restarts the appliance)
#   remark: >-
#     One setting answers nine rules, whatever each title asks: this judges that FIPS mode is on,
#     not which validation a module holds. The fix names FIPS 140-2, which FIPS 140-3 follows.
#     That the CLI's answer and the kernel's flag go together is inferred. "show fips", after
#     "enable", tells it on the command line.
package stig.alg.v251014

import data.lib.fips

violations contains violation if some violation in fips.violations
