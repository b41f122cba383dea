# METADATA
# scope: package
# title: Idle tunnels end within 15 minutes
# custom:
#   rule: V-251029
#   stig_id: MOIS-AL-000470
#   benchmark: alg
#   severity: medium
#   srg: SRG-NET-000213-ALG-000107
#   ccis: [CCI-001133]
#   off_box:
#     - fact: core.tunnel.idle_timeout_set
#       ask: >-
#         Each VPN configuration in Core of the type MobileIron Tunnel has the key TcpIdleTmoMs
#         in its custom data.
#     - fact: core.tunnel.idle_timeout
#       ask: >-
#         The value of TcpIdleTmoMs is 900000 (15 minutes in milliseconds) or less in each VPN
#         configuration in Core of the type MobileIron Tunnel.
#   not_applicable_when: There is no Tunnel configuration.
#   gui: >-
#     In Core: Policies and Configurations > Configurations, each VPN configuration of the type
#     MobileIron Tunnel > Custom Data > TcpIdleTmoMs, at most 900000
#   remark: >-
#     The title wants 10 minutes for management too; the check asks for this key only (V-250984
#     and V-250996 are about management). A key that is not set is a finding by the text, for a
#     default of 1 hour; by the vendor that is Android's, and an app on iOS has 60 seconds. iOS
#     takes 5000 to 18000000. Without any Tunnel configuration, attest both questions as not
#     applicable.
package stig.alg.v251029
