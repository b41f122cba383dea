package alert

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHTTPMistakes(t *testing.T) {
	long := strconv.Itoa(70000)
	base := map[string]Config{
		"webhook": {Type: "webhook", Address: "https://h.example/hook", SecretFile: "/s"},
		"hec":     {Type: "hec", Address: "https://h.example:8088", TokenFile: "credential:hec"},
		"elastic": {Type: "elastic", Address: "https://h.example:9200", TokenFile: "/t"},
		"otlp":    {Type: "otlp", Address: "https://h.example:4318"},
	}
	for name, c := range base {
		c.Name = "a"
		if wrong := mistakes(c); len(wrong) > 0 {
			t.Errorf("%s: %v", name, wrong)
		}
		for address, want := range map[string]string{
			"":                           "it does not begin with https: " + urlForms,
			"h.example":                  "it does not begin with https: " + urlForms,
			"https://":                   "there is no host: " + urlForms,
			"https://h:" + long:          "the port is not from 1 to 65535: " + urlForms,
			"https://u:hunter2@h":        "no user, query or fragment may stand here, where a secret would show: " + urlForms,
			"https://h/?sig=hunter2":     "no user, query or fragment may stand here, where a secret would show: " + urlForms,
			"http://h.example":           "alerts may not travel in the clear, http:// goes to 127.0.0.1, [::1] and localhost only: " + urlForms,
			"http://127.0.0.1.example/x": "alerts may not travel in the clear, http:// goes to 127.0.0.1, [::1] and localhost only: " + urlForms,
			"http://127.0.0.1:9200":      "",
			"http://[::1]/x":             "",
			"http://localhost:4318/":     "",
			"https://hunter2\x00":        "it is not an address: " + urlForms,
		} {
			c := c
			c.Address = address
			if got := mistakes(c)["address"]; got != want {
				t.Errorf("%s %q: %q, want %q", name, address, got, want)
			}
			_, err := New(Options{Config: c})
			if (err == nil) != (want == "") || err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s %q: %v", name, address, err)
			}
		}
	}
}

func TestMistakesOfEachHTTPSink(t *testing.T) {
	tests := []struct {
		c    Config
		want map[string]string
	}{
		{Config{Type: "webhook", Address: "https://h", Index: "x", Facility: "daemon", CA: "ca.pem", Cert: "c.pem", TokenFile: "hunter2", Headers: map[string]string{"X-Api-Key": "hunter2"}}, map[string]string{
			"index": "a sink of type webhook has none: remove the key", "facility": "a sink of type webhook has none: remove the key",
			"ca": `"ca.pem" is not an absolute path of a PEM file`, "cert": `"c.pem" is not an absolute path of a PEM file` + "a certificate needs its private key too: write key",
			"token_file":  "secrets do not stand here: write the absolute path of a file that holds it, or credential:NAME",
			"headers":     `"X-Api-Key" may hold a secret, which does not stand here: write token_file`,
			"secret_file": "the key is missing: name the file that holds the secret for the signature",
		}},
		{Config{Type: "webhook", Address: "https://h", SecretFile: "credential:a/b", Key: "/k", Headers: map[string]string{"Host": "x"}}, map[string]string{
			"key": "a private key needs its certificate too: write cert", "headers": `"Host" is set by the sink: remove it`,
			"secret_file": "this names no credential: write credential:NAME, or the absolute path of a file",
		}},
		{Config{Type: "otlp", Address: "https://h/v1/logs", Headers: map[string]string{"X Y": "x"}, User: "u"}, map[string]string{
			"address": "remove /v1/logs: it is added", "headers": `"X Y" is not the name of a header`, "user": "a sink of type otlp has none: remove the key",
		}},
		{Config{Type: "otlp", Address: "http://localhost:4318", CA: "/ca.pem", Headers: map[string]string{"X-Scope-OrgID": "a\nb"}}, map[string]string{
			"address": "http:// has no certificates: write https://, or remove ca, cert, key and server_name",
			"headers": `the value of "X-Scope-OrgID" has characters that a header does not take`,
		}},
		{Config{Type: "hec", Address: "https://h:8088/services/collector/event/", Index: "Main", SourceType: "a b", Format: "cef"}, map[string]string{
			"address": "remove /services/collector/event: it is added", "token_file": "the key is missing: name the file that holds the collector's token",
			"index":      `"Main" is not an index: lower-case letters, digits, dashes and underscores`,
			"sourcetype": `"a b" is not a source type: letters, digits, dots, dashes, colons and underscores`,
			"format":     `"cef" is not a format of type hec: write one of json`,
		}},
		{Config{Type: "elastic", Address: "https://h:9200/_bulk", Index: "Logs*"}, map[string]string{
			"address": "remove /_bulk: it is added", "index": `"Logs*" is not a data stream or index: lower-case letters, digits, dots, dashes and underscores`,
			"token_file": "the key is missing: write token_file, user and password_file, or cert and key",
		}},
		{Config{Type: "elastic", Address: "https://h:9200", TokenFile: "/t", User: "a:b"}, map[string]string{
			"token_file": "an API key and a user are too much: remove token_file, or user and password_file",
			"user":       `"a:b" is not a user: no colon or control character may stand in it`,
		}},
		{Config{Type: "elastic", Address: "https://h:9200", User: "u"}, map[string]string{"user": "user and password_file go together: write both"}},
		{Config{Type: "elastic", Address: "https://h:9200", User: "u", PasswordFile: "/p"}, map[string]string{}},
	}
	for _, tt := range tests {
		tt.c.Name = "a"
		if d := cmp.Diff(tt.want, mistakes(tt.c)); d != "" {
			t.Errorf("%s: %s", tt.c.Type, d)
		}
	}
}
