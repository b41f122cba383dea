# METADATA
# scope: package
# title: Consent banners
package lib.banner

import data.lib.remedy
import data.lib.text
import data.lib.violation

# blank is the violation of a surface that shows no text at all.
blank(fact, label, null) := _bare(fact, label, "is not set")

blank(fact, label, value) := _bare(fact, label, "is blank") if {
	value != null
	trim_space(value) == ""
}

# foreign is the violation of a text that holds none of the accepted banners,
# white space aside.
foreign(fact, label, value, accepted) := _bare(fact, label, "holds another text") if {
	value != null
	trim_space(value) != ""
	not _holds_any(value, accepted)
}

# silent is the violation of a Match block of sshd that turns the banner off.
silent(fact, index, value) := violation.item(
	fact, index, _expected,
	sprintf("sshd Match block sets Banner %s, must name a consent banner", [value]),
) if {
	off(value)
}

# off tells how sshd spells "no banner".
off(value) if lower(value) == "none"

# remedies have both surfaces of the operating system show a text.
remedies(violations, text) := {wanted |
	some fact, why in {
		"sshd.banner_text": "sshd then shows the site's text",
		"os.issue_text": "the console then shows the site's text",
	}
	wanted := remedy.set(violations, fact, text, why)
}

# file has sshd show the file that is there for it.
file := {"fact": "sshd.banner", "value": "/etc/issue.net", "why": "sshd then has a file to show"}

_expected := "an accepted consent banner"

_bare(fact, label, state) := violation.of(
	fact, _expected,
	sprintf("%s %s, must hold an accepted consent banner", [label, state]),
)

# As it stands first: folding is dear.
_holds_any(value, accepted) if {
	some banner in accepted
	contains(value, banner)
	trim_space(banner) != "" # every text holds an empty one
} else if {
	folded := text.fold(value)
	some banner in accepted
	wanted := text.fold(banner)
	wanted != ""
	contains(folded, wanted)
}
