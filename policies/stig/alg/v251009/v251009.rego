# METADATA
# scope: package
# title: Sentry's configurations reach the right devices, by label
# custom:
#   rule: V-251009
#   stig_id: MOIS-AL-000020
#   benchmark: alg
#   severity: medium
#   srg: SRG-NET-000018-ALG-000017
#   ccis: [CCI-001368]
#   off_box:
#     - fact: core.configurations.labelled
#       ask: >-
#         Each configuration in Core that goes through this Sentry, such as mail, VPN or
#         Docs@Work, is applied by label to those who are meant to use it.
#     - fact: core.configurations.no_wrong_label
#       ask: >-
#         No configuration in Core that goes through this Sentry is applied to a label or user
#         group that is not meant to have it.
#   gui: >-
#     In Core: Policies and Configurations > Configurations, the labels of each configuration that
#     uses Sentry
#   remark: >-
#     The title speaks of inspecting traffic; the check asks for labels, and so does this rule.
#     Who is meant to use what is the site's to say. The text knows Core only.
package stig.alg.v251009
