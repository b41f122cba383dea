package stig.ndm.v251005_test

import data.stig.ndm.v251005 as rule

_messages := {v.message | some v in rule.violations}

_site := {"approved_cas": ["ca.pem"]}

_cert(fields) := object.union({"self_signed": false, "in_date": true, "trusted": true}, fields)

_input(portal, device) := {"certificates": {"portal": portal, "device": device}}

_good := _cert({})

test_compliant if count(rule.violations) == 0 with input as _input(_good, _good) with data.site as _site

test_portal_untrusted if {
	rule.violations == {{
		"fact": "certificates.portal",
		"expected": "issued by an approved CA",
		"message": "portal certificate is not trusted (unknown authority), must be issued by an approved CA",
	}} with data.site as _site
		with input as _input(_cert({"trusted": false, "problem": "unknown authority"}), _good)
}

test_device_untrusted if {
	_messages == {"device certificate is not trusted (no chain to an approved CA), must be issued by an approved CA"} with data.site as _site
		with input as _input(_good, _cert({"trusted": false}))
}

test_self_signed_and_expired_need_no_site_value if {
	bad := _cert({"self_signed": true, "in_date": false, "trusted": false})
	_messages == {
		"portal certificate is self-signed, must be issued by an approved CA",
		"portal certificate is out of date, must be in date",
		"device certificate is self-signed, must be issued by an approved CA",
		"device certificate is out of date, must be in date",
	} with input as _input(bad, bad) with data.site as {}
}

test_s3_13_without_the_site_no_ca_is_unapproved if {
	count(rule.violations) == 0 with data.site as {}
		with input as _input(_cert({"trusted": false}), _cert({"trusted": false}))
}

test_trusted_but_self_signed if {
	count(rule.violations) == 1 with input as _input(_cert({"self_signed": true}), _good) with data.site as _site
}

test_absent if {
	_messages == {
		"portal certificate is not set, must be from an approved CA",
		"device certificate is not set, must be from an approved CA",
	} with input as _input(null, null) with data.site as _site
}

test_undefined if {
	count(rule.violations) == 0 with input as {} with data.site as _site
	count(rule.violations) == 0 with input as {"certificates": {"portal": _good}} with data.site as _site
}

test_s3_17_both_certificates_have_to_be_from_an_approved_ca if {
	bad := _cert({"trusted": false})
	count(rule.violations) == 0 with input as _input(_good, _good) with data.site as _site
	count(rule.violations) == 1 with input as _input(bad, _good) with data.site as _site
	count(rule.violations) == 1 with input as _input(_good, bad) with data.site as _site
	count(rule.violations) == 2 with input as _input(bad, bad) with data.site as _site
}

_key := {"key": "RSA", "fingerprint": "aa"}

_served(fact, cert) := object.union(
	_input(_cert(_key), _cert(_key)),
	{"probe": {fact: cert}},
)

test_served_as_read if {
	every fact in ["portal_certificate", "incoming_certificate"] {
		count(rule.violations) == 0 with input as _served(fact, _cert(_key)) with data.site as _site
	}
}

test_what_a_port_serves_corroborates if {
	rule.violations == {{
		"fact": "probe.portal_certificate",
		"expected": "in date",
		"message": "certificate served on port 8443 is out of date, must be in date",
	}} with input as _served("portal_certificate", _cert(object.union(_key, {"in_date": false}))) with data.site as _site
	every bad in [{"in_date": false}, {"self_signed": true}, {"trusted": false}, {"fingerprint": "ab"}] {
		every fact in ["portal_certificate", "incoming_certificate"] {
			given := _served(fact, _cert(object.union(_key, bad)))
			{v.fact | some v in rule.violations} == {sprintf("probe.%s", [fact])} with input as given with data.site as _site
			count(rule.violations) == 1 with input as given with data.site as _site
		}
	}
}

test_another_certificate_than_was_read if {
	rule.violations == {{
		"fact": "probe.incoming_certificate",
		"expected": "SHA-256 aa",
		"message": "certificate served on port 443 is not the one that was read, must be the same",
	}} with input as _served("incoming_certificate", _cert({"key": "RSA", "fingerprint": "ab"})) with data.site as _site
}

test_a_certificate_for_another_kind_of_key_is_not_compared if {
	count(rule.violations) == 0 with data.site as _site
		with input as _served("portal_certificate", _cert({"key": "ECDSA", "fingerprint": "ab"}))
}

test_served_beside_what_nobody_read if {
	count(rule.violations) == 0 with input as {"probe": {"portal_certificate": _cert(_key)}} with data.site as _site
	count(rule.violations) == 1 with data.site as _site
		with input as {"probe": {"portal_certificate": _cert({"in_date": false})}}
}

test_served_well_makes_up_for_nothing if {
	given := object.union(_served("portal_certificate", _good), {"certificates": {"portal": null}})
	{v.fact | some v in rule.violations} == {"certificates.portal"} with input as given with data.site as _site
}

test_port_9090_is_a_remark_only if {
	bad := _cert({"self_signed": true, "in_date": false, "trusted": false})
	count(rule.violations) == 0 with input as _served("uem_certificate", bad) with data.site as _site
	rule.remarks == {
		"not judged: certificate served on port 9090 is self-signed, must be issued by an approved CA",
		"not judged: certificate served on port 9090 is out of date, must be in date",
	} with input as _served("uem_certificate", bad) with data.site as _site
	count(rule.remarks) == 1 with input as _served("uem_certificate", _cert({"trusted": false})) with data.site as _site
	count(rule.remarks) == 0 with input as _served("uem_certificate", _good) with data.site as _site
	count(rule.remarks) == 0 with input as {} with data.site as _site
}
