package cli

import (
	"errors"
	"testing"

	"stigwatch/agent/service"
)

func TestServiceStatusExitsAsTheLSBHasIt(t *testing.T) {
	for state, want := range map[service.State]int{
		service.Running: 0, service.Starting: 3, service.Stopped: 3, service.Failed: 3, service.NotInstalled: 4,
	} {
		got, v := 0, verdict(0)
		if errors.As(serviceVerdict(state), &v) {
			got = int(v)
		}
		if got != want {
			t.Errorf("%s: %d, want %d", state, got, want)
		}
	}
}
