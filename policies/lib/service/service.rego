# METADATA
# scope: package
# title: Whether a service runs, as systemd says
# description: |-
#   A fact about services lists the units that may do one job; one that runs is
#   enough. What systemd does not know proves nothing: the job may be done under
#   another name.
package lib.service

import data.lib.violation

# stopped are the violations of units that are stopped while none of the list runs:
# one for each that systemd knows, masked ones too.
stopped(fact, job, units) := {v |
	not _any_up(units)
	some i, unit in units
	unit.load != "not-found"
	v := violation.item(fact, i, "active", sprintf("%s is %s: no %s service runs, one must", [unit.unit, unit.active, job]))
}

_any_up(units) if {
	some unit in units
	not _down(unit)
}

# _down tells a unit at rest. One that a job waits for is about to start, as between
# the two halves of a restart, and so are all states between active and inactive.
_down(unit) if {
	unit.active in {"inactive", "failed"}
	unit.pending == false
}
