package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// Shells are those that completions can be written for.
func Shells() []string { return []string{"bash", "zsh", "fish"} }

// newCompletionCommand replaces cobra's own, whose help is for other systems too.
func newCompletionCommand(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "Write the completions for a shell; packages bring them along",
		Long: `Write the completions of commands, flags and rules for a shell to stdout. Packages
bring them along: this is for where there is none. Those for bash need the package
bash-completion.`,
		Example: `  stigwatch completion bash > /etc/bash_completion.d/stigwatch
  stigwatch completion zsh > /usr/local/share/zsh/site-functions/_stigwatch
  stigwatch completion fish > /etc/fish/completions/stigwatch.fish`,
		Args:                  cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs:             Shells(),
		DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			return WriteCompletion(e.stdout, cmd.Root(), args[0])
		},
	}
}

// WriteCompletion writes the script that completes a command's command lines.
func WriteCompletion(w io.Writer, root *cobra.Command, shell string) error {
	switch shell {
	case "bash":
		return root.GenBashCompletionV2(w, true)
	case "zsh":
		return root.GenZshCompletion(w)
	case "fish":
		return root.GenFishCompletion(w, true)
	}
	return fmt.Errorf("cannot write completions for %q", shell)
}
