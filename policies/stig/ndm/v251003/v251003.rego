# METADATA
# scope: package
# title: Only authorised users and accounts can change the appliance
# custom:
#   rule: V-251003
#   stig_id: MOIS-ND-000930
#   benchmark: ndm
#   severity: low
#   srg: SRG-APP-000516-NDM-000335
#   ccis: [CCI-000345, CCI-000366]
#   requires: [mics.users, os.login_accounts, os.uid0_accounts]
#   absent_ok: [os.login_accounts]
#   gui: Security > Identity Source > Local Users > tick who is not authorised > Delete
#   remark: >-
#     Who is authorised is the site's to say (approved_users, approved_os_accounts). The check
#     looks at the System Manager's users; accounts of the operating system that can sign in, or
#     are root by number, are judged besides. The check writes the page as Security > Local
#     Users, the fix with Identity Source; one page is meant.
package stig.ndm.v251003

import data.lib.list

violations contains list.empty("mics.users", "local user list", input.mics.users)

violations contains list.unapproved("mics.users", "local user", i, user, data.site.approved_users) if {
	some i, user in input.mics.users
}

violations contains list.unapproved("os.login_accounts", "login account", i, account, data.site.approved_os_accounts) if {
	some i, account in input.os.login_accounts
}

violations contains list.empty("os.uid0_accounts", "list of accounts with user id 0", input.os.uid0_accounts)

violations contains list.unapproved("os.uid0_accounts", "account with user id 0", i, account, ["root"]) if {
	some i, account in input.os.uid0_accounts
}
