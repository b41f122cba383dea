package probe

import (
	"context"
	"crypto/ecdh"
	"crypto/fips140"
	"crypto/rand"
	"encoding/json"
	"maps"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const childAddresses = "STIGWATCH_PROBE_ADDRESSES"

// patient is for real servers on a busy machine: how long they take is not the point.
var patient = Options{Timeout: 30 * time.Second, ServerName: "sentry1.lab.example"}

// report is what a child process in one FIPS mode found.
type report struct {
	Enabled bool
	Strict  bool // refuses what is not approved
	Answers [][]Answer
	Flights []Flight
}

func probeAll(addresses []string) report {
	_, err := ecdh.X25519().GenerateKey(rand.Reader)
	r := report{Enabled: fips140.Enabled(), Strict: err != nil}
	for _, address := range addresses {
		r.Answers = append(r.Answers, Versions(context.Background(), address, Options{ServerName: "sentry1.lab.example"}))
		f, _ := Handshake(context.Background(), address, Options{})
		r.Flights = append(r.Flights, f)
	}
	return r
}

// TestChild is the child: without addresses there is nothing to do.
func TestChild(t *testing.T) {
	addresses := os.Getenv(childAddresses)
	if addresses == "" {
		t.Skip("only TestAnswersDoNotDependOnFIPSMode runs this, as a child process")
	}
	if err := json.NewEncoder(os.Stdout).Encode(probeAll(strings.Fields(addresses))); err != nil {
		t.Fatal(err)
	}
}

// inMode runs the test binary again. A toolchain without this mode is a skip.
func inMode(t *testing.T, mode string, addresses []string) report {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$")
	cmd.Env = append(os.Environ(), "GODEBUG=fips140="+mode, "GORACE=atexit_sleep_ms=0", childAddresses+"="+strings.Join(addresses, " "))
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("fips140=%s: %v\n%s", mode, err, out)
	}
	var r report
	if err := json.NewDecoder(strings.NewReader(string(out))).Decode(&r); err != nil {
		t.Fatalf("fips140=%s: %v\n%s", mode, err, out)
	}
	if r.Enabled != (mode != "off") || r.Strict != (mode == "only") {
		t.Skipf("this toolchain has no fips140=%s: enabled is %v, strict %v", mode, r.Enabled, r.Strict)
	}
	return r
}

// TestAnswersDoNotDependOnFIPSMode asks servers in processes of their own, or by
// hand, so that the mode changes the asking side only.
func TestAnswersDoNotDependOnFIPSMode(t *testing.T) {
	alerts := func(t *testing.T, code byte) string {
		return serve(t, func(c net.Conn) {
			_, _ = c.Read(make([]byte, 4096))
			_, _ = c.Write(record(recordAlert, levelFatal, code))
		})
	}
	for name, servers := range map[string]func(*testing.T) map[string]string{
		"hand-written": func(t *testing.T) map[string]string {
			return map[string]string{
				ssl3Responder(t):                 "SSLv3=on TLSv1=off(SSLv3) TLSv1.1=off(SSLv3) TLSv1.2=off(SSLv3) TLSv1.3=off(SSLv3)",
				alerts(t, alertProtocolVersion):  "SSLv3=off TLSv1=off TLSv1.1=off TLSv1.2=off TLSv1.3=off",
				alerts(t, alertHandshakeFailure): "SSLv3=unreadable TLSv1=unreadable TLSv1.1=unreadable TLSv1.2=unreadable TLSv1.3=unreadable",
			}
		},
		"openssl": func(t *testing.T) map[string]string {
			id := newIdentity(t)
			return map[string]string{
				openssl(t, id, "-tls1", "-cipher", broad):                           "SSLv3=off TLSv1=on TLSv1.1=off(TLSv1) TLSv1.2=off(TLSv1) TLSv1.3=off",
				openssl(t, id, "-tls1_1", "-cipher", broad):                         "SSLv3=off TLSv1=off TLSv1.1=on TLSv1.2=off(TLSv1.1) TLSv1.3=off",
				openssl(t, id, "-tls1_2", "-verify", "1", "-CAfile", id.certPEM):    "SSLv3=off TLSv1=off TLSv1.1=off TLSv1.2=on TLSv1.3=off",
				openssl(t, id, "-tls1_3", "-groups", "X25519", "-num_tickets", "0"): "SSLv3=off TLSv1=off TLSv1.1=off TLSv1.2=off TLSv1.3=on",
				openssl(t, id, "-cipher", broad):                                    "SSLv3=off TLSv1=on TLSv1.1=on TLSv1.2=on TLSv1.3=on",
			}
		},
		"java": func(t *testing.T) map[string]string {
			a := java(t, newIdentity(t), "SSLv3", "TLSv1", "TLSv1.2,TLSv1.3")
			return map[string]string{
				a[0]: "SSLv3=on TLSv1=off(SSLv3) TLSv1.1=off(SSLv3) TLSv1.2=off(SSLv3) TLSv1.3=off",
				a[1]: "SSLv3=off TLSv1=on TLSv1.1=off(TLSv1) TLSv1.2=off(TLSv1) TLSv1.3=off",
				a[2]: "SSLv3=off TLSv1=off TLSv1.1=off TLSv1.2=on TLSv1.3=on",
			}
		},
	} {
		t.Run(name, func(t *testing.T) { sameInEachMode(t, servers(t)) })
	}
}

// sameInEachMode takes what each address is expected to answer.
func sameInEachMode(t *testing.T, expected map[string]string) {
	addresses := slices.Sorted(maps.Keys(expected))
	off := inMode(t, "off", addresses)
	for i, a := range addresses {
		if got := summary(off.Answers[i]); got != expected[a] {
			t.Errorf("got  %s\nwant %s", got, expected[a])
		}
	}
	for _, mode := range []string{"on", "only"} {
		r := inMode(t, mode, addresses)
		if diff := cmp.Diff(off.Answers, r.Answers); diff != "" {
			t.Errorf("fips140=%s: the answers differ: %s", mode, diff)
		}
		if diff := cmp.Diff(off.Flights, r.Flights); diff != "" {
			t.Errorf("fips140=%s: the flights differ: %s", mode, diff)
		}
	}
}
