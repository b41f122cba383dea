# METADATA
# scope: package
# title: Switches
package lib.flag

import data.lib.violation

# off is the violation of a switch that has to be on.
off(fact, label, null) := violation.unset(fact, "true", label, "on")

off(fact, label, false) := violation.wrong(fact, "true", label, "off", "on")
