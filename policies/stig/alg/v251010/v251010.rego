# METADATA
# scope: package
# title: A compromised device loses mail and apps
# custom:
#   rule: V-251010
#   stig_id: MOIS-AL-000030
#   benchmark: alg
#   severity: medium
#   srg: SRG-NET-000019-ALG-000018
#   ccis: [CCI-001414]
#   off_box:
#     - fact: core.policies.security_applied
#       ask: >-
#         A security policy in Core is applied to every device that reaches systems behind this
#         Sentry.
#     - fact: core.policies.compromised_ios
#       ask: >-
#         Access Control in each security policy for devices behind this Sentry blocks email and
#         AppConnect apps on a compromised iOS device.
#     - fact: core.policies.compromised_android
#       ask: >-
#         Access Control in each security policy for devices behind this Sentry blocks email and
#         AppConnect apps on a compromised Android device.
#   gui: >-
#     In Core: Policies and Configurations > Policies, the security policy > Edit > Access Control
#     > when a compromised device is detected > Block Email and AppConnect apps, for iOS and for
#     Android, then Save
#   remark: >-
#     The finding is worded as if the control had only to be on; the steps name the action, to
#     block email and AppConnect apps, and so does this rule. Audit records with the action BLOCK
#     show that something was blocked, not that these policies are in place.
package stig.alg.v251010
