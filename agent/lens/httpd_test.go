package lens

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHTTPDProtocols(t *testing.T) {
	all := []string{"SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"}
	vhost := func(text string) string { return "<VirtualHost *:8443>\n" + text + "</VirtualHost>\n" }
	const query = "SSLProtocol@8443"
	checkProgram(t, HTTPD{}, []programCase{
		{"sums", vhost("SSLProtocol -all +TLSv1.2\n"), query, []string{"TLSv1.2"}},
		{"one", vhost("SSLProtocol TLSv1.2\n"), query, []string{"TLSv1.2"}},
		{"all", vhost("SSLProtocol all\n"), query, all},
		{"all but some", vhost("SSLProtocol all -SSLv3 -TLSv1 -SSLv2\n"), query, all[2:]},
		{"order of age", vhost("SSLProtocol +TLSv1.3 +TLSv1.1\n"), query, []string{"TLSv1.1", "TLSv1.3"}},
		{"a bare name replaces a bare name", vhost("SSLProtocol TLSv1.1 TLSv1.2\n"), query, []string{"TLSv1.2"}},
		{"a bare name replaces all before", vhost("SSLProtocol +TLSv1.1 TLSv1.2 +TLSv1.3\n"), query, []string{"TLSv1.2", "TLSv1.3"}},
		{"case", vhost("sslprotocol ALL -tlsv1.3\n"), query, all[:4]},
		{"later wins", vhost("SSLProtocol all\nSSLProtocol TLSv1.2\n"), query, []string{"TLSv1.2"}},
		{"commented out", vhost("#SSLProtocol all\n SSLProtocol TLSv1.2\n"), query, []string{"TLSv1.2"}},
		{"comment that goes on", vhost("# c \\\nSSLProtocol all\nSSLEngine on\n"), query, nil},
		{"continued", vhost("SSLProtocol -all \\\n  +TLSv1.2\n"), query, []string{"TLSv1.2"}},
		{"unset", vhost("SSLEngine on\n"), query, nil},
		{"none left", vhost("SSLProtocol -all\n"), query, nil},
		{"from the server", "SSLProtocol TLSv1.2\n" + vhost("SSLEngine on\n"), query, []string{"TLSv1.2"}},
		{"from the server, behind", vhost("SSLEngine on\n") + "SSLProtocol TLSv1.2\n", query, []string{"TLSv1.2"}},
		{"the host over the server", vhost("SSLProtocol TLSv1.2\n") + "SSLProtocol all\n", query, []string{"TLSv1.2"}},
		{"another port", "SSLProtocol all\n<VirtualHost *:9090>\nSSLProtocol TLSv1.2\n</VirtualHost>\n", query, nil},
		{"listening server", "Listen 8443 https\nSSLProtocol TLSv1.2\n", query, []string{"TLSv1.2"}},
		{"listening on an address", "listen 192.0.2.1:8443\nSSLProtocol TLSv1.2\n", query, []string{"TLSv1.2"}},
		{"listening on version 6", "Listen [::]:8443\nSSLProtocol TLSv1.2\n", query, []string{"TLSv1.2"}},
		{"near port", "Listen 18443\nListen 84430\nSSLProtocol TLSv1.2\n", query, nil},
		{"several addresses", "<VirtualHost 192.0.2.1:443 [::]:8443>\nSSLProtocol TLSv1.3\n</VirtualHost>\n", query, []string{"TLSv1.3"}},
		{"default address", "<VirtualHost _default_:8443>\nSSLProtocol TLSv1.3\n</VirtualHost>\n", query, []string{"TLSv1.3"}},
		{"a host for any port", "Listen 8443\n<VirtualHost *>\nSSLProtocol TLSv1.3\n</VirtualHost>\n", query, []string{"TLSv1.3"}},
		{"a host for any port, not listening", "<VirtualHost *:*>\nSSLProtocol TLSv1.3\n</VirtualHost>\n", query, nil},
		{"two hosts", vhost("SSLProtocol TLSv1.2\n") + vhost("SSLProtocol TLSv1.1\n"), query, []string{"TLSv1.1", "TLSv1.2"}},
		{"modules", "<IfModule mod_ssl.c>\n" + vhost("SSLProtocol all\n<IFMODULE x>\nSSLProtocol TLSv1.2\n</ifmodule>\n") + "</IfModule>\n", query, []string{"TLSv1.2"}},
		{"missing module", vhost("SSLProtocol TLSv1.2\n<IfModule !x>\nSSLProtocol TLSv1.1\n</IfModule>\n"), query, []string{"TLSv1.1", "TLSv1.2"}},
		{"a definition cannot hide", vhost("SSLProtocol TLSv1.1\n<IfDefine X>\nSSLProtocol TLSv1.2\n</IfDefine>\n"), query, []string{"TLSv1.1", "TLSv1.2"}},
		{"only a definition", vhost("<IfDefine X>\nSSLProtocol TLSv1\n</IfDefine>\n"), query, []string{"TLSv1"}},
		{"sections of requests", vhost("SSLProtocol TLSv1.2\n<Directory />\nSSLProtocol all\n</Directory>\n"), query, []string{"TLSv1.2"}},
		{"near directive", vhost("SSLProxyProtocol all\n"), query, nil},
	})
	for _, text := range []string{"SSLProtocol TLSv1.2 TLSv1.O\n", "SSLProtocol SSLv2\n", "SSLProtocol +\n"} {
		refuses(t, text, HTTPD{}, Query{Path: query}, vhost(text))
	}
}

