# METADATA
# scope: package
# title: Device certificates map to users
# custom:
#   rule: V-251028
#   stig_id: MOIS-AL-000430
#   benchmark: alg
#   severity: medium
#   srg: SRG-NET-000166-ALG-000101
#   ccis: [CCI-000187]
#   off_box:
#     - fact: core.sentry_service.certificate_authentication
#       ask: >-
#         Device authentication in this Sentry's entry in Core is by group certificate, by
#         identity certificate, or by identity certificate with Kerberos constrained delegation.
#     - fact: core.sentry_service.certificate_mapping
#       ask: >-
#         The certificate mapping in this Sentry's entry in Core maps the fields of the
#         certificate to the user that they name.
#   gui: >-
#     In Core: Services > Sentry > Edit > Device Authentication Configuration > certificate
#     mapping, then Save
#   remark: >-
#     Title and fix are about a Sentry that authenticates by certificate; the check makes no
#     exception for another, and neither does this rule. Which field fits is left open; the fix's
#     example is the user principal name, from the NT principal name of the subject alternative
#     name.
package stig.alg.v251028
