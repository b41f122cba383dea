package alert

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func receiverOf(t *testing.T, p protocol) (*web, Config) {
	t.Helper()
	ca := newAuthority(t)
	rx := listenWeb(t, "127.0.0.1:0", p, ca.issue(t, time.Now().Add(time.Hour)))
	c := p.config
	c.Name, c.Address, c.CA = "siem", rx.address, ca.file
	return rx, c
}

func TestWebhookBringsEveryField(t *testing.T) {
	rx, c := receiverOf(t, protocols(t)["webhook"])
	c.Address += "/hook/"
	c.Headers = map[string]string{"X-Site": "north"}
	sent := whole()
	must(t, send(t.Context(), openSink(t, c), sent))
	got := rx.all()[0]
	var m Message
	strictly(t, got.body, &m)
	sent.Sinks = nil // who gets it is nobody else's matter
	if d := cmp.Diff(sent, &m); d != "" {
		t.Error(d)
	}
	at, err := strconv.ParseInt(got.header.Get("Webhook-Timestamp"), 10, 64)
	must(t, err)
	if d := time.Since(time.Unix(at, 0)); d < -time.Second || d > time.Minute {
		t.Errorf("sent %v ago", d)
	}
	want := http.Header{
		"Content-Type": {"application/json"}, "Idempotency-Key": {sent.ID}, "Webhook-Id": {sent.ID}, "X-Site": {"north"},
		"Authorization": {"Bearer hunter2"}, "User-Agent": {"stigwatch/1.2.3"}, "Content-Length": {strconv.Itoa(len(got.body))},
		"Webhook-Timestamp": {strconv.FormatInt(at, 10)}, "Webhook-Signature": got.header["Webhook-Signature"],
	}
	if d := cmp.Diff(want, got.header); d != "" || got.path != "/hook/" {
		t.Error(got.path, d)
	}
	if want := opensslSignature(t, whsec, got); got.header.Get("Webhook-Signature") != want {
		t.Errorf("%s, want %s", got.header.Get("Webhook-Signature"), want)
	}
}

// opensslSignature computes a signature as docs/configuration.md tells receivers to.
func opensslSignature(t *testing.T, secret string, got took) string {
	t.Helper()
	openssl, err := exec.LookPath("openssl")
	if err != nil && os.Getenv("STIGWATCH_NEED_RIGS") == "1" {
		t.Fatal("openssl is not installed, and STIGWATCH_NEED_RIGS=1 says that it must be")
	}
	if err != nil {
		t.Skip("openssl is not installed: no other program checked the signature")
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	must(t, err)
	cmd := exec.Command(openssl, "dgst", "-sha256", "-mac", "HMAC", "-macopt", "hexkey:"+hex.EncodeToString(key), "-binary")
	cmd.Stdin = strings.NewReader(got.header.Get("Webhook-Id") + "." + got.header.Get("Webhook-Timestamp") + "." + string(got.body))
	out, err := cmd.Output()
	must(t, err)
	return "v1," + base64.StdEncoding.EncodeToString(out)
}

func TestWebhookSignsWithOldAndNewSecret(t *testing.T) {
	rx, c := receiverOf(t, protocols(t)["webhook"])
	sink := openSink(t, c)
	other := "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 64)))
	secretIn(t, c.SecretFile, other+"\n"+whsec)
	must(t, send(t.Context(), sink, numbered(1)))
	got := rx.all()[0]
	want := opensslSignature(t, other, got) + " " + opensslSignature(t, whsec, got)
	if d := cmp.Diff(want, got.header.Get("Webhook-Signature")); d != "" {
		t.Error(d)
	}
}

func TestWebhookSecretThatIsNoneIsNotShown(t *testing.T) {
	rx, c := receiverOf(t, protocols(t)["webhook"])
	for _, secret := range []string{"hunter2", "whsec_hunter2", "whsec_aHVudGVyMg==", whsec + "\nhunter2", "whsec_" + strings.Repeat("QUFB", 22)} {
		secretIn(t, c.SecretFile, secret)
		err := send(t.Context(), openSink(t, c), numbered(1))
		if err == nil || errors.Is(err, ErrRejected) || strings.Contains(err.Error(), "hunter2") || len(rx.requests()) > 0 {
			t.Errorf("%q: %v", secret, err)
		}
	}
}

func TestWebhookSecretFromACredential(t *testing.T) {
	rx, c := receiverOf(t, protocols(t)["webhook"])
	dir := t.TempDir()
	secretIn(t, filepath.Join(dir, "hook"), whsec)
	c.SecretFile = "credential:hook"
	if err := send(t.Context(), openSink(t, c), numbered(1)); err == nil {
		t.Error("there was no credential")
	}
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	must(t, send(t.Context(), openSink(t, c), numbered(1)))
	if got := rx.all()[0]; got.header.Get("Webhook-Signature") != opensslSignature(t, whsec, got) {
		t.Error(got.header)
	}
}

func TestOnlyAMessageThatIsWrongIsDropped(t *testing.T) {
	for code, dropped := range map[int]bool{
		301: false, 400: true, 401: false, 403: false, 404: false, 405: false, 408: false, 410: false, 413: true, 415: false, 422: true,
		429: false, 500: false, 502: false, 503: false,
	} {
		rx, c := receiverOf(t, protocols(t)["webhook"])
		rx.fail(status(code))
		err := send(t.Context(), openSink(t, c), numbered(1))
		if err == nil || errors.Is(err, ErrRejected) != dropped || !strings.Contains(err.Error(), strconv.Itoa(code)) {
			t.Errorf("%d: %v", code, err)
		}
	}
}

func TestWebhookUsesOneConnection(t *testing.T) {
	rx, c := receiverOf(t, protocols(t)["webhook"])
	sink := openSink(t, c)
	all, ids := withIDs(50)
	if done, err := sink.Send(t.Context(), all); done != 50 || err != nil {
		t.Error(done, err)
	}
	if d := cmp.Diff(ids, rx.allIDs()); d != "" {
		t.Error(d)
	}
	rx.mu.Lock()
	defer rx.mu.Unlock()
	if len(rx.peers) != 1 {
		t.Errorf("%d connections", len(rx.peers))
	}
}
