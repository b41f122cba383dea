package stig.ndm.v251002_test

import data.lib.syslog
import data.stig.ndm.v251002 as rule

_messages := {v.message | some v in rule.violations}

_site := {"syslog_servers": [{"host": "192.0.2.51", "port": 6514, "protocol": "tcp"}]}

_input(enabled, port) := {
	"mics": {"syslog": {"servers": [{"host": "192.0.2.51", "port": 6514, "enabled": enabled, "audit": true}]}},
	"rsyslog": {"forwards": [{"host": "192.0.2.51", "port": port, "protocol": "tcp", "shadowed": false}]},
}

test_compliant if count(rule.violations) == 0 with input as _input(true, 6514) with data.site as _site

test_disabled if {
	_messages == {
		"no syslog server is enabled with Audit, must be at least one",
		"log server 192.0.2.51:6514/tcp is disabled, must be enabled",
	} with input as _input(false, 6514) with data.site as _site
}

test_forward_to_the_next_port if {
	rule.violations == {{
		"fact": "rsyslog.forwards",
		"expected": "192.0.2.51:6514/tcp",
		"message": "rsyslog does not forward to 192.0.2.51:6514/tcp",
	}} with input as _input(true, 6515) with data.site as _site
}

test_absent if {
	count(rule.violations) == 2 with data.site as _site
		with input as {"mics": {"syslog": {"servers": null}}, "rsyslog": {"forwards": null}}
}

test_undefined if count(rule.violations) == 0 with input as {} with data.site as _site

test_s3_12_one_answer_for_all_syslog_rules if {
	every given in [_input(true, 6514), _input(false, 6514), _input(true, 514), {}] {
		mine := rule.violations with input as given with data.site as _site
		same := syslog.violations with input as given with data.site as _site
		mine == same
	}
}

test_remedy_is_that_of_the_library if {
	wanted := {"host": "192.0.2.51", "port": 6514, "protocol": "tcp"}
	rule.remediation == {{
		"fact": "rsyslog.forwards",
		"value": [wanted],
		"why": "rsyslog then forwards to each of the site's log servers",
	}} with input as {"rsyslog": {"forwards": null}} with data.site as {"syslog_servers": [wanted]}
	count(rule.remediation) == 0 with input as {} with data.site as {"syslog_servers": [wanted]}
}
