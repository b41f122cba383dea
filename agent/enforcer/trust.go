package enforcer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"stigwatch/agent/appliance"
	"stigwatch/agent/ownership"
)

// configFiles are the files and folders that a configuration is made of, there or
// not.
func configFiles(p *appliance.Parts) []string {
	cfg := p.Config
	files := []string{cfg.Path, cfg.SitePath, cfg.Waivers, cfg.Attestations}
	for _, name := range p.Site.ApprovedCAs {
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(cfg.SitePath), name)
		}
		files = append(files, name)
	}
	for _, dir := range cfg.MappingDirs {
		files = append(files, dir)
		entries, _ := os.ReadDir(dir) // a folder that cannot be read is a mistake that build tells
		for _, e := range entries {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	return files
}

// trusted demands, where the root is the machine's own, what ownedByRoot does.
func trusted(p *appliance.Parts) error {
	if p.Config.Root != "/" {
		return nil
	}
	return ownedByRoot(p)
}

// ownedByRoot demands of every file that says what is written, of the enforcer's
// state and of the folder of its socket that only root can change what their paths
// lead to: on the machine itself the enforcer takes no value from anybody else.
func ownedByRoot(p *appliance.Parts) error {
	var wrong []error
	for _, path := range append(configFiles(p), p.Config.Enforce.Dir, filepath.Dir(p.Config.Enforce.Socket)) {
		err := ownership.Alone(path)
		if err != nil && !slices.ContainsFunc(wrong, func(said error) bool { return said.Error() == err.Error() }) {
			wrong = append(wrong, err)
		}
	}
	return errors.Join(wrong...)
}

// sources is what the files of a configuration look like, without reading them.
func sources(p *appliance.Parts) string {
	var out []byte
	for _, path := range configFiles(p) {
		info, err := os.Stat(path)
		if err != nil {
			out = fmt.Appendf(out, "%s %v\n", path, errors.Is(err, fs.ErrNotExist))
			continue
		}
		out = fmt.Appendf(out, "%s %d %d %s", path, info.Size(), info.ModTime().UnixNano(), info.Mode())
		if st, ok := info.Sys().(*syscall.Stat_t); ok { // who keeps size and time cannot keep these
			out = fmt.Appendf(out, " %d %d", st.Ino, st.Ctim.Nano())
		}
		out = append(out, '\n')
	}
	return string(out)
}
