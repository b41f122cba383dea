package stig.alg.v251017_test

import data.lib.syslog
import data.stig.alg.v251017 as rule

_messages := {v.message | some v in rule.violations}

_site := {"syslog_servers": [{"host": "192.0.2.51", "port": 6514, "protocol": "tcp"}]}

_server := {"host": "192.0.2.51", "port": 6514, "enabled": true, "audit": true}

_input(server, port) := {
	"mics": {"syslog": {"servers": [server]}},
	"rsyslog": {"forwards": [{"host": "192.0.2.51", "port": port, "protocol": "tcp", "shadowed": false}]},
}

_disabled := object.union(_server, {"enabled": false})

_without_audit := object.union(_server, {"audit": false})

test_compliant if count(rule.violations) == 0 with input as _input(_server, 6514) with data.site as _site

test_forward_to_the_next_port if {
	rule.violations == {{
		"fact": "rsyslog.forwards",
		"expected": "192.0.2.51:6514/tcp",
		"message": "rsyslog does not forward to 192.0.2.51:6514/tcp",
	}} with input as _input(_server, 6515) with data.site as _site
}

test_absent if {
	count(rule.violations) == 2 with data.site as _site
		with input as {"mics": {"syslog": {"servers": null}}, "rsyslog": {"forwards": null}}
}

test_undefined if count(rule.violations) == 0 with input as {} with data.site as _site

test_s3_12_audit_and_admin_state_are_both_needed if {
	_messages == {
		"no syslog server is enabled with Audit, must be at least one",
		"log server 192.0.2.51:6514/tcp is disabled, must be enabled",
	} with input as _input(_disabled, 6514) with data.site as _site
	_messages == {
		"no syslog server is enabled with Audit, must be at least one",
		"log server 192.0.2.51:6514/tcp is without Audit, must have it",
	} with input as _input(_without_audit, 6514) with data.site as _site
}

test_s3_12_one_answer_for_all_syslog_rules if {
	every given in [_input(_server, 6514), _input(_disabled, 6514), _input(_without_audit, 514), {}] {
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
