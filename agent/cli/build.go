package cli

import (
	"runtime/debug"
	"strconv"
	"time"
)

// What the linker is told for builds by make. Go's own stamp of the checkout is
// off there: it differs between a checkout, a worktree and an unpacked archive
// of the same commit, and so would the binary.
var (
	buildVersion string // 1.2.3
	buildCommit  string // the full hash, with -dirty when the tree was
	buildEpoch   string // SOURCE_DATE_EPOCH: seconds since 1970, by default the commit's
)

// version is the release, or what the build knows of its commit.
func version() string {
	if buildVersion != "" {
		return buildVersion
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}

// commit is what was built, and when that was committed, in RFC 3339. Both are
// empty when neither make nor Go knew of a commit.
func commit() (hash, date string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return commitOf(buildCommit, buildEpoch, info.Settings)
}

func commitOf(hash, epoch string, settings []debug.BuildSetting) (string, string) {
	if seconds, err := strconv.ParseInt(epoch, 10, 64); err == nil && seconds > 0 {
		return hash, time.Unix(seconds, 0).UTC().Format(time.RFC3339)
	}
	stamp := map[string]string{}
	for _, s := range settings {
		stamp[s.Key] = s.Value
	}
	if hash != "" || stamp["vcs.revision"] == "" {
		return hash, ""
	}
	hash = stamp["vcs.revision"]
	if stamp["vcs.modified"] == "true" {
		hash += "-dirty"
	}
	return hash, stamp["vcs.time"]
}
