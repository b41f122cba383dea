package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// configFiles are the files and folders that a configuration is made of, there or
// not.
func (p *parts) configFiles() []string {
	cfg := p.cfg
	files := []string{cfg.Path, cfg.SitePath, cfg.Waivers, cfg.Attestations}
	for _, name := range p.site.ApprovedCAs {
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

// ownedByRoot demands of every file that says what is written that only root can
// change it: on the machine itself the enforcer takes no value from anybody else.
func (p *parts) ownedByRoot() error {
	var wrong []error
	seen := map[string]bool{}
	for _, file := range p.configFiles() {
		for _, path := range []string{file, filepath.Dir(file)} {
			if seen[path] {
				continue
			}
			seen[path] = true
			wrong = append(wrong, rootOnly(path))
		}
	}
	return errors.Join(slices.DeleteFunc(wrong, func(err error) bool { return err == nil })...)
}

func rootOnly(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || st.Uid != 0 || info.Mode()&0o022 != 0 {
		return fmt.Errorf("cannot trust %q: others than root can change it (mode %04o, uid %d): chown root, chmod go-w", path, info.Mode().Perm(), st.Uid)
	}
	return nil
}

// sources is what the files of a configuration look like, without reading them.
func (p *parts) sources() string {
	var out []byte
	for _, path := range p.configFiles() {
		info, err := os.Stat(path)
		if err != nil {
			out = fmt.Appendf(out, "%s %v\n", path, errors.Is(err, fs.ErrNotExist))
			continue
		}
		out = fmt.Appendf(out, "%s %d %d %s\n", path, info.Size(), info.ModTime().UnixNano(), info.Mode())
	}
	return string(out)
}
