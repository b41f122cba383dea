# METADATA
# scope: package
# title: Remote users sign in with a certificate, besides the password of the device
# custom:
#   rule: V-251031
#   stig_id: MOIS-AL-000900
#   benchmark: alg
#   severity: medium
#   srg: SRG-NET-000339-ALG-000090
#   ccis: [CCI-001951, CCI-004046]
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
#   not_applicable_when: This Sentry authenticates no users.
#   gui: >-
#     In Core: Services > Sentry > Edit > Device Authentication Configuration, then Save; Policies
#     and Configurations > Policies, the password of the device
#   remark: >-
#     The title wants a factor on a separate device; the check is content with a certificate, a
#     group certificate too, and the password of the device, which it supposes to be demanded by
#     default. A Sentry that authenticates no users is not applicable by the text: attest that of
#     each question.
package stig.alg.v251031
