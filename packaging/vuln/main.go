// Command vuln has govulncheck look for known vulnerabilities in what a release
// links, and says on one line what came of it. Without a database nothing was
// checked, which is an error and never silence: a release without the check has
// to ask for that, and carries the sentence.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	published = "https://vuln.go.dev"
	patience  = 30 * time.Second // for the database's first answer
	maxAnswer = 1 << 20
)

// check is one run.
type check struct {
	db     string   // address, or folder
	source string   // folder of the module
	arches []string // that are released
	output io.Writer
}

func main() {
	db := flag.String("db", os.Getenv("GOVULNDB"), "`DATABASE` as govulncheck takes it, or a folder of one; empty: "+published)
	arches := flag.String("arches", "amd64 arm64", "`ARCHITECTURES` that are released")
	result := flag.String("result", "", "`FILE` for the sentence about it")
	skip := flag.Bool("skip", false, "check nothing, and say so")
	flag.Parse()
	c := check{db: *db, source: ".", arches: strings.Fields(*arches), output: os.Stdout}
	sentence, err := "not checked: left out on request", error(nil)
	if !*skip {
		sentence, err = c.run(context.Background())
	}
	if err == nil && *result != "" {
		err = os.WriteFile(*result, []byte(sentence+"\n"), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "vuln: "+err.Error())
		os.Exit(1)
	}
	fmt.Println("vulnerabilities: " + sentence)
}

// run gives the sentence for a release in which nothing was found.
func (c *check) run(ctx context.Context) (string, error) {
	db, err := address(c.db)
	if err != nil {
		return "", err
	}
	modified, err := modifiedAt(ctx, db)
	if err != nil {
		return "", fmt.Errorf("not checked: no database: %w; GOVULNDB names another one, VULN=skip does without", err)
	}
	tool, err := c.tool(ctx)
	if err != nil {
		return "", err
	}
	for _, arch := range c.arches {
		if err := c.govulncheck(ctx, tool, db, arch); err != nil {
			return "", err
		}
	}
	return "none known in what is called, by the database of " + modified.UTC().Format(time.RFC3339), nil
}

// tool builds govulncheck for this machine, whatever it is to look at.
func (c *check) tool(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "tool", "-modfile=packaging/tools/go.mod", "-n", "govulncheck")
	cmd.Dir, cmd.Stderr = c.source, os.Stderr
	path, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("not checked: cannot build govulncheck: %w", err)
	}
	return strings.TrimSpace(string(path)), nil
}

// govulncheck looks at the source rather than at the binary: that one has no
// symbols, so that each vulnerability of a module would count, called or not.
func (c *check) govulncheck(ctx context.Context, tool, db, arch string) error {
	cmd := exec.CommandContext(ctx, tool, "-db", db, ".")
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.source, c.output, os.Stderr
	cmd.Env = append(os.Environ(), "GOFLAGS=", "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == 3 {
		return fmt.Errorf("a release for %s would have the vulnerabilities above", arch)
	}
	if err != nil {
		return fmt.Errorf("not checked: govulncheck failed: %w", err)
	}
	return nil
}

// address is where govulncheck is to look: it takes no folder without a scheme.
func address(db string) (string, error) {
	if db == "" {
		return published, nil
	}
	if strings.Contains(db, "://") {
		return db, nil
	}
	abs, err := filepath.Abs(db)
	return "file://" + abs, err
}

// modifiedAt is when a database was changed last; every database can tell.
func modifiedAt(ctx context.Context, db string) (time.Time, error) {
	at, err := url.Parse(db)
	if err != nil {
		return time.Time{}, err
	}
	var text []byte
	if at.Scheme == "file" {
		text, err = os.ReadFile(filepath.Join(at.Path, "index", "db.json"))
	} else {
		text, err = fetch(ctx, db+"/index/db.json")
	}
	if err != nil {
		return time.Time{}, err
	}
	var index struct{ Modified time.Time }
	if err := json.Unmarshal(text, &index); err != nil || index.Modified.IsZero() {
		return time.Time{}, fmt.Errorf("%s is none: %w", db, errors.Join(err, errors.New("it does not tell when it was modified")))
	}
	return index.Modified, nil
}

func fetch(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		return nil, err
	}
	defer a.Body.Close()
	if a.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", address, a.Status)
	}
	return io.ReadAll(io.LimitReader(a.Body, maxAnswer))
}
