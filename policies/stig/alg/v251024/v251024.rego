# METADATA
# scope: package
# title: Devices reach approved backend servers only
# custom:
#   rule: V-251024
#   stig_id: MOIS-AL-000390
#   benchmark: alg
#   severity: medium
#   srg: SRG-NET-000138-ALG-000089
#   ccis: [CCI-000764]
#   off_box:
#     - fact: core.sentry_service.activesync_servers
#       ask: >-
#         If this Sentry serves ActiveSync, ActiveSync Server(s) in its entry in Core lists
#         approved servers only.
#     - fact: core.sentry_service.apptunnel_services
#       ask: >-
#         If this Sentry serves AppTunnel, the AppTunnel services in its entry in Core list only
#         servers that its users should sign in to.
#   not_applicable_when: This Sentry authenticates no users.
#   gui: >-
#     In Core: Services > Sentry > Edit, ActiveSync Server(s) and the AppTunnel services, then
#     Save
#   remark: >-
#     Which servers are approved is the site's to say. The sentence about ActiveSync wants end
#     users on a list of servers; servers are meant. A Sentry that authenticates no users is not
#     applicable by the text: attest that of both questions.
package stig.alg.v251024
