# METADATA
# scope: package
# title: FIPS mode
# description: |-
#   One answer for every rule that asks for FIPS mode, so that they never split.
#   The kernel's flag is needed; the captured CLI answer and the crypto policy
#   must not contradict it. A rule that uses it declares
#   requires: [kernel.fips_enabled]
#   corroborates: [captures.fips_enabled, crypto_policy.current]
package lib.fips

import data.lib.flag
import data.lib.violation

# violations of FIPS mode, wherever it shows as off.
violations contains flag.off("kernel.fips_enabled", "kernel FIPS mode", input.kernel.fips_enabled)

violations contains flag.off("captures.fips_enabled", "FIPS mode by \"show fips\"", input.captures.fips_enabled) if {
	input.captures.fips_enabled != null
}

violations contains _lax("crypto_policy.current", input.crypto_policy.current)

_lax(fact, value) := violation.wrong(fact, "FIPS", "crypto policy", value, "FIPS") if {
	value != null
	value != "FIPS"
	not startswith(value, "FIPS:")
}