func TestHTTPDValues(t *testing.T) {
	const query = "SSLCertificateFile@8443"
	checkProgram(t, HTTPD{}, []programCase{
		{"host", "<VirtualHost *:8443>\nSSLCertificateFile /a\nsslcertificatefile \"/b c\"\n</VirtualHost>\n", query, []string{"/b c"}},
		{"server", "SSLCertificateFile /s\n<VirtualHost *:8443>\n</VirtualHost>\n", query, []string{"/s"}},
		{"first host", "<VirtualHost *:8443>\nSSLCertificateFile /a\n</VirtualHost>\n<VirtualHost *:8443>\nSSLCertificateFile /b\n</VirtualHost>\n", query, []string{"/a"}},
		{"escapes", "Listen 8443\nSSLCertificateFile '/a\\'b\\\\c'\n", query, []string{`/a'b\c`}},
		{"definition", "Listen 8443\n<IfDefine X>\nSSLCertificateFile /a\n</IfDefine>\n", query, []string{"/a"}},
		{"nothing", "SSLCertificateFile /s\n", query, nil},
	})
	checkRefused(t, HTTPD{}, map[string]int{
		"<VirtualHost *:1>\n": 1, "</VirtualHost>\n": 1, "\n<IfModule x>\n</IfDefine>\n": 3, "<IfModule x\n</IfModule>\n": 1, "<IfModule x>\n</IfModule\n": 2,
	})
	refuses(t, "nested hosts", HTTPD{}, Query{Path: query}, "<VirtualHost *:1>\n<VirtualHost *:2>\n</VirtualHost>\n</VirtualHost>\n")
}

