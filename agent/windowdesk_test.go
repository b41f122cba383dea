package agent

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"stigwatch/agent/api"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/finding"
)

func TestManyAskForWindowsAtOnceAndWhileTheAgentStops(t *testing.T) {
	d := start(t, rig.New(t, "compliant"))
	var opened, full atomic.Int32
	ask := func() error {
		c := api.Dial(d.file("run/stigwatch.sock"))
		defer c.Close()
		_, err := c.OpenWindow(context.Background(), &api.WindowRequest{Ticket: "CHG1", Seconds: 60})
		return err
	}
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			err := ask()
			refused := (*api.Refused)(nil)
			switch {
			case err == nil:
				opened.Add(1)
			case errors.As(err, &refused) && refused.Code == http.StatusConflict:
				full.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if opened.Load() != 16 || full.Load() != 24 || len(d.status().Agent.Maintenance) != 16 {
		t.Errorf("%d are open, %d were refused", opened.Load(), full.Load())
	}
	for range 16 {
		if m := d.next(); m.Event != finding.Maintenance {
			t.Errorf("%+v", m)
		}
	}
	rig.Edit(t, d.file(rig.Identity), ">15<", ">8<")
	if m := d.want(finding.Opened, "V-250989"); m.Announced != "CHG1" {
		t.Errorf("%+v", m)
	}
	for range 8 {
		wg.Go(func() { _ = ask() }) // answered or not, it must not hold the end up
	}
	d.end()
	wg.Wait()
	next := start(t, d.dir)
	if n := len(next.status().Agent.Maintenance); n != 16 {
		t.Errorf("%d windows are open after a restart", n)
	}
}

func TestRulesOfAWindowAreNamedAsElsewhere(t *testing.T) {
	d := start(t, rig.New(t, "compliant"))
	c := api.Dial(d.file("run/stigwatch.sock"))
	defer c.Close()
	w, err := c.OpenWindow(context.Background(), &api.WindowRequest{Ticket: "CHG1", Seconds: 60, Rules: []string{"250993", "v250989", "V-250989"}})
	if err != nil || len(w.Rules) != 2 || w.Rules[0] != "V-250989" {
		t.Fatalf("%+v, %v", w, err)
	}
	for _, odd := range []string{"", "ıııııııı", "V-250989\x00", "../.."} { // the dotless i is shorter as a capital
		_, err := c.OpenWindow(context.Background(), &api.WindowRequest{Ticket: "CHG1", Seconds: 60, Rules: []string{odd}})
		if refused := (*api.Refused)(nil); !errors.As(err, &refused) || refused.Code != http.StatusBadRequest {
			t.Errorf("%q: %v", odd, err)
		}
	}
}
