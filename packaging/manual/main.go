// Command manual writes the manual's pages and the shells' completions, as the
// packages have them: one page for each command, made from the command line
// itself, and one for the configuration, made from docs/configuration.md.
//
// The pages are written here rather than by cobra's own generator: that one
// brings a Markdown library along, and mandoc complains about what it writes.
package main

import (
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"stigwatch/agent/cli"
)

// completionFiles are where each shell's loader looks, below its folder.
var completionFiles = map[string]string{
	"bash": "bash/stigwatch",
	"zsh":  "zsh/_stigwatch",
	"fish": "fish/stigwatch.fish",
}

func main() {
	out := flag.String("out", "dist/tree", "`DIR` to write into")
	version := flag.String("version", "devel", "`VERSION` that the pages are of")
	configuration := flag.String("configuration", "docs/configuration.md", "`FILE` that tells of the configuration")
	flag.Parse()
	if err := run(*out, *version, *configuration); err != nil {
		fmt.Fprintln(os.Stderr, "manual: "+err.Error())
		os.Exit(1)
	}
}

func run(out, version, configuration string) error {
	date, err := epoch()
	if err != nil {
		return err
	}
	m := cli.NewManual()
	e := edition{date: date.Format(time.DateOnly), version: version}
	for _, cmd := range commands(m.Root) {
		if err := writePage(out, "man1", name(cmd)+".1", e.command(m, cmd)); err != nil {
			return err
		}
	}
	text, err := os.ReadFile(configuration)
	if err != nil {
		return err
	}
	if err := writePage(out, "man5", "stigwatch.yaml.5", e.configuration(string(text))); err != nil {
		return err
	}
	return writeCompletions(filepath.Join(out, "completions"), m.Root)
}

// epoch is the date of everything that is made, so that it is the same whenever
// it is made.
func epoch() (time.Time, error) {
	seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return time.Time{}, errors.New("cannot date the pages: SOURCE_DATE_EPOCH is no number of seconds")
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// commands are all that have a page: a command and those below it. The command
// help is told by the page of each.
func commands(cmd *cobra.Command) []*cobra.Command {
	out := []*cobra.Command{cmd}
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() && c.Name() != "help" {
			out = append(out, commands(c)...)
		}
	}
	return out
}

// writePage compresses as Debian's policy asks, with neither name nor time.
func writePage(out, section, file, text string) error {
	return create(filepath.Join(out, "man", section, file+".gz"), func(w io.Writer) error {
		z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
		if err != nil {
			return err
		}
		_, err = io.WriteString(z, text)
		return errors.Join(err, z.Close())
	})
}

func writeCompletions(dir string, root *cobra.Command) error {
	for _, shell := range cli.Shells() {
		err := create(filepath.Join(dir, completionFiles[shell]), func(w io.Writer) error {
			return cli.WriteCompletion(w, root, shell)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func create(path string, write func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