func TestHTTPDVerifyClient(t *testing.T) {
	const query = "SSLVerifyClient@8443"
	vhost := func(text string) string { return "<VirtualHost *:8443>\n" + text + "</VirtualHost>\n" }
	listening := func(text string) string { return "Listen 192.0.2.1:8443 https\n" + text }
	checkProgram(t, HTTPD{}, []programCase{
		{"require", listening(vhost("SSLVerifyClient require\n")), query, []string{"require"}},
		{"case", listening(vhost("sslverifyclient Optional_No_CA\n")), query, []string{"optional_no_ca"}},
		{"later wins", listening(vhost("SSLVerifyClient none\nSSLVerifyClient \"require\"\n")), query, []string{"require"}},
		{"from the server", listening("SSLVerifyClient optional\n" + vhost("")), query, []string{"optional"}},
		{"the host over the server", listening("SSLVerifyClient none\n" + vhost("SSLVerifyClient require\n")), query, []string{"require"}},
		{"the weakest host", listening(vhost("SSLVerifyClient require\n") + vhost("SSLVerifyClient optional\n")), query, []string{"optional"}},
		{"a host that says nothing", listening(vhost("SSLVerifyClient require\n") + vhost("")), query, []string{"none"}},
		{"only a definition", listening(vhost("<IfDefine X>\nSSLVerifyClient require\n</IfDefine>\n")), query, []string{"none"}},
		{"a definition over the server", listening("SSLVerifyClient optional\n" + vhost("<IfDefine X>\nSSLVerifyClient require\n</IfDefine>\n")), query, []string{"optional"}},
		{"nothing set", listening(vhost("SSLEngine on\n")), query, []string{"none"}},
		{"nothing set on the server", "Listen 8443\n", query, []string{"none"}},
		{"nothing set, not served", vhost("SSLEngine on\n"), query, nil},
		{"set, not served", vhost("SSLVerifyClient require\n"), query, []string{"require"}},
		{"another port", "Listen 9090\n<VirtualHost *:9090>\nSSLVerifyClient none\n</VirtualHost>\n", query, nil},
		{"commented out", listening(vhost("#SSLVerifyClient require\n")), query, []string{"none"}},
		{"near directive", listening(vhost("SSLVerifyDepth 2\n")), query, []string{"none"}},
		{"sections of requests", listening(vhost("SSLVerifyClient require\n<Location />\nSSLVerifyClient none\n</Location>\n")), query, []string{"require"}},
	})
	for _, text := range []string{"SSLVerifyClient\n", "SSLVerifyClient yes\n", "SSLVerifyClient none require\n"} {
		refuses(t, text, HTTPD{}, Query{Path: query}, vhost(text))
	}
	want := []Value{{Text: "none", File: "/f0", Line: 2, Start: 12, End: 12, Raw: "<VirtualHost *:8443"}}
	if d := cmp.Diff(want, ask(t, HTTPD{}, Query{Path: query}, "Listen 8443\n"+vhost(""))); d != "" {
		t.Error(d)
	}
}

func TestHTTPDIncludes(t *testing.T) {
	main := "SSLProtocol all\nInclude conf.d/*.conf\n<VirtualHost *:9090>\nIncludeOptional /h/*.inc\n</VirtualHost>\n"
	files := disk{
		"/etc/httpd/conf/httpd.conf":    main,
		"/etc/httpd/conf.d/1.conf":      "Listen 8443\nSSLProtocol TLSv1.1\n",
		"/etc/httpd/conf.d/2.conf":      "SSLProtocol TLSv1.2\n",
		"/etc/httpd/conf.d/2.conf.save": "SSLProtocol all\n",
		"/h/1.inc":                      "SSLProtocol TLSv1.3\n",
	}
	for query, want := range map[string]string{"SSLProtocol@8443": "/etc/httpd/conf.d/2.conf TLSv1.2", "SSLProtocol@9090": "/h/1.inc TLSv1.3"} {
		vs := files.asked(t, HTTPD{}, query, "/etc/httpd/conf/httpd.conf")
		if len(vs) != 1 || vs[0].File+" "+vs[0].Text != want {
			t.Errorf("%s: got %+v", query, vs)
		}
	}
}

func TestHTTPDPlace(t *testing.T) {
	text := "Listen 8443\nSSLProtocol -all \\\n +TLSv1.2\n"
	want := []Value{{Text: "TLSv1.2", File: "/f0", Line: 2, Start: 24, End: 40, Raw: "SSLProtocol -all \\\n +TLSv1.2"}}
	if d := cmp.Diff(want, ask(t, HTTPD{}, Query{Path: "SSLProtocol@8443"}, text)); d != "" {
		t.Error(d)
	}
}
