# METADATA
# scope: package
# title: Devices sign in with a certificate, besides their own password
# custom:
#   rule: V-251025
#   stig_id: MOIS-AL-000400
#   benchmark: alg
#   severity: medium
#   srg: SRG-NET-000140-ALG-000094
#   ccis: [CCI-000766]
#   off_box:
#     - fact: core.policies.device_password
#       ask: >-
#         A policy in Core demands a password or biometrics of the device and is applied to all
#         managed devices.
#     - fact: core.sentry_service.certificate_authentication
#       ask: >-
#         Device authentication in this Sentry's entry in Core is by group certificate, by
#         identity certificate, or by identity certificate with Kerberos constrained delegation.
#     - fact: core.sentry_service.authentication_complete
#       ask: >-
#         This Sentry's entry in Core holds every certificate and setting that the chosen way of
#         device authentication needs.
#   gui: >-
#     In Core: Services > Sentry > Edit > Device Authentication Configuration, then Save; Policies
#     and Configurations > Policies, the password of the device
#   remark: >-
#     The text counts a group certificate as a factor too, and supposes that the device password
#     is demanded by default; here somebody has to have looked. Unlike V-251024 and V-251031 it
#     knows no case in which it does not apply. It knows Core only.
package stig.alg.v251025
