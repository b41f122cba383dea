package stig.ndm.v250988_test

import data.stig.ndm.v250988 as rule

_messages := {v.message | some v in rule.violations}

_signin(certificate, password) := {"mics": {"signin": {
	"certificate": certificate,
	"password": password,
	"certificate_mapping": "EDIPI",
}}}

_mapping(field) := object.union(_signin(true, false), {"mics": {"signin": {"certificate_mapping": field}}})

_verify(value) := object.union(_signin(true, false), {"httpd": {"portal_verify_client": value}})

test_compliant if count(rule.violations) == 0 with input as _signin(true, false)

test_off if {
	rule.violations == {{
		"fact": "mics.signin.certificate",
		"expected": "true",
		"message": "certificate sign-in is off, must be on",
	}} with input as _signin(false, true)
}

test_on_but_nothing_mapped if {
	every field in [null, "", " "] {
		rule.violations == {{
			"fact": "mics.signin.certificate_mapping",
			"expected": "a field of the certificate",
			"message": "certificate mapping is not set, must be a field of the certificate",
		}} with input as _mapping(field)
	}
}

test_which_field_is_another_rule if count(rule.violations) == 0 with input as _mapping("UPN")

test_absent if {
	_messages == {
		"certificate sign-in is not set, must be on",
		"certificate mapping is not set, must be a field of the certificate",
	} with input as {"mics": {"signin": {"certificate": null, "password": null, "certificate_mapping": null}}}
}

test_undefined if {
	count(rule.violations) == 0 with input as {}
	count(rule.remarks) == 0 with input as {}
}

test_httpd_corroborates if {
	rule.violations == {{
		"fact": "httpd.portal_verify_client",
		"expected": "require or optional",
		"message": "httpd SSLVerifyClient for port 8443 is none, must be require or optional",
	}} with input as _verify("none")
}

test_httpd_boundaries if {
	every value in ["require", "optional", "Require"] {
		count(rule.violations) == 0 with input as _verify(value)
	}
	every value in ["none", "None", "optional_no_ca", ""] {
		count(rule.violations) == 1 with input as _verify(value)
	}
}

test_absent_httpd_says_nothing if count(rule.violations) == 0 with input as _verify(null)

test_httpd_does_not_stand_in if {
	count(rule.violations) == 1 with input as object.union(_verify("require"), {"mics": {"signin": {"certificate": false}}})
	_messages == {"httpd SSLVerifyClient for port 8443 is none, must be require or optional"} with input as {"httpd": {"portal_verify_client": "none"}}
}

test_s3_06_password_sign_in_beside_it_passes_with_a_remark if {
	count(rule.violations) == 0 with input as _signin(true, true)
	count(rule.remarks) == 1 with input as _signin(true, true)
	count(rule.remarks) == 0 with input as _signin(true, false)
	count(rule.remarks) == 0 with input as _signin(false, true)
	count(rule.remarks) == 0 with input as _signin(true, null)
}

test_what_port_8443_asks_for_is_a_remark_only if {
	asks := object.union(_signin(true, false), {"probe": {"portal_asks_certificate": true}})
	silent := object.union(_verify("require"), {"probe": {"portal_asks_certificate": false}})
	count(rule.violations) == 0 with input as asks
	rule.remarks == {"port 8443 asks for a client certificate when a handshake begins"} with input as asks
	count(rule.violations) == 0 with input as silent
	rule.remarks == {"port 8443 asks for no client certificate when a handshake begins; it may still ask later, of some paths only"} with input as silent
	count(rule.remarks) == 0 with input as object.union(_signin(true, false), {"probe": {"portal_asks_certificate": null}})
}
