package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// MaxApply is the longest that the enforcer may take: programs that check files,
// services that restart, and everything once more when it is taken back.
const MaxApply = 5 * time.Minute

// Apply asks the enforcer to close rules, and waits for what comes of it.
func (c *Client) Apply(ctx context.Context, q *ApplyRequest) (*Applied, error) {
	body, err := json.Marshal(q)
	if err != nil {
		return nil, fmt.Errorf("cannot ask for an apply: %w", err)
	}
	a := &Applied{}
	return a, c.ask(ctx, MaxApply, http.MethodPost, "/v1/apply", body, a)
}

// Undo asks the enforcer to take a job back, by its id.
func (c *Client) Undo(ctx context.Context, id string) (*Applied, error) {
	a := &Applied{}
	return a, c.ask(ctx, MaxApply, http.MethodPost, "/v1/jobs/"+url.PathEscape(id)+"/undo", nil, a)
}

// Confirm asks the enforcer to keep a job that waits for it.
func (c *Client) Confirm(ctx context.Context, id string) (*Applied, error) {
	a := &Applied{}
	return a, c.ask(ctx, MaxApply, http.MethodPost, "/v1/jobs/"+url.PathEscape(id)+"/confirm", nil, a)
}

// Jobs asks the enforcer what it did, the newest first.
func (c *Client) Jobs(ctx context.Context) (*Jobs, error) {
	j := &Jobs{}
	return j, c.ask(ctx, callTimeout, http.MethodGet, "/v1/jobs", nil, j)
}
