package lib.certificate_test

import data.lib.certificate

_good := {"subject": "CN=s", "issuer": "CN=ca", "self_signed": false, "in_date": true, "trusted": true}

_with(field, value) := object.union(_good, {field: value})

test_good if {
	not certificate.unset("a.b", "portal certificate", _good)
	not certificate.self_signed("a.b", "portal certificate", _good)
	not certificate.expired("a.b", "portal certificate", _good)
	not certificate.untrusted("a.b", "portal certificate", _good, [])
}

test_unset if {
	certificate.unset("a.b", "portal certificate", null) == {
		"fact": "a.b",
		"expected": "a certificate",
		"message": "portal certificate is not set, must be from an approved CA",
	}
	not certificate.self_signed("a.b", "portal certificate", null)
	not certificate.expired("a.b", "portal certificate", null)
	not certificate.untrusted("a.b", "portal certificate", null, [])
}

test_self_signed if {
	certificate.self_signed("a.b", "portal certificate", _with("self_signed", true)).message == "portal certificate is self-signed, must be issued by an approved CA"
}

test_expired if {
	certificate.expired("a.b", "portal certificate", _with("in_date", false)).message == "portal certificate is out of date, must be in date"
}

test_untrusted if {
	bad := object.union(_good, {"trusted": false, "problem": "unknown authority"})
	certificate.untrusted("a.b", "portal certificate", bad, []).message == "portal certificate is not trusted (unknown authority), must be issued by an approved CA"
}

test_self_signed_is_said_once if {
	bad := object.union(_good, {"trusted": false, "self_signed": true})
	not certificate.untrusted("a.b", "portal certificate", bad, [])
	certificate.self_signed("a.b", "portal certificate", bad)
}

test_missing_fields_are_bad if {
	certificate.self_signed("a.b", "portal certificate", {})
	certificate.expired("a.b", "portal certificate", {})
	certificate.untrusted("a.b", "portal certificate", {"self_signed": false}, [])
}

test_undefined_is_no_violation if {
	{v | v := certificate.expired("a.b", "portal certificate", input.certificates.portal)} == set() with input as {}
	{v | v := certificate.untrusted("a.b", "portal certificate", _with("trusted", false), data.site.approved_cas)} == set() with data.site as {}
}

test_another_certificate_than_was_read if {
	read := object.union(_good, {"key": "RSA", "fingerprint": "aa"})
	not certificate.unlike("a.b", "served certificate", read, read)
	certificate.unlike("a.b", "served certificate", object.union(read, {"fingerprint": "ab"}), read) == {
		"fact": "a.b",
		"expected": "SHA-256 aa",
		"message": "served certificate is not the one that was read, must be the same",
	}
	not certificate.unlike("a.b", "served certificate", object.union(read, {"key": "ECDSA", "fingerprint": "ab"}), read)
	not certificate.unlike("a.b", "served certificate", null, read)
	not certificate.unlike("a.b", "served certificate", read, null)
	not certificate.unlike("a.b", "served certificate", _good, read)
}

test_faults_are_all_that_is_wrong if {
	bad := object.union(_good, {"trusted": false, "in_date": false})
	count(certificate.faults("a.b", "portal certificate", bad)) == 2 with data.site as {"approved_cas": ["ca.pem"]}
	count(certificate.faults("a.b", "portal certificate", bad)) == 1 with data.site as {}
	certificate.faults("a.b", "portal certificate", _good) == set() with data.site as {"approved_cas": ["ca.pem"]}
	certificate.faults("a.b", "portal certificate", null) == set() with data.site as {"approved_cas": ["ca.pem"]}
}

test_asked_tells_what_the_first_answer_shows if {
	certificate.asked("port 1", true) == "port 1 asks for a client certificate when a handshake begins"
	contains(certificate.asked("port 1", false), "it may still ask later")
}
