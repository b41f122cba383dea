package enforcer

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"stigwatch/agent/api"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/errand"
	"stigwatch/agent/host"
	"stigwatch/agent/permit"
	"stigwatch/agent/plan"
	"stigwatch/agent/socket"
)

// FuzzApplyRequest asks with any bytes, as the agent or as root, up to the first write,
// which is refused. However it is asked, the enforcer gets there only for a rule that
// fails, in the files that its facts have a permit for, with the bytes that it makes of
// the site profile.
func FuzzApplyRequest(f *testing.F) {
	dir := clockDrifted(f)
	rig.Put(f, filepath.Join(dir, "root/etc/issue"), "WELCOME\n")
	rig.Edit(f, filepath.Join(dir, "stigwatch/stigwatch.yaml"), "agent_user: nobody\n", "agent_user: nobody\n  per_hour: 3600\n")
	var e *enforcer
	var began *plan.Plan // what the first write would have been of
	e = enforcerIn(f, dir, Options{Step: func(string) error {
		began = e.made
		return errors.New("nothing is written here")
	}})
	made, err := errand.Plan(context.Background(), optionsIn(dir), nil)
	if err != nil || len(made.Files) != 2 {
		f.Fatalf("%v %+v", err, made)
	}
	honest := map[string]string{}
	for _, file := range made.Files {
		honest[file.Path] = file.Now
	}
	for _, q := range seedRequests(made) {
		b, err := json.Marshal(q)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, true)
		f.Add(b, false)
	}
	for _, text := range []string{"", "null", "{}", "[]", "{}{}", `{"rules":`, `{"Rules":["V-250999"],"rules":[]}`, `{"auto":1}`, `{"now":{"\u0000":""}}`, "\xff\xfe{}"} {
		f.Add([]byte(text), true)
	}
	before := rig.Tree(f, dir)
	f.Fuzz(func(t *testing.T, body []byte, agent bool) {
		who := me()
		if agent {
			who = theAgent
		}
		began = nil
		q, got, err := enforcerAsked(e, who, body)
		if refused := (*api.Refused)(nil); errors.As(err, &refused) && (refused.Reason == "" || refused.Code < 400 || refused.Text == "") {
			t.Errorf("refused without a word: %+v", refused)
		}
		if got != nil && len(got.Applied) > 0 {
			t.Errorf("it was written: %+v", got)
		}
		if began == nil {
			return
		}
		if agent && (!q.Auto || q.ConfirmSeconds != 0 || !slices.Equal(began.Closes, []string{clockRule})) {
			t.Errorf("the agent got to %q", began.Closes)
		}
		for i := range began.Files {
			if file := &began.Files[i]; honest[file.Path] != file.Now || !permitted(file.Path) || len(q.Now) > 0 && q.Now[file.Path] != file.Now {
				t.Errorf("%s would be %q", file.Path, file.New)
			}
		}
		sameTree(t, before, dir)
	})
}

// enforcerAsked decodes a request as the server does, and asks.
func enforcerAsked(e *enforcer, who socket.Peer, body []byte) (*api.ApplyRequest, *api.Applied, error) {
	q, err := decode(body)
	if err != nil {
		return nil, nil, err
	}
	got, err := e.Apply(context.Background(), who, q)
	return q, got, err
}

func permitted(file string) bool {
	return slices.ContainsFunc(permit.All(), func(p permit.Permit) bool { return p.Covers(file) })
}

func seedRequests(made *api.Plan) []api.ApplyRequest {
	was, now := map[string]string{}, map[string]string{}
	for _, f := range made.Files {
		was[f.Path], now[f.Path] = f.Was, f.Now
	}
	out := []api.ApplyRequest{
		{}, plain(clockRule), auto(clockRule), plain(clockRule, textRule), {Was: was}, {Now: now}, {Was: was, Now: now, Reason: "as shown", ConfirmSeconds: 60},
		{Rules: []string{clockRule}, Auto: true, Was: map[string]string{"/etc/passwd": host.Digest(nil)}},
	}
	for _, c := range forgeries() {
		out = append(out, c.q)
	}
	return out
}
