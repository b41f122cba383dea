package service_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/service"
	"stigwatch/systemd"
)

func TestThePackagedPlacesGiveThePackagedUnit(t *testing.T) {
	for _, config := range []string{"", service.PackagedConfig} {
		got, err := service.Unit(service.PackagedBinary, config)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(systemd.Unit(systemd.Agent), got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

// Apart from the binary's path and --config nothing may differ, or the service would
// have other guards than the packages'.
func TestElsewhereOnlyThePathsDiffer(t *testing.T) {
	const binary, config = "/usr/local/bin/stigwatch", "/etc/stigwatch/other.yaml"
	got, err := service.Unit(binary, config)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got, "\nExecStart="+binary+" run --config "+config+"\n") ||
		!strings.Contains(got, "\nExecReload="+binary+" reload --config "+config+"\n") || strings.Contains(got, service.PackagedBinary) {
		t.Errorf("the unit does not start what it should:\n%s", got)
	}
	back := strings.ReplaceAll(strings.Replace(got, " --config "+config, "", 2), binary, service.PackagedBinary)
	if diff := cmp.Diff(systemd.Unit(systemd.Agent), back); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if b, c, made := service.Made(got); b != binary || c != config || !made {
		t.Errorf("Made gave %q, %q, %v", b, c, made)
	}
}

func TestAnEditedUnitIsNotOurs(t *testing.T) {
	unit := systemd.Unit(systemd.Agent)
	for name, text := range map[string]string{
		"a line more":       unit + "PrivateNetwork=no\n",
		"a line less":       strings.Replace(unit, "NoNewPrivileges=yes\n", "", 1),
		"another user":      strings.Replace(unit, "User=stigwatch", "User=root", 1),
		"another command":   strings.Replace(unit, "stigwatch run\n", "stigwatch run --root /x\n", 1),
		"no command":        strings.Replace(unit, "ExecStart=", "ExecStartX=", 1),
		"two commands":      strings.Replace(unit, "ExecStart=", "ExecStart=/bin/x run\nExecStart=", 1),
		"nothing":           "",
		"the other binary":  strings.Replace(unit, "ExecPaths=/usr/bin/stigwatch", "ExecPaths=/usr/bin/other", 1),
		"a quoted argument": strings.Replace(unit, "stigwatch run\n", "stigwatch run --config \"/a b\"\n", 1),
	} {
		if _, _, made := service.Made(text); made {
			t.Errorf("%s: it passes for ours", name)
		}
	}
}

func TestPathsWithAMeaningForSystemdAreRefused(t *testing.T) {
	for _, path := range []string{"stigwatch", "./stigwatch", "/usr/local/my bin/stigwatch", "/a/%n", "/a/$HOME", "/a/../b", "/a//b", "/a/", "/a;b", "/a/\nUser=root", `/a"b`, "/-a", "/{{Path}}"} {
		if _, err := service.Unit(path, ""); err == nil {
			t.Errorf("the binary %q was taken", path)
		}
		if _, err := service.Unit(service.PackagedBinary, path); err == nil {
			t.Errorf("the configuration %q was taken", path)
		}
	}
}
