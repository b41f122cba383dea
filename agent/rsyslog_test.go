package agent

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"stigwatch/agent/alert"
	alertrig "stigwatch/agent/alert/testdata/rig"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/finding"
)

// A scripted run of the whole agent: what rsyslogd wrote is compared, field by
// field, with what the agent says that it sent.
func TestRealRsyslogUnderstandsEveryAlert(t *testing.T) {
	receiver := alertrig.StartRsyslog(t)
	dir := rig.New(t, "compliant")
	conf := "\nsinks:\n  - {name: siem, type: syslog, address: \"tcp://127.0.0.1:" + receiver.TCP + "\"}\n"
	add(t, filepath.Join(dir, "stigwatch/stigwatch.yaml"), conf)
	d := start(t, dir)
	var sent []alert.Message
	step := func(file, from, to string, rules ...string) {
		t.Helper()
		rig.Edit(t, d.file("root/"+file), from, to)
		for _, rule := range rules {
			m := d.next()
			if m.Rule != rule {
				t.Fatalf("alert about %s (%s), want %s", m.Rule, m.Text, rule)
			}
			sent = append(sent, m)
		}
	}
	const identity = "mi/config-system/startup_config/identityconfig.xml"
	step(identity, ">15<", ">8<", "V-250989")
	step(identity, ">8<", ">9<", "V-250989")
	step(identity, "<special>true<", "<special>false<", "V-250993")
	step(identity, ">9<", ">15<", "V-250989")
	step("proc/sys/crypto/fips_enabled", "1", "0", "V-250995", "V-250997", "V-251000", "V-251001",
		"V-251011", "V-251012", "V-251014", "V-251036", "V-251037", "V-251038")
	step("etc/chrony.conf", "server 198.51.100.123", "#server 198.51.100.123", "V-250999")
	step("mi/config-system/startup_config/systemconfig.xml", "LAB SYSTEM", "LAB \"SYS]TEM\\ é", "V-250987")
	got := receiver.Receipts(t, len(sent))
	for i, m := range sent {
		sd := got[i].Data(t)["stigwatch@32473"]
		want := map[string]string{
			"seq": strconv.FormatUint(m.Seq, 10), "event": string(m.Event), "rule": m.Rule, "stigid": m.StigID,
			"severity": string(m.Severity), "result": string(m.Result), "reason": m.Reason, "file": m.File,
			"line": strconv.Itoa(m.Line), "expected": m.Expected, "actual": m.Actual, "assurance": string(m.Assurance), "id": m.ID, "code": "",
		}
		for name, v := range want {
			if sd[name] != v {
				t.Errorf("message %d: %s is %q, want %q", i, name, sd[name], v)
			}
		}
		if got[i].Msg != m.Text || got[i].Host != "sentry1.lab.example" || got[i].MsgID != string(m.Event) {
			t.Errorf("message %d: %+v", i, got[i])
		}
	}
	if sent[0].Event != finding.Opened || sent[3].Event != finding.Resolved {
		t.Errorf("events %s, %s", sent[0].Event, sent[3].Event)
	}
}

func add(t *testing.T, file, text string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}
