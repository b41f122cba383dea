package main

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"stigwatch/packaging/linked"
)

// union is all that any of the products has, by path.
func union(products []*linked.Product) []linked.Module {
	var all []linked.Module
	for _, p := range products {
		all = append(all, p.Modules...)
	}
	slices.SortStableFunc(all, func(a, b linked.Module) int { return cmp.Compare(a.Path, b.Path) })
	return slices.CompactFunc(all, func(a, b linked.Module) bool { return a.Path == b.Path })
}

// notices are all the texts, each once, with the modules that have it.
func notices(modules []linked.Module) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Software of others in stigwatch\n\n%s\n", table(modules))
	b.WriteString("The source of each is at https://pkg.go.dev/MODULE@VERSION, that of std at https://go.dev/dl/.\n")
	of := map[string][]string{}
	var texts []string
	for _, m := range modules {
		for _, l := range m.Licences {
			text := strings.ReplaceAll(l.Text, "\r\n", "\n")
			if of[text] == nil {
				texts = append(texts, text)
			}
			of[text] = append(of[text], m.Path+": "+l.File)
		}
	}
	for _, text := range texts {
		fmt.Fprintf(&b, "\n%s\n%s\n%s\n\n%s\n", line, strings.Join(of[text], "\n"), line, strings.Trim(text, "\n"))
	}
	return b.String()
}

const line = "--------------------------------------------------------------------------------"

func table(modules []linked.Module) string {
	var b strings.Builder
	for _, m := range modules {
		fmt.Fprintf(&b, "  %-44s %-38s %s\n", m.Path, m.Version, strings.Join(m.IDs(), " and "))
	}
	return b.String()
}

// somebodys is a line that says whose something is. The Apache licence shows
// how to write one, in brackets, and speaks of "copyright" in its sentences.
var somebodys = regexp.MustCompile(`(?i)^\s*(copyright|\(c\)|©)\s.*([0-9]{4}|authors)`)

// copyrights is Debian's file: whose everything is. The texts are beside it:
// Debian's own checker wants no whole Apache licence in this file.
func copyrights(ours string, modules []linked.Module) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nSoftware of others in it, whose licences are in THIRD-PARTY-NOTICES beside this file:\n", ours)
	for _, m := range modules {
		fmt.Fprintf(&b, "\n%s %s: %s\n", m.Path, m.Version, strings.Join(m.IDs(), " and "))
		var said []string
		for _, l := range m.Licences {
			for t := range strings.Lines(l.Text) {
				if t = strings.TrimSpace(t); somebodys.MatchString(t) && !strings.Contains(t, "[") && !slices.Contains(said, t) {
					said = append(said, t)
					fmt.Fprintf(&b, "  %s\n", t)
				}
			}
		}
	}
	b.WriteString("\nDebian has the Apache License, Version 2.0, at /usr/share/common-licenses/Apache-2.0 too.\n")
	return b.String()
}
