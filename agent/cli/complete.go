package cli

import (
	"errors"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"stigwatch/agent/api"
	"stigwatch/agent/finding"
	"stigwatch/agent/policy"
	"stigwatch/policies"
)

// completeRules offers the ids of the newest release's rules to the shell.
func completeRules(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	ids, err := ruleIDs()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return slices.Sorted(maps.Keys(ids)), cobra.ShellCompDirectiveNoFileComp
}

// ruleIDs are the rules of the newest release that is known, with their STIG ids.
func ruleIDs() (map[string]string, error) {
	releases, err := policy.Releases(policies.FS)
	if err != nil || len(releases) == 0 {
		return nil, errors.Join(errors.New("there is no benchmark release"), err)
	}
	ids := map[string]string{}
	for _, b := range releases[len(releases)-1].Benchmarks {
		for _, r := range b.Rules {
			ids[r.Rule] = r.StigID
		}
	}
	return ids, nil
}

// findRule finds the rule that a person means, without compiling the policies.
func findRule(word string) (string, error) {
	ids, err := ruleIDs()
	if err != nil {
		return "", err
	}
	id, nearest := finding.Match(ids, word)
	if id == "" {
		return "", &api.UnknownRule{ID: word, Nearest: nearest}
	}
	return id, nil
}
