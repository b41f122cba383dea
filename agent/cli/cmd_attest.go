package cli

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"stigwatch/agent/attest"
	"stigwatch/agent/errand"
	"stigwatch/agent/finding"
)

// aDay is what --days counts.
const aDay = 24 * time.Hour

func newAttestCommand(e *env) *cobra.Command {
	a := attest.Attestation{}
	status, evidence, days := string(finding.Pass), "", 365
	cmd := &cobra.Command{
		Use:   "attest RULE",
		Short: "Answer for what nobody can read on the box",
		Long: `Answer for what a rule needs and nobody can read: what lies off the box, and facts
whose place is not known. "stigwatch explain RULE" lists them. The answer is
appended to attestations.yaml and counts after a reload of the agent, until it
expires or its evidence file changes. What can be read cannot be attested.`,
		Example: `  stigwatch attest V-251004 --statement "Nightly snapshots, kept for 30 days" --by "A. Nother" --role ISSO
  stigwatch attest V-251004 --fact core.backup_schedule --evidence backup-job.txt --days 90 ...
  stigwatch attest list
  stigwatch attest import answers.cklb --by "A. Nother" --role ISSO`,
		Args:              oneRule,
		ValidArgsFunction: completeRules,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := needs(map[string]string{"statement": a.Statement, "by": a.By.Name, "role": a.By.Role}); err != nil {
				return err
			}
			a.Rule, a.Status = args[0], finding.Outcome(status)
			var err error
			if a.When, a.Expires, err = e.term(days); err != nil {
				return err
			}
			if evidence != "" {
				a.Evidence = &attest.Evidence{File: evidence}
			}
			path, err := errand.Attest(e.options(slog.LevelWarn), a)
			return e.written(path, err)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&a.Facts, "fact", nil, "`NAME` of a fact or question to answer (default: all that nobody can read)")
	f.StringVar(&status, "status", status, "pass, fail or notapplicable")
	f.StringVar(&a.Statement, "statement", "", "`TEXT` of what was seen, and where")
	f.StringVar(&evidence, "evidence", "", "`FILE` in the evidence folder that shows it")
	addWho(cmd, &a.By, &days)
	cmd.AddCommand(newAttestListCommand(e), newAttestImportCommand(e))
	return cmd
}

func addWho(cmd *cobra.Command, who *attest.Person, days *int) {
	f := cmd.Flags()
	f.StringVar(&who.Name, "by", "", "`NAME` of who answers")
	f.StringVar(&who.Role, "role", "", "that person's `ROLE`, such as ISSO")
	f.IntVar(days, "days", *days, "`NUMBER` of days for which the answer holds, 366 at most")
}

func newAttestListCommand(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the attestations, those that do not hold first", Args: noArgs,
		Example: "  stigwatch attest list",
		RunE: func(cmd *cobra.Command, _ []string) error {
			answers, err := errand.Attestations(e.options(slog.LevelWarn), e.now())
			if err != nil {
				return err
			}
			if len(answers) == 0 {
				fmt.Fprintln(e.stdout, "there is no attestation; \"stigwatch attest RULE\" makes one")
				return nil
			}
			s := newScreen(e.stdout)
			t := table{head: []string{"RULE", "FACT", "STATUS", "EXPIRES", "BY"}}
			for _, a := range answers {
				st, r := plain, row{}
				if a.Void != "" {
					st, r.notes = yellow, []string{"does not hold: " + safe(a.Void)}
				}
				r.cells = []cell{{safe(a.Rule), plain}, {safe(a.Fact), plain}, {safe(string(a.Status)), st}, {a.Expires.UTC().Format(time.DateOnly), st}, {safe(a.By + ", " + a.Role), plain}}
				t.rows = append(t.rows, r)
			}
			t.write(s)
			return s.flush()
		},
	}
}

func newAttestImportCommand(e *env) *cobra.Command {
	in, days := attest.Import{}, 365
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Take over answers from a checklist, a SAF file or an answer file",
		Long: `Take over the answers that a person gave in a CKL or CKLB checklist, in a MITRE SAF
attestation file (JSON or YAML), or in an answer file of Evaluate-STIG (XML). Only
rules that can be read nowhere on the box are taken; the others are listed with the
reason. Code in an answer file is never run: what depends on it is left.`,
		Example: `  stigwatch attest import sentry1.cklb --by "A. Nother" --role ISSO --days 180
  stigwatch attest import Sentry_AnswerFile.xml --answer-key LAB --by "A. Nother" --role ISSO`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := needs(map[string]string{"by": in.By.Name, "role": in.By.Role}); err != nil {
				return err
			}
			b, err := readAtMost(args[0], attest.MaxImport)
			if err != nil {
				return err
			}
			in.File, in.Now = args[0], e.now()
			in.Expires = in.Now.Add(time.Duration(days) * aDay)
			taken, refused, path, err := errand.ImportAttestations(e.options(slog.LevelWarn), b, in)
			for _, sentence := range refused {
				fmt.Fprintln(e.stderr, "stigwatch: "+safe(sentence))
			}
			if err == nil && taken == 0 {
				return fmt.Errorf("cannot import %q: it answers nothing that nobody can read", args[0])
			}
			if err == nil {
				fmt.Fprintf(e.stdout, "%d attestations taken over, %d left\n", taken, len(refused))
			}
			return e.written(path, err)
		},
	}
	addWho(cmd, &in.By, &days)
	cmd.Flags().StringVar(&in.AnswerKey, "answer-key", "", "`NAME` of the key whose answers hold in an answer file (default: DEFAULT)")
	return cmd
}

// term is from now for so many days.
func (e *env) term(days int) (from, to string, err error) {
	if days < 1 || days > 366 {
		return "", "", usageError{fmt.Errorf("--days is %d, must be 1 to 366", days)}
	}
	now := e.now().UTC().Truncate(time.Second)
	return now.Format(time.RFC3339), now.Add(time.Duration(days) * aDay).Format(time.RFC3339), nil
}

// written tells where something went, and what makes it count.
func (e *env) written(path string, err error) error {
	if err == nil {
		fmt.Fprintf(e.stdout, "written to %s\na running agent takes it in after: systemctl reload stigwatch\n", safe(path))
	}
	return err
}

// readAtMost reads a file that somebody named, and one byte more than the limit
// at most, so that whoever parses it sees that it is too large.
func readAtMost(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot import: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("cannot import %q: %w", path, err)
	}
	return b, nil
}
