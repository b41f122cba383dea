# METADATA
# scope: package
# title: FIPS mode is on, for keeping remote access confidential
# custom:
#   rule: V-251011
#   stig_id: MOIS-AL-000160
#   benchmark: alg
#   severity: medium
#   srg: SRG-NET-000062-ALG-000011
#   ccis: [CCI-000068]
#   requires: [kernel.fips_enabled]
#   corroborates: [captures.fips_enabled, crypto_policy.current]
#   cli: enable; configure terminal; fips; do reload (answer Yes twice, restarts the appliance)
#   remark: >-
#     One setting answers nine rules, whatever each title asks: this judges that FIPS mode is on,
#     not which validation a module holds. The fix names FIPS 140-2, which FIPS 140-3 follows.
#     That the CLI's answer and the kernel's flag go together is inferred. "show fips", after
#     "enable", tells it on the command line.
package stig.alg.v251011

import data.lib.fips

violations contains violation if some violation in fips.violations
