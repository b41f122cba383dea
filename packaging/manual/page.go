package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"stigwatch/agent/cli"
)

// edition is what all pages have in common.
type edition struct{ date, version string }

func (e edition) title(r *roff, page, section string) {
	r.macro("TH", literal(strings.ToUpper(page)), section, e.date, literal("stigwatch "+e.version), "stigwatch manual")
	r.WriteString(".nh\n.ad l\n") // names are to be copied: none is to be broken
}

// name is a command's page, as git has it: stigwatch-map-probe.
func name(cmd *cobra.Command) string {
	return strings.ReplaceAll(cmd.CommandPath(), " ", "-")
}

// command is the page of one command.
func (e edition) command(m *cli.Manual, cmd *cobra.Command) string {
	r := &roff{}
	e.title(r, name(cmd), "1")
	r.macro("SH", "NAME")
	r.line(literal(name(cmd)) + ` \- ` + words(strings.TrimSuffix(cmd.Short, ".")))
	r.macro("SH", "SYNOPSIS")
	synopsis(r, cmd)
	r.macro("SH", "DESCRIPTION")
	paragraphs(r, description(cmd))
	below(r, cmd)
	options(r, "OPTIONS", cmd.LocalNonPersistentFlags())
	global := cmd.InheritedFlags()
	if !cmd.HasParent() {
		global = cmd.PersistentFlags()
	}
	global.SortFlags = false
	options(r, "GLOBAL OPTIONS", global)
	terms(r, "EXIT STATUS", m.Exits)
	terms(r, "ENVIRONMENT", m.Environment)
	terms(r, "FILES", m.Files)
	if cmd.Example != "" {
		r.macro("SH", "EXAMPLES")
		r.example(undent(cmd.Example))
	}
	r.macro("SH", "SEE ALSO")
	seeAlso(r, cmd)
	return r.String()
}

// synopsis sets what is to be written as it is in bold, what stands for
// something else in italics.
func synopsis(r *roff, cmd *cobra.Command) {
	rest := strings.TrimPrefix(cmd.UseLine(), cmd.CommandPath())
	rest = strings.ReplaceAll(rest, "[flags]", "[OPTION...]")
	var b strings.Builder
	b.WriteString(bold(cmd.CommandPath()))
	for _, w := range strings.Fields(rest) {
		font := `\fB`
		if strings.ContainsAny(w, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
			font = `\fI`
		}
		b.WriteString(" " + font + literal(w) + `\fR`)
	}
	r.line(b.String())
}

// description is a command's long text, or its short one as a sentence.
func description(cmd *cobra.Command) string {
	if cmd.Long != "" {
		return cmd.Long
	}
	return strings.TrimSuffix(cmd.Short, ".") + "."
}

// paragraphs writes text whose paragraphs have an empty line between them.
func paragraphs(r *roff, text string) {
	for p := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		r.paragraph()
		r.prose(p)
	}
}

func below(r *roff, cmd *cobra.Command) {
	all := commands(cmd)[1:]
	if len(all) == 0 {
		return
	}
	r.macro("SH", "COMMANDS")
	for _, c := range all {
		if c.Parent() == cmd {
			r.term(reference(name(c)), strings.TrimSuffix(c.Short, ".")+".")
		}
	}
}

func options(r *roff, title string, flags *pflag.FlagSet) {
	var lines roff
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		word := bold("--" + f.Name)
		if value != "" {
			word += ` \fI` + literal(value) + `\fR`
		}
		lines.term(word, sentence(usage)+defaultOf(f))
	})
	if lines.Len() > 0 {
		r.macro("SH", title)
		r.WriteString(lines.String())
	}
}

// sentence begins with a capital letter and ends with a full stop.
func sentence(text string) string {
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}

// defaultOf tells a default that is not nothing, as the help does.
func defaultOf(f *pflag.Flag) string {
	if slices.Contains([]string{"", "false", "0", "0s", "[]"}, f.DefValue) {
		return ""
	}
	return " The default is " + f.DefValue + "."
}

func terms(r *roff, title string, all []cli.Term) {
	r.macro("SH", title)
	for _, t := range all {
		r.term(bold(t.Word), t.Text)
	}
}

// seeAlso names the commands above, those that the description speaks of, and
// the configuration.
func seeAlso(r *roff, cmd *cobra.Command) {
	var pages []string
	if cmd.HasParent() {
		pages = append(pages, name(cmd.Parent()), name(cmd.Root()))
	}
	for _, c := range commands(cmd.Root()) {
		if c == cmd.Root() || c == cmd {
			continue
		}
		if strings.Contains(description(cmd), `"`+c.CommandPath()) {
			pages = append(pages, name(c))
		}
	}
	slices.Sort(pages)
	for _, p := range slices.Compact(pages) {
		r.line(reference(p) + ",")
	}
	r.line(`\fBstigwatch.yaml\fR(5)`)
}

func reference(page string) string { return fmt.Sprintf(`\fB%s\fR(1)`, literal(page)) }

// undent takes away what all lines are indented by.
func undent(text string) string {
	least := len(text)
	for l := range strings.Lines(text) {
		if trimmed := strings.TrimLeft(l, " "); strings.TrimSpace(l) != "" {
			least = min(least, len(l)-len(trimmed))
		}
	}
	var b strings.Builder
	for l := range strings.Lines(text) {
		b.WriteString(l[min(least, len(l)-len(strings.TrimLeft(l, " "))):])
	}
	return b.String()
}
