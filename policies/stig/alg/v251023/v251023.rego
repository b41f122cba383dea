# METADATA
# scope: package
# title: The UEM trusts a directory server
# custom:
#   rule: V-251023
#   stig_id: MOIS-AL-000380
#   benchmark: alg
#   severity: medium
#   srg: SRG-NET-000138-ALG-000088
#   ccis: [CCI-000764]
#   off_box:
#     - fact: core.ldap.server_enabled
#       ask: At least one Active Directory or LDAP server is configured and enabled in Core.
#   gui: "In Core: Services > LDAP > Add New, then Save"
#   remark: >-
#     The title names AAA servers too; the check asks for Active Directory or LDAP, and so does
#     this rule. The text knows Core only.
package stig.alg.v251023
