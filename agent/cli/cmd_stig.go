package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"stigwatch/agent/api"
	"stigwatch/agent/errand"
	"stigwatch/agent/stig"
)

func newStigCommand(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "stig",
		Short: "The official benchmarks: which are known, and their text",
		Example: `  stigwatch stig list
  stigwatch stig import U_Ivanti_Sentry_9-x_NDM_STIG_V3R1_Manual-xccdf.xml`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(newStigImportCommand(e), newStigListCommand(e))
	return cmd
}

func newStigImportCommand(e *env) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Take in an official benchmark that you downloaded",
		Long: `Take in an official benchmark that you downloaded: the manual XCCDF, or the ZIP that
it comes in. It is compared with the releases that are known here and kept in the
state folder, so that exports can carry the official text. A newer release can be
taken in too, as long as all its rules are known.`,
		Example: `  stigwatch stig import U_Ivanti_Sentry_9-x_NDM_STIG_V3R1_Manual-xccdf.xml
  stigwatch stig import U_Ivanti_Sentry_9-x_NDM_V3R1_STIG.zip --json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("%q takes one file, got %d", cmd.CommandPath(), len(args))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			b, err := readAtMost(args[0], stig.MaxBytes)
			if err != nil {
				return err
			}
			got, err := errand.ImportSTIG(e.options(slog.LevelWarn), args[0], b)
			if err != nil {
				return err
			}
			return e.showImported(got, asJSON)
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

// importedDoc is what `stig import --json` prints.
type importedDoc struct {
	Schema   string                `json:"schema"`
	Imported []errand.ImportedSTIG `json:"imported"`
}

func (e *env) showImported(got []errand.ImportedSTIG, asJSON bool) error {
	if asJSON {
		return api.Encode(e.stdout, importedDoc{api.Schema, got}, true)
	}
	s := newScreen(e.stdout)
	for i := range got {
		if i > 0 {
			s.WriteString("\n")
		}
		writeImported(s, &got[i])
	}
	return s.flush()
}

func writeImported(s *screen, b *errand.ImportedSTIG) {
	s.line(0, strong, fmt.Sprintf("%s %s of %s, %d rules", strings.ToUpper(b.Benchmark), b.Release, b.Date, b.Rules))
	s.entry("title", plain, safe(b.Title))
	s.entry("digest", plain, b.Digest)
	kept := safe(b.Path)
	if !b.Written {
		kept += ", which held it already"
	}
	s.entry("kept in", plain, kept)
	switch {
	case !b.Known:
		s.entry("catalogue", yellow, fmt.Sprintf("%s is not known here, and all its rules are", b.Release))
	case len(b.Strays) > 0:
		s.entry("catalogue", red, fmt.Sprintf("not as %s is known here; is it the official file?", b.Release))
		writeChanges(s, b.Strays)
	default:
		s.entry("catalogue", green, fmt.Sprintf("just as %s is known here", b.Release))
	}
	if b.Known && b.Release == b.Newest {
		return
	}
	if len(b.Changes) == 0 {
		s.entry("changes", plain, "none against "+b.Newest)
		return
	}
	s.entry("changes", plain, fmt.Sprintf("against %s, the newest release that is known here", b.Newest))
	writeChanges(s, b.Changes)
}

// writeChanges tells most changes each on a line, and those that only say that a
// rule is there together.
func writeChanges(s *screen, changes []stig.Change) {
	rules := map[string][]string{}
	for _, c := range changes {
		switch c.What {
		case stig.New, stig.Gone, stig.Revision:
			rules[c.What] = append(rules[c.What], safe(c.Rule))
		}
	}
	for _, what := range []string{stig.New, stig.Gone} {
		if list := rules[what]; len(list) > 0 {
			s.hanging(2, pad(fmt.Sprintf("%s rules", what), labelWidth), strings.Join(list, " "))
		}
	}
	for _, c := range changes {
		if _, together := rules[c.What]; !together {
			s.hanging(2, pad(safe(c.Rule), labelWidth), fmt.Sprintf("%s: %s (known here: %s)", c.What, orNone(c.To), orNone(c.From)))
		}
	}
	if list := rules[stig.Revision]; len(list) > 0 {
		s.hanging(2, pad("revised", labelWidth), fmt.Sprintf("%d rules: %s", len(list), strings.Join(list, " ")))
	}
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return safe(text)
}

// stigsDoc is what `stig list --json` prints.
type stigsDoc struct {
	Schema     string             `json:"schema"`
	Benchmarks []errand.KnownSTIG `json:"benchmarks"` // newest first
}

func newStigListCommand(e *env) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use: "list", Short: "List the releases that are known, and those whose text was imported", Args: noArgs,
		Example: "  stigwatch stig list --json",
		RunE: func(*cobra.Command, []string) error {
			list, wrong := errand.STIGs(e.options(slog.LevelWarn))
			if list == nil {
				return wrong
			}
			return errors.Join(e.showStigs(list, asJSON), wrong)
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func (e *env) showStigs(list []errand.KnownSTIG, asJSON bool) error {
	if asJSON {
		return api.Encode(e.stdout, stigsDoc{api.Schema, list}, true)
	}
	s := newScreen(e.stdout)
	t := table{head: []string{"BENCHMARK", "RELEASE", "DATE", "RULES", "KNOWN", "OFFICIAL TEXT"}}
	for _, b := range list {
		known, text := cell{"yes", plain}, cell{"not imported", faint}
		if !b.Known {
			known = cell{"no", yellow}
		}
		if b.Imported {
			text = cell{"imported, " + safe(b.Digest), green}
		}
		t.rows = append(t.rows, row{cells: []cell{{strings.ToUpper(safe(b.Benchmark)), plain}, {safe(b.Release), plain}, {safe(b.Date), plain},
			{fmt.Sprint(b.Rules), plain}, known, text}})
	}
	t.write(s)
	return s.flush()
}
