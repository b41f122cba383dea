package doctor

import (
	"context"
	"errors"
	"os"
	"path"
	"strings"

	"stigwatch/agent/service"
	"stigwatch/systemd"
)

const agentUnit = systemd.Agent

// unitFolders are where systemd looks for units, in its order: systemd.unit(5).
var unitFolders = []string{"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"}

// installed finds the unit that counts; "" when there is none.
func (b *box) installed(name string) (string, error) {
	for _, dir := range unitFolders {
		_, err := b.lstat(path.Join(dir, name))
		if err == nil {
			return path.Join(dir, name), nil
		}
		if !absent(err) {
			return "", err
		}
	}
	return "", nil
}

func (b *box) units(context.Context) []Item {
	if _, err := b.stat("/run/systemd/system"); absent(err) {
		return []Item{none("systemd does not run here")}
	}
	items := b.unit(systemd.Agent, true)
	for _, name := range []string{systemd.EnforcerSocket, systemd.Enforcer} {
		items = append(items, b.unit(name, false)...)
	}
	return items
}

func (b *box) unit(name string, needed bool) []Item {
	at, err := b.installed(name)
	switch {
	case err != nil:
		return []Item{unseen(name, err)}
	case at == "" && needed:
		return []Item{fail("install the package, or stigwatch service install", "there is no %s", name)}
	case at == "":
		return []Item{none("there is no %s", name)}
	}
	return append([]Item{b.drift(name, at)}, b.dropIns(name)...)
}

// drift compares a unit with the one of this version.
func (b *box) drift(name, at string) Item {
	if target, err := os.Readlink(b.at(at)); err == nil && target == "/dev/null" {
		return fail("systemctl unmask "+name, "%s is masked: it cannot start", at)
	}
	text, err := b.text(at)
	if err != nil {
		return unseen(at, err)
	}
	if text == systemd.Unit(name) {
		return ok("%s is this version's", at)
	}
	if binary, config, made := service.Made(text); made && name == systemd.Agent {
		found := at + " is this version's, for " + binary
		if config != "" {
			found += " and " + config
		}
		return ok("%s", found)
	}
	return fail("reinstall the package, or stigwatch service uninstall and install; changes of your own belong into "+unitFolders[0]+"/"+name+".d/", "%s is not the unit of this version", at)
}

// dropIns lists what changes the unit: nothing is wrong with that, and somebody should
// know.
func (b *box) dropIns(name string) []Item {
	var items []Item
	for _, dir := range unitFolders {
		folder := path.Join(dir, name+".d")
		entries, err := os.ReadDir(b.at(folder))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			items = append(items, unseen(folder, err))
			continue
		}
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".conf") {
				items = append(items, warn("systemctl cat "+name, "%s changes the unit", path.Join(folder, e.Name())))
			}
		}
	}
	return items
}
