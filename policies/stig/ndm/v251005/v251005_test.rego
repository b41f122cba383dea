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
