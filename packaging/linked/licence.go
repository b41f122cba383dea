package linked

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// allowed are the licences that what is shipped may have, by their SPDX names:
// all let a program be given on in binary form, alone or with others.
var allowed = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0", "Unlicense", "Zlib"}

// enough is how much of a licence's file has to be the words of licences that
// are known, in percent; the rest are names and years. pkg.go.dev takes the same.
const enough = 75

// notLinked are licences of what lies beside packages that are linked and is not
// itself: the objects of BoringCrypto, for builds with GOEXPERIMENT=boringcrypto.
var notLinked = []string{"std: src/crypto/internal/boring/LICENSE"}

// What is a licence, and what has to be told along with one.
var (
	licenceFile = regexp.MustCompile(`(?i)^(un)?(licen[cs]es?|copying|copyright)([-._].*)?$`)
	noticeFile  = regexp.MustCompile(`(?i)^(notices?|patents)([-._].*)?$`)
)

// Licence is one file of a module.
type Licence struct {
	File string   // inside the module
	IDs  []string // SPDX names of what it says, sorted; none for a notice
	Text string

	unknown string // what is wrong with it
}

// readLicences reads those at the module's root and on the way from there to
// each folder that is linked: a folder may have another one than the module.
func (m *Module) readLicences() error {
	for _, dir := range m.folders() {
		entries, err := os.ReadDir(filepath.Join(m.dir, dir))
		if err != nil {
			return fmt.Errorf("cannot look for the licence of %q: %w", m.Path, err)
		}
		for _, e := range entries {
			name := e.Name()
			isLicence := licenceFile.MatchString(name)
			if !e.Type().IsRegular() || !isLicence && !noticeFile.MatchString(name) || strings.HasSuffix(name, ".go") ||
				slices.Contains(notLinked, m.Path+": "+filepath.Join(dir, name)) {
				continue
			}
			text, err := os.ReadFile(filepath.Join(m.dir, dir, name))
			if err != nil {
				return fmt.Errorf("cannot read the licence of %q: %w", m.Path, err)
			}
			l := Licence{File: filepath.Join(dir, name), Text: string(text)}
			if isLicence {
				l.identify()
			}
			m.Licences = append(m.Licences, l)
		}
	}
	return nil
}

// folders are those of the module's linked packages and all above them, sorted.
func (m *Module) folders() []string {
	set := map[string]bool{".": true}
	for dir := range m.dirs {
		inside, err := filepath.Rel(m.dir, dir)
		for err == nil && filepath.IsLocal(inside) && inside != "." {
			set[inside] = true
			inside = filepath.Dir(inside)
		}
	}
	out := make([]string, 0, len(set))
	for dir := range set {
		out = append(out, dir)
	}
	slices.Sort(out)
	return out
}

func (l *Licence) identify() {
	found := licensecheck.Scan([]byte(l.Text))
	for _, m := range found.Match {
		l.IDs = append(l.IDs, m.ID)
	}
	slices.Sort(l.IDs)
	l.IDs = slices.Compact(l.IDs)
	if len(l.IDs) == 0 || found.Percent < enough {
		l.unknown = fmt.Sprintf("only %.0f%% of it are the words of a licence that is known", found.Percent)
	}
}

// IDs are the SPDX names of all that a module's licences say, sorted.
func (m *Module) IDs() []string {
	var out []string
	for _, l := range m.Licences {
		out = append(out, l.IDs...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Refused lists why the product may not be shipped: a module without a licence,
// with one that nobody knows, or with one that is not allowed.
func (p *Product) Refused() []string {
	var wrong []string
	for _, m := range p.Modules {
		if len(m.IDs()) == 0 {
			wrong = append(wrong, fmt.Sprintf("%s %s: no licence was found", m.Path, m.Version))
		}
		for _, l := range m.Licences {
			if l.unknown != "" {
				wrong = append(wrong, fmt.Sprintf("%s %s: %s: %s", m.Path, m.Version, l.File, l.unknown))
			}
			for _, id := range l.IDs {
				if !slices.Contains(allowed, id) {
					wrong = append(wrong, fmt.Sprintf("%s %s: %s: %s is not among the licences that are allowed", m.Path, m.Version, l.File, id))
				}
			}
		}
	}
	return wrong
}
