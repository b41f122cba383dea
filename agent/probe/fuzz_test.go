package probe

import (
	"bytes"
	"slices"
	"testing"
)

// FuzzAnswer gives a peer's bytes to both readers. Whatever comes, they end, read
// no more than they may, and say off only where something in the bytes does.
func FuzzAnswer(f *testing.F) {
	certificate := message(messageCertificate, vector(3, vector(3, []byte("leaf")))...)
	request := message(messageCertificateRequest, slices.Concat(vector(1, []byte{1}), vector(2, []byte{4, 1}), vector(2, vector(2, distinguished(1))))...)
	flight := slices.Concat(chooses(tls12, 0x002f, ""), certificate, request, message(messageServerHelloDone))
	for i := range versions {
		f.Add(byte(i), record(recordAlert, 2, 70))
		f.Add(byte(i), inRecords(flight, 7))
		f.Add(byte(i), record(recordHandshake, chooses(tls12, 0x1301, "", selects(tls13)...)...))
		f.Add(byte(i), append(record(recordAlert, 1, 112), record(recordHandshake, chooses(tls10, 0x002f, "DOWNGRD\x00")...)...))
		f.Add(byte(i), []byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
	}
	f.Fuzz(func(t *testing.T, which byte, b []byte) {
		v := versions[int(which)%len(versions)]
		h := hello{version: v, listed: v == tls13, suites: suitesOf(v)}
		rest := bytes.NewReader(b)
		sh, err := readServerHello(&stream{r: rest}, h)
		a := judge(v, sh, err)
		if read := len(b) - rest.Len(); read > maxAnswer+5 {
			t.Errorf("read %d bytes", read)
		}
		switch {
		case a.Reason == "":
			t.Error("no reason")
		case a.State == Off && a.Chosen == "" && (!bytes.Contains(b, []byte{recordAlert, 3}) || bytes.IndexByte(b, alertProtocolVersion) < 0):
			t.Errorf("off without an alert: %+v", a)
		case (a.Chosen != "") != (a.State != Unreadable && err == nil):
			t.Errorf("chosen does not fit: %+v, %v", a, err)
		case a.State == On && a.Chosen != a.Version, a.State == Off && a.Chosen == a.Version:
			t.Errorf("state does not fit: %+v", a)
		}
		if a != answers(h, b) {
			t.Errorf("read byte by byte it is %+v", answers(h, b))
		}
		whole, err := readAll(b)
		if err == nil && (len(whole.Chain) == 0 || !whole.Requested && whole.Authorities != nil) {
			t.Errorf("%+v", whole)
		}
	})
}
