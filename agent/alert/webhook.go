package alert

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// webhookKind posts each message by itself, signed as the Standard Webhooks
// specification has it (standardwebhooks.com).
var webhookKind = kind{
	keys:    slices.Concat(httpKeys, []string{"secret_file", "token_file", "headers"}),
	formats: []string{"json", "ocsf", "ecs"},
	check: func(c *Config, wrong Wrong) {
		checkHTTP(c, "", wrong)
		checkHeaders(c.Headers, wrong)
		if c.SecretFile == "" {
			wrong("secret_file", "the key is missing: name the file that holds the secret for the signature")
		}
	},
	open: newWebhook,
}

// webhook sends one object in a request, which is what receivers expect, one
// after the other over one connection.
type webhook struct {
	client *httpClient
	secret string // its place
	format formatter
}

func newWebhook(o Options) (Sink, error) {
	format, err := newFormatter(o.Format, o)
	if err != nil {
		return nil, err
	}
	client, err := newHTTPClient(o, "Bearer")
	return &webhook{client: client, secret: o.SecretFile, format: format}, err
}

// Send posts each message. It is done when the receiver answered 2xx.
func (w *webhook) Send(ctx context.Context, batch []*Message) (int, error) {
	return one(batch, func(m *Message) error { return w.send(ctx, m) })
}

func (w *webhook) send(ctx context.Context, m *Message) error {
	body, err := w.format.bytes(m)
	if err != nil {
		return err
	}
	keys, err := signingKeys(w.secret)
	if err != nil {
		return err
	}
	defer forget(keys)
	at := strconv.FormatInt(time.Now().Unix(), 10)
	_, err = w.client.post(ctx, "", http.Header{
		"Content-Type":      {"application/json"},
		"Idempotency-Key":   {m.ID},
		"Webhook-Id":        {m.ID},
		"Webhook-Timestamp": {at},
		"Webhook-Signature": {signatures(keys, m.ID, at, body)},
	}, body)
	return orRejected(err)
}

// Close closes the connection.
func (w *webhook) Close() error { return w.client.close() }

// signatures are one for each secret, so that a receiver may know the old one or
// the new one while they change (Standard Webhooks, "Multiple signatures").
func signatures(keys [][]byte, id, at string, body []byte) string {
	var all []string
	for _, key := range keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + at + "."))
		mac.Write(body)
		all = append(all, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(all, " ")
}

// signingKeys reads the secrets: whsec_ and base64 of 24 to 64 bytes, one a line.
func signingKeys(place string) ([][]byte, error) {
	b, err := readSecret(place)
	if err != nil {
		return nil, err
	}
	defer clear(b)
	var keys [][]byte
	for line := range bytes.Lines(b) {
		text, prefixed := bytes.CutPrefix(bytes.TrimSpace(line), []byte("whsec_"))
		key := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
		n, err := base64.StdEncoding.Decode(key, text)
		if key = key[:n]; !prefixed || err != nil || len(key) < 24 || len(key) > 64 {
			forget(append(keys, key))
			return nil, fmt.Errorf("cannot use the secret %q: each line has to be whsec_ and base64 of 24 to 64 bytes", place)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.New("cannot sign: there is no secret")
	}
	return keys, nil
}

// forget clears keys.
func forget(keys [][]byte) {
	for _, k := range keys {
		clear(k)
	}
}
