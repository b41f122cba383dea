# METADATA
# scope: package
# title: A consent banner is shown before sign-in, in the System Manager and on the command line
# custom:
#   rule: V-250987
#   stig_id: MOIS-ND-000150
#   benchmark: ndm
#   severity: medium
#   srg: SRG-APP-000068-NDM-000215
#   ccis: [CCI-000048]
#   requires: [mics.portal.login_text, sshd.banner_text]
#   corroborates: [os.issue_text, sshd.match_banners]
#   gui: Settings > Login > Text to Display, then Apply
#   cli: banner (in the sister product Core, not confirmed for Sentry)
#   remark: >-
#     The title speaks of the web interface, the check of the command line or either, and it
#     quotes the short banner where the title means the long one. Both surfaces are judged, and
#     each may show any text of banner_texts.
package stig.ndm.v250987

import data.lib.banner
import data.lib.remedy

violations contains banner.blank("mics.portal.login_text", "login text", input.mics.portal.login_text)

violations contains banner.foreign(
	"mics.portal.login_text", "login text",
	input.mics.portal.login_text, data.site.banner_texts,
)

violations contains banner.blank("sshd.banner_text", "sshd banner", input.sshd.banner_text)

violations contains banner.foreign(
	"sshd.banner_text", "sshd banner",
	input.sshd.banner_text, data.site.banner_texts,
)

violations contains banner.blank("os.issue_text", "console text", input.os.issue_text) if input.os.issue_text != null

violations contains banner.foreign(
	"os.issue_text", "console text",
	input.os.issue_text, data.site.banner_texts,
)

violations contains banner.silent("sshd.match_banners", i, value) if some i, value in input.sshd.match_banners

remarks contains "a Match block of sshd shows another banner file, which was not read" if {
	some value in input.sshd.match_banners
	not banner.off(value)
}

remediation contains wanted if some wanted in banner.remedies(violations, data.site.banner_texts[0])

remediation contains banner.file if {
	is_null(input.sshd.banner)
	is_null(input.sshd.banner_text)
}

remediation contains remedy.set(
	violations, "sshd.match_banners",
	[value | some value in input.sshd.match_banners; not banner.off(value)],
	"no Match block then turns the banner off",
)
