package alert

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// elasticKind posts to the _bulk API of Elasticsearch and OpenSearch.
var elasticKind = kind{
	keys:    slices.Concat(httpKeys, []string{"token_file", "user", "password_file", "index"}),
	formats: []string{"ecs"},
	fill: func(c *Config) {
		if c.Index == "" {
			c.Index = "logs-stigwatch-default"
		}
	},
	check: checkElastic,
	open:  newElastic,
}

var elasticIndex = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,254}$`)

func checkElastic(c *Config, wrong Wrong) {
	checkHTTP(c, "/_bulk", wrong)
	if !elasticIndex.MatchString(c.Index) {
		wrong("index", "%q is not a data stream or index: lower-case letters, digits, dots, dashes and underscores", c.Index)
	}
	switch {
	case c.TokenFile != "" && c.User+c.PasswordFile != "":
		wrong("token_file", "an API key and a user are too much: remove token_file, or user and password_file")
	case (c.User == "") != (c.PasswordFile == ""):
		wrong("user", "user and password_file go together: write both")
	case c.TokenFile+c.User+c.Cert == "":
		wrong("token_file", "the key is missing: write token_file, user and password_file, or cert and key")
	}
	if strings.ContainsFunc(c.User, func(r rune) bool { return r < ' ' || r == ':' }) {
		wrong("user", "%q is not a user: no colon or control character may stand in it", c.User)
	}
}

// elastic creates documents whose id is the message's: one that comes twice is
// refused as a conflict, and so is there once. In a data stream that holds until
// it rolls over.
type elastic struct {
	client *httpClient
	path   string
	format formatter
}

// elasticFilter leaves of the answer only what is read.
const elasticFilter = "?filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason"

func newElastic(o Options) (Sink, error) {
	o.Address = strings.TrimRight(o.Address, "/")
	format, err := newFormatter("ecs", o)
	if err != nil {
		return nil, err
	}
	client, err := newHTTPClient(o, "ApiKey")
	return &elastic{client: client, path: "/" + o.Index + "/_bulk" + elasticFilter, format: format}, err
}

// Send creates a batch of documents. One is done when Elasticsearch wrote it.
func (s *elastic) Send(ctx context.Context, batch []*Message) (int, error) {
	return halves(batch, func(batch []*Message) (int, error) { return s.send(ctx, batch) })
}

// Close closes the connection.
func (s *elastic) Close() error { return s.client.close() }

func (s *elastic) send(ctx context.Context, batch []*Message) (int, error) {
	var body bytes.Buffer
	for _, m := range batch {
		document, err := s.format.bytes(m)
		if err != nil {
			return 0, err
		}
		fmt.Fprintf(&body, "{\"create\":{\"_id\":%q}}\n%s\n", m.ID, document)
	}
	got, err := s.client.post(ctx, s.path, http.Header{"Content-Type": {"application/x-ndjson"}}, body.Bytes())
	var r *refusal
	if errors.As(err, &r) && r.status == http.StatusRequestEntityTooLarge {
		return 0, fmt.Errorf("%w: %w", ErrRejected, err)
	}
	if err != nil {
		return 0, err // 400 too: it speaks of the request, not of a document
	}
	return s.read(got.body, len(batch))
}

// elasticItem is what became of one document.
type elasticItem struct {
	Create struct {
		Status int `json:"status"`
		Error  struct {
			Type   string `json:"type"`
			Reason string `json:"reason"`
		} `json:"error"`
	} `json:"create"`
}

// read finds the first document that is not there. Those after it that are come
// again, and are conflicts then.
func (s *elastic) read(body []byte, n int) (int, error) {
	var a struct {
		Errors *bool         `json:"errors"`
		Items  []elasticItem `json:"items"`
	}
	if err := json.Unmarshal(body, &a); err != nil || a.Errors == nil || len(a.Items) != n {
		return 0, fmt.Errorf("cannot send to %q: what answered is no Elasticsearch", redact(s.client.address))
	}
	for i, item := range a.Items {
		c := item.Create
		if c.Status/100 == 2 || c.Status == http.StatusConflict {
			continue
		}
		err := fmt.Errorf("cannot send to %q: it answered %d %s for a document: %s", redact(s.client.address),
			c.Status, shownText(c.Error.Type), shownText(c.Error.Reason))
		if unparsable(c.Error.Type) {
			err = &rejection{n: 1, err: fmt.Errorf("%w: %w", ErrRejected, err)}
		}
		return i, err
	}
	return n, nil
}

// unparsable tells that the document itself is wrong. What else can be is the
// cluster's configuration or health, which somebody puts right.
func unparsable(kind string) bool {
	return kind == "document_parsing_exception" || kind == "mapper_parsing_exception"
}
