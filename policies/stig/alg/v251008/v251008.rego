# METADATA
# scope: package
# title: The UEM grants access through Sentry by service, certificate and policy
# custom:
#   rule: V-251008
#   stig_id: MOIS-AL-000010
#   benchmark: alg
#   severity: medium
#   srg: SRG-NET-000015-ALG-000016
#   ccis: [CCI-000213]
#   off_box:
#     - fact: core.sentry_service.defined
#       ask: >-
#         This Sentry is set up in Core for at least one of ActiveSync, AppTunnel and Kerberos
#         proxy.
#     - fact: core.sentry_service.identity_certificate
#       ask: >-
#         If this Sentry serves ActiveSync or AppTunnel, its device authentication in Core uses
#         an identity certificate.
#     - fact: core.sentry_service.crl
#       ask: >-
#         If this Sentry serves ActiveSync or AppTunnel, its device authentication in Core checks
#         certificate revocation lists (CRL).
#     - fact: core.policies.lockdown_applied
#       ask: >-
#         A lockdown policy in Core is applied to every device that reaches systems behind this
#         Sentry.
#     - fact: core.policies.security_applied
#       ask: >-
#         A security policy in Core is applied to every device that reaches systems behind this
#         Sentry.
#     - fact: core.sentry_preferences.auto_block_unregistered
#       ask: If this Sentry serves ActiveSync, Auto Block Unregistered Devices is Yes in Core.
#   gui: >-
#     In Core: Services > Sentry > Edit, services and Device Authentication Configuration, then
#     Save; Policies and Configurations > Policies; Services > Sentry > Preferences > Auto Block
#     Unregistered Devices, then Save
#   remark: >-
#     The text knows Core only, and no case in which this rule does not apply. Blocking
#     unregistered devices matters only where ActiveSync is served. Here an identity certificate
#     is asked for; V-251025 and V-251031 are content with a group certificate.
package stig.alg.v251008
