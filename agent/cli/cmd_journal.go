package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"stigwatch/agent/journal"
)

func newJournalCommand(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "journal COMMAND",
		Short: "Prove that nothing was taken out of the record",
		Long: `The journal is the record of everything that happened: each entry carries the hash
of the one before, and a seal by a key that is gone when the entry is written.`,
		Example: `  stigwatch journal key
  stigwatch journal verify --key-file ./sentry1.key`,
		RunE: helpOrUnknownBelow,
	}
	cmd.AddCommand(newJournalVerifyCommand(e), newJournalKeyCommand(e))
	return cmd
}

// helpOrUnknownBelow is what a group of commands does without one of them.
func helpOrUnknownBelow(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	return unknownCommand(cmd, args[0])
}

func newJournalVerifyCommand(e *env) *cobra.Command {
	keyFile, head := "", ""
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Walk the journal and name the first entry that is not what was written",
		Long: `Walk the journal and name the first entry that is not what was written. With the
verification key the seals are checked too: without it, whoever holds the machine
could have written the whole journal anew. With the head of a heartbeat an older
journal that was put back is found. Exits 1 when something is wrong.`,
		Example: `  stigwatch journal verify
  stigwatch journal verify --key-file - < sentry1.key
  stigwatch journal verify --key-file ./sentry1.key --head 812:8c5f…`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			key, err := e.readKey(keyFile)
			if err != nil {
				return err
			}
			want, err := parseHead(head)
			if err != nil {
				return usageError{err}
			}
			var last journal.Entry
			var hash journal.Sum
			n := 0
			err = journal.Verify(key, want, func(begin func(journal.Extent) error, visit func(journal.Sealed) error) error {
				return e.walk(cmd.Context(), begin, func(s journal.Sealed) error {
					if err := visit(s); err != nil {
						return err
					}
					n++
					hash = s.Hash
					last, err = s.Entry()
					return err
				})
			})
			if broken := (*journal.Broken)(nil); errors.As(err, &broken) {
				return fmt.Errorf("the journal is not what was written: %w", broken)
			}
			if err != nil {
				return err
			}
			if n == 0 {
				_, err = fmt.Fprintln(e.stdout, "the journal is empty")
				return err
			}
			sealed := "seals were not checked: name the key with --key-file"
			if key != nil {
				sealed = "every seal is the key's"
			}
			_, err = fmt.Fprintf(e.stdout, "%d entries hold, the last of %s; %s\nhead %d:%s\n", n, last.At.Format("2006-01-02 15:04:05Z"), sealed, last.N, hash)
			return err
		},
	}
	cmd.Flags().StringVar(&keyFile, "key-file", "", "`FILE` with what journal key showed; - reads it from stdin")
	cmd.Flags().StringVar(&head, "head", "", "`NUMBER:HASH` that a heartbeat told")
	return cmd
}

// maxKey bounds what is read of a key file.
const maxKey = 4096

// readKey reads a verification key; nil when none is named. A key on the command
// line would be in everybody's list of processes.
func (e *env) readKey(file string) (*journal.Key, error) {
	var r io.Reader = e.stdin
	switch file {
	case "":
		return nil, nil
	case "-":
	default:
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("cannot read the verification key: %w", err)
		}
		defer f.Close()
		r = f
	}
	b, err := io.ReadAll(io.LimitReader(r, maxKey))
	if err != nil {
		return nil, fmt.Errorf("cannot read the verification key: %w", err)
	}
	k, err := journal.ParseKey(string(b))
	if err != nil {
		return nil, fmt.Errorf("cannot use the verification key: %w", err)
	}
	return &k, nil
}

func parseHead(text string) (*journal.Edge, error) {
	if text == "" {
		return nil, nil
	}
	var edge journal.Edge
	number, hash, ok := strings.Cut(text, ":")
	n, err := strconv.ParseUint(number, 10, 64)
	if !ok || err != nil || n == 0 || edge.Hash.UnmarshalText([]byte(hash)) != nil {
		return nil, fmt.Errorf("--head %q is not NUMBER:HASH, as a heartbeat tells it", text)
	}
	edge.N = n
	return &edge, nil
}

func newJournalKeyCommand(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "key",
		Short: "Show the verification key, once, to be kept elsewhere",
		Long: `Show the key that verifies the journal, once, on a terminal. Write it down or keep it
on another machine: it is removed from this one, so that nobody who takes the
machine over can write history anew. Until somebody has taken it, status says so.`,
		Example: "  stigwatch journal key",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			if !newScreen(e.stdout).terminal {
				return errors.New("cannot show the verification key: this is no terminal, and it must not end in a log")
			}
			dir, err := e.stateDir()
			if err != nil {
				return err
			}
			return journal.TakeKey(dir, func(k journal.Key) error {
				_, err := fmt.Fprintf(e.stdout, "%s\n\nKeep it away from this machine: it is shown only now.\n", k.String())
				return err
			})
		},
	}
}
