# METADATA
# scope: package
# title: Sentry stands behind a load balancer
# custom:
#   rule: V-251033
#   stig_id: MOIS-AL-000970
#   benchmark: alg
#   severity: low
#   srg: SRG-NET-000362-ALG-000120
#   ccis: [CCI-002385]
#   off_box:
#     - fact: site_network.load_balancer
#       ask: This Sentry stands behind a load balancer.
#   gui: >-
#     None on Sentry or in Core: put a load balancer in front of Sentry
#   remark: >-
#     The title has Sentry balance the load; the check asks that it stands behind a load balancer,
#     and so does this rule.
package stig.alg.v251033
