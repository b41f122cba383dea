# METADATA
# scope: package
# title: Only approved authorities may issue device certificates
# custom:
#   rule: V-251032
#   stig_id: MOIS-AL-000950
#   benchmark: alg
#   severity: medium
#   srg: SRG-NET-000355-ALG-000117
#   ccis: [CCI-002470]
#   off_box:
#     - fact: core.policies.device_password
#       ask: >-
#         A policy in Core demands a password or biometrics of the device and is applied to all
#         managed devices.
#     - fact: core.sentry_service.certificate_authentication
#       ask: >-
#         Device authentication in this Sentry's entry in Core is by group certificate, by
#         identity certificate, or by identity certificate with Kerberos constrained delegation.
#     - fact: core.sentry_service.approved_authorities
#       ask: >-
#         View Certificate in this Sentry's entry in Core shows only certificates of DoD PKI or
#         of authorities that DoD approves.
#   gui: >-
#     In Core: Services > Sentry > Edit > Device Authentication Configuration > Upload
#     Certificate, View Certificate, then Save; Policies and Configurations > Policies, the
#     password of the device
#   remark: >-
#     The finding is about the authorities; the check asks for the password of the device and for
#     certificate authentication besides, and so does this rule. It knows no case in which it does
#     not apply, and Core only.
package stig.alg.v251032
