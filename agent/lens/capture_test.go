package lens

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestShowFIPS(t *testing.T) {
	cases := map[string]string{
		"sentry1# show fips\r\nFIPS 140 mode is enabled\r\nsentry1#": "true",
		"FIPS 140 mode is disabled.\n":                               "false",
		"FIPS 140 mode is enabled\nFIPS 140 mode is disabled\n":      "false",
	}
	for text, want := range cases {
		table(t, ShowFIPS{}, text, map[string][]string{"enabled": {want}})
	}
	for _, bad := range []string{"", "sentry1# show fips\n", "FIPS 140 mode is not enabled\n",
		"cannot say whether FIPS 140 mode is enabled\n", "FIPS 140 mode is\nenabled\n"} {
		refuses(t, bad, ShowFIPS{}, Query{Path: "enabled"}, bad)
	}
}

func TestShowHTTPD(t *testing.T) {
	got := ask(t, ShowHTTPD{}, Query{Path: "protocols"}, showHTTPDText)
	want := []Value{
		{File: "/f0", Line: 5, Start: 134, End: 146, Raw: "8443 TLSv1.2", Fields: map[string]string{"port": "8443", "protocols": "TLSv1.2"}},
		{File: "/f0", Line: 6, Start: 147, End: 159, Raw: "9090 TLSv1.2", Fields: map[string]string{"port": "9090", "protocols": "TLSv1.2"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	several := strings.Replace(showHTTPDText, "9090 TLSv1.2", "| 9090 | TLSv1.1, TLSv1.2 TLSv1.3 |", 1)
	if got := ask(t, ShowHTTPD{}, Query{Path: "protocols"}, showHTTPDText+several)[1].Fields["protocols"]; got != "TLSv1.1,TLSv1.2,TLSv1.3" {
		t.Errorf("got %q", got)
	}
}

func TestShowHTTPDRefuses(t *testing.T) {
	head := "Port + TLS Protocols Enabled\n"
	for _, bad := range []string{"", "8443 TLSv1.2\n", head, head + "sentry1# \n8443 TLSv1.2\n", head + "8443\n",
		head + "https TLSv1.2\n", head + "70000 TLSv1.2\n", head + "0 TLSv1.2\n", head + "8443 TLSv1.2\n% error\n"} {
		refuses(t, bad, ShowHTTPD{}, Query{Path: "protocols"}, bad)
	}
}

func TestTLSFlight(t *testing.T) {
	table(t, TLSFlight{}, flightHead+"requested\n"+testLeaf, map[string][]string{"asks": {"true"}})
	table(t, TLSFlight{}, flightHead+"not requested\n"+testLeaf, map[string][]string{"asks": {"false"}})
	for _, bad := range []string{"", "version TLSv1.2\n", testLeaf, "client certificate perhaps\n", flightHead + "requested\n" + "client certificate not requested\n",
		"version TLSv1.2\n" + testLeaf + "client certificate requested\n"} {
		refuses(t, bad, TLSFlight{}, Query{Path: "asks"}, bad)
	}
}

func TestUnit(t *testing.T) {
	got := ask(t, Unit{}, Query{Path: "state"}, unitText, strings.NewReplacer("Job=0", "Job=12", "inactive", "activating").Replace(unitText))
	want := []Value{
		{File: "/f0", Line: 3, Start: 48, End: 56, Raw: "ActiveState=inactive", Fields: map[string]string{
			"unit": "rsyslog.service", "load": "loaded", "active": "inactive", "sub": "dead", "pending": "false"}},
		{File: "/f1", Line: 3, Start: 48, End: 58, Raw: "ActiveState=activating", Fields: map[string]string{
			"unit": "rsyslog.service", "load": "loaded", "active": "activating", "sub": "dead", "pending": "true"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for _, bad := range []string{"", "Id=a.service\n", strings.Replace(unitText, "Job=0", "Job=-", 1), strings.Replace(unitText, "dead", "", 1),
		unitText + "Job=0\n", unitText + "Names=x\n", strings.Replace(unitText, "LoadState=loaded\n", "", 1), strings.Replace(unitText, "Job=0", "no line", 1)} {
		refuses(t, bad, Unit{}, Query{Path: "state"}, bad)
	}
}

func TestTLSProbe(t *testing.T) {
	table(t, TLSProbe{}, probeText, map[string][]string{"on": {"TLSv1.2", "TLSv1.3"}, "off": {"TLSv1"}})
	table(t, TLSProbe{}, "TLSv1.2 off\nTLSv1.3 unreadable reset\n", map[string][]string{"on": nil, "off": {"TLSv1.2"}})
	for _, bad := range []string{"", "TLSv1.2 unreadable it timed out\n", "TLSv1.2\n", "TLSv1.2 online\n"} {
		refuses(t, bad, TLSProbe{}, Query{Path: "on"}, bad)
	}
}
