package cli

import (
	"slices"

	"github.com/spf13/cobra"

	"stigwatch/agent/policy"
	"stigwatch/policies"
)

// completeRules offers the ids of the newest release's rules to the shell.
func completeRules(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	releases, err := policy.Releases(policies.FS)
	if err != nil || len(releases) == 0 {
		return nil, cobra.ShellCompDirectiveError
	}
	var ids []string
	for _, b := range releases[len(releases)-1].Benchmarks {
		for _, r := range b.Rules {
			ids = append(ids, r.Rule)
		}
	}
	slices.Sort(ids)
	return ids, cobra.ShellCompDirectiveNoFileComp
}
