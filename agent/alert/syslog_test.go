package alert

import (
	"strings"
	"testing"
)

func TestSinkAddresses(t *testing.T) {
	tests := map[string]string{
		"unix:///dev/log":                        "",
		"udp://siem.example:514":                 "",
		"tls://siem.example":                     "",
		"tls://siem.example:6514":                "",
		"udp://siem.example":                     "",
		"tcp://192.0.2.1:65535/":                 "",
		"tcp://192.0.2.1:65536":                  "the port is not from 1 to 65535: " + addressForms,
		"tcp://192.0.2.1:0":                      "the port is not from 1 to 65535: " + addressForms,
		"tcp://192.0.2.1:":                       "the port is not from 1 to 65535: " + addressForms,
		"tcp://192.0.2.1:601/x":                  "nothing may stand after the port: " + addressForms,
		"udp://:514":                             "there is no host: " + addressForms,
		"tcp://me:secret@host:601":               "only scheme, host and port may stand here: " + addressForms,
		"siem.example:514":                       "it does not begin with one of the known schemes: " + addressForms,
		"tcp://host:port":                        "it is not an address: " + addressForms,
		"unix://dev/log":                         "the socket's path is not absolute: write it with three slashes, unix:///dev/log",
		"unix:dev/log":                           "the socket's path is not absolute: write it with three slashes, unix:///dev/log",
		"unix:///" + strings.Repeat("a", 106):    "",
		"unix:///" + strings.Repeat("a", 107):    "the socket's path is too long: a unix socket takes at most 107 bytes",
		"http://siem.example/":                   "it does not begin with one of the known schemes: " + addressForms,
		"udp://siem.example:514?facility=daemon": "only scheme, host and port may stand here: " + addressForms,
	}
	for address, want := range tests {
		if got := syslogAddresses.bad(address); got != want {
			t.Errorf("%s: got %q, want %q", address, got, want)
		}
	}
}
