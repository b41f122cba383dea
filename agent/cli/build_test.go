package cli

import (
	"runtime/debug"
	"testing"
)

func TestCommitIsTheLinkersElseGos(t *testing.T) {
	stamp := []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0a1b"}, {Key: "vcs.time", Value: "2026-11-27T22:02:37Z"}, {Key: "vcs.modified", Value: "true"},
	}
	for name, c := range map[string]struct {
		hash, epoch      string
		settings         []debug.BuildSetting
		wantHash, wantAt string
	}{
		"make":                 {hash: "ff00", epoch: "1795816957", wantHash: "ff00", wantAt: "2026-11-27T22:02:37Z"},
		"make beats Go":        {hash: "ff00", epoch: "1795816957", settings: stamp, wantHash: "ff00", wantAt: "2026-11-27T22:02:37Z"},
		"an archive":           {epoch: "1795816957", wantAt: "2026-11-27T22:02:37Z"},
		"no epoch":             {hash: "ff00", settings: stamp, wantHash: "ff00"},
		"an epoch of no sense": {hash: "ff00", epoch: "yesterday", wantHash: "ff00"},
		"Go in a checkout":     {settings: stamp, wantHash: "0a1b-dirty", wantAt: "2026-11-27T22:02:37Z"},
		"nobody":               {},
	} {
		t.Run(name, func(t *testing.T) {
			hash, at := commitOf(c.hash, c.epoch, c.settings)
			if hash != c.wantHash || at != c.wantAt {
				t.Errorf("got %q of %q, want %q of %q", hash, at, c.wantHash, c.wantAt)
			}
		})
	}
}
