# METADATA
# scope: package
# title: Alerts go out, and to whom
# description: |-
#   One answer for every rule that asks who gets the System Manager's alerts.
#   violations: alerts are on and everybody of the site's three roles gets them.
#   strangers: nobody else does. A rule that uses either declares
#   requires: [mics.alerts.enabled, mics.alerts.recipients] for violations,
#   requires: [mics.alerts.recipients] for strangers.
package lib.alerts

import data.lib.flag
import data.lib.list
import data.lib.violation

# violations of "on, and holds everybody of the three roles". The first two
# need no site profile.
violations contains flag.off("mics.alerts.enabled", "alert notification", input.mics.alerts.enabled)

violations contains list.empty("mics.alerts.recipients", "alert recipient list", input.mics.alerts.recipients)

violations contains violation.of(
	"mics.alerts.recipients", person,
	sprintf("%s %q gets no alerts, must be a recipient", [upper(role), person]),
) if {
	list.filled(input.mics.alerts.recipients)
	some role in _roles
	some person in data.site.alert_recipients[role]
	not _folded(person) in _recipients
}

# A role that the site gives to nobody is served by no list.
violations contains violation.of(
	"mics.alerts.recipients", sprintf("at least one %s", [upper(role)]),
	sprintf("the site profile names no %s, must name at least one", [upper(role)]),
) if {
	list.filled(input.mics.alerts.recipients)
	some role in _roles
	not list.filled(object.get(data.site.alert_recipients, role, []))
	data.site.alert_recipients
}

# strangers are the violations of recipients that have none of the three roles.
strangers contains violation.item(
	"mics.alerts.recipients", i, "an ISSO, ISSM or SCA",
	sprintf("alert recipient %q is no ISSO, ISSM or SCA", [recipient]),
) if {
	people := data.site.alert_recipients
	some i, recipient in input.mics.alerts.recipients
	not _has_role(recipient, people)
}

_has_role(recipient, people) if {
	some role in _roles
	some person in people[role]
	_folded(person) == _folded(recipient)
}

_roles := {"isso", "issm", "sca"}

_recipients := {_folded(recipient) | some recipient in input.mics.alerts.recipients}

_folded(address) := lower(trim_space(address))
