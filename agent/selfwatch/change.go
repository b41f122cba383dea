package selfwatch

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// digitsShown is how many digits of a digest people are shown.
const digitsShown = 12

// Change is one part that is another than before.
type Change struct {
	Kind  Kind
	Path  string // empty: it is in no file
	Text  string // what happened, in words
	From  string // digest before, else what is told of it; empty: it was not there
	To    string // likewise, now
	There bool   // it is there now
}

// Grave tells whether it touches who the agent is, and what it may do.
func (c *Change) Grave() bool { return c.Kind != Config && c.Kind != Policies }

// order is in which order changes are told.
var order = []Kind{Binary, Policies, Unit, DropIn, Boot, User, Group, Sink, Config}

// Changes gives what is another now: what counts most first. What only one of the
// pictures looked at is left out.
func Changes(before, now *Picture) []Change {
	names := namesOf(now)
	var out []Change
	if before.Policies != now.Policies {
		out = append(out, Change{
			Kind: Policies, From: before.Policies, To: now.Policies, There: true,
			Text: "its policies are others" + digests(before.Policies, now.Policies),
		})
	}
	paths := maps.Clone(before.Parts)
	maps.Copy(paths, now.Parts)
	for _, p := range slices.Sorted(maps.Keys(paths)) {
		was, had := before.find(p)
		is, has := now.find(p)
		if !had || !has {
			continue
		}
		if c := change(p, was, is, names); c.Text != "" {
			c.Path, c.There = p, is.There
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b Change) int { return cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind)) })
	return out
}

// find gives the print of a path, if the picture looked there.
func (p *Picture) find(name string) (Print, bool) {
	print, ok := p.Parts[name]
	return print, ok || slices.Contains(p.Folders, path.Dir(name))
}

func change(p string, was, is Print, names names) Change {
	switch kind := cmp.Or(is.Kind, was.Kind); kind {
	case User:
		return userChange(was, is)
	case Group:
		return groupChange(was, is)
	case Boot:
		return bootChange(p, was, is)
	default:
		return fileChange(kind, p, was, is, names)
	}
}

// fileChange is that of a file's bytes, mode and owner.
func fileChange(kind Kind, p string, was, is Print, names names) Change {
	c := Change{Kind: kind, From: cmp.Or(was.Digest, was.Link), To: cmp.Or(is.Digest, is.Link)}
	what := subject(kind, p)
	switch {
	case was.There && !is.There:
		c.Text = what + " was removed: " + p + said(kind, was.Words, nil)
	case is.There && is.Link == "/dev/null" && was.Link != is.Link:
		c.Text = what + " was masked, so that it cannot be started: " + p
	case !was.There && is.There:
		c.Text = what + " was put there: " + p + digests("", is.Digest) + said(kind, nil, is.Words)
	case was.Link != is.Link && is.Link != "":
		c.Text = what + " is a link to " + is.Link + " now: " + p + digests(was.Digest, is.Digest)
	case was.Digest != is.Digest:
		c.Text = what + verb(kind) + p + digests(was.Digest, is.Digest) + said(kind, was.Words, is.Words)
	}
	before, now := names.permissions(was), names.permissions(is)
	if !was.There || !is.There || was.Link != is.Link || before == now {
		return c
	}
	permissions := fmt.Sprintf(" (%s → %s)", before, now)
	if c.Text != "" {
		c.Text += ", and its mode or owner" + permissions
		return c
	}
	return Change{Kind: kind, From: before, To: now, Text: "mode or owner of " + what + " was changed: " + p + permissions}
}

func subject(kind Kind, p string) string {
	whose := "its own unit"
	if strings.Contains(p, "stigwatch-enforcer") {
		whose = "the enforcer's unit"
	}
	switch kind {
	case Binary:
		return "its own binary"
	case Config:
		return "its configuration"
	case Sink:
		return "a file of certificates that its sinks go by"
	case DropIn:
		return "a drop-in of " + whose
	}
	return whose
}

