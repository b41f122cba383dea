package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"stigwatch/agent/errand"
)

func newSiteCommand(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "site",
		Short:   "The site profile: what your organisation decided",
		Example: "  stigwatch site init --output site.yaml",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newSiteInitCommand(e))
	return cmd
}

func newSiteInitCommand(e *env) *cobra.Command {
	output := ""
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Propose a site profile from what the appliance has now",
		Long: `Propose a site profile: every key explained, and what the appliance has now as a
comment to approve. As written it sets nothing. A file that is there is left alone.`,
		Example: `  stigwatch site init
  stigwatch site init --output /etc/stigwatch/site.yaml`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := errand.ProposeSite(e.options(slog.LevelWarn))
			if err != nil {
				return err
			}
			if output == "" {
				_, err = e.stdout.Write(b)
				return err
			}
			return writeNew(output, b)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "`FILE` to write (default: standard output)")
	return cmd
}

// writeNew writes a file that must not be there yet.
func writeNew(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("cannot write %q: it is there already; name another file, and compare", path)
	}
	if err != nil {
		return fmt.Errorf("cannot write the site profile: %w", err)
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}