func verb(kind Kind) string {
	if kind == Binary {
		return " was replaced: "
	}
	return " was changed: "
}

// digests is like " (sha256 0123456789ab → fedcba987654)".
func digests(was, is string) string {
	short := func(d string) string {
		d = strings.TrimPrefix(d, "sha256:")
		return d[:min(len(d), digitsShown)]
	}
	switch {
	case was == "" && is == "":
		return ""
	case was == "":
		return " (sha256 " + short(is) + ")"
	case is == "":
		return " (sha256 was " + short(was) + ")"
	}
	return " (sha256 " + short(was) + " → " + short(is) + ")"
}

// said is what a drop-in sets now, and no more.
func said(kind Kind, was, is []string) string {
	if kind != DropIn {
		return ""
	}
	var parts []string
	if came := without(is, was); len(came) > 0 {
		parts = append(parts, "it sets "+strings.Join(came, ", "))
	}
	if went := without(was, is); len(went) > 0 {
		parts = append(parts, "no more "+strings.Join(went, ", "))
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, "; ")
}

func userChange(was, is Print) Change {
	c := Change{Kind: User, From: strings.Join(was.Words, ", "), To: strings.Join(is.Words, ", ")}
	switch {
	case was.There && !is.There:
		c.Text = "the user " + account + " was removed"
	case !was.There && is.There:
		c.Text = "the user " + account + " was made: " + c.To
	case c.From != c.To:
		c.Text = "the user " + account + " was changed: " + strings.Join(without(was.Words, is.Words), ", ") + " → " + strings.Join(without(is.Words, was.Words), ", ")
	}
	return c
}

func groupChange(was, is Print) Change {
	c := Change{Kind: Group, From: strings.Join(was.Words, ", "), To: strings.Join(is.Words, ", ")}
	var parts []string
	switch {
	case was.There && !is.There:
		parts = append(parts, "the group "+account+" was removed")
	case !was.There && is.There:
		parts = append(parts, "the group "+account+" was made")
	case was.GID != is.GID:
		parts = append(parts, fmt.Sprintf("the group %s has the number %d now, and had %d", account, is.GID, was.GID))
	}
	if came := without(is.Words, was.Words); len(came) > 0 {
		parts = append(parts, "somebody was added to the group "+account+", who may ask it now: "+strings.Join(came, ", "))
	}
	if went := without(was.Words, is.Words); len(went) > 0 {
		parts = append(parts, "somebody was taken out of the group "+account+": "+strings.Join(went, ", "))
	}
	c.Text = strings.Join(parts, "; ")
	return c
}

func bootChange(p string, was, is Print) Change {
	c := Change{Kind: Boot, From: was.Link, To: is.Link}
	what := "it"
	if strings.Contains(p, "enforcer") {
		what = "the enforcer"
	}
	switch {
	case was.There && !is.There:
		c.Text = what + " is not started at boot any more: " + p + " was removed"
	case !was.There && is.There:
		c.Text = what + " is started at boot from now on: " + p + " was made"
	case was.Link != is.Link:
		c.Text = "what is started at boot was changed: " + p + " (" + was.Link + " → " + is.Link + ")"
	}
	return c
}

// without gives the words of a that b has not.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(w string) bool { return slices.Contains(b, w) })
}

// names are those of the numbers that most files belong to.
type names struct{ uid, gid map[uint32]string }

func namesOf(p *Picture) names {
	n := names{map[uint32]string{0: "root"}, map[uint32]string{0: "root"}}
	if g := p.Parts[group]; g.There {
		n.gid[g.GID] = account
	}
	for _, w := range p.Parts[passwd].Words {
		if id, ok := strings.CutPrefix(w, "number "); ok {
			n.uid[number(id)] = account
		}
	}
	return n
}

// permissions is like "0640 root:stigwatch".
func (n names) permissions(p Print) string {
	return fmt.Sprintf("%04o %s:%s", p.Mode, cmp.Or(n.uid[p.UID], fmt.Sprint(p.UID)), cmp.Or(n.gid[p.GID], fmt.Sprint(p.GID)))
}
