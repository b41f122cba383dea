# The SELinux module, for the package stigwatch-selinux, and what its test needs.
.PHONY: selinux selinux-tools rigs-selinux

# Version 10 of the module's format: also old systems read it.
selinux: selinux-tools
	mkdir -p $(DIST)/selinux
	checkmodule -M -m -c 10 -o $(DIST)/selinux/stigwatch.mod packaging/selinux/stigwatch.te
	semodule_package -o $(DIST)/selinux/stigwatch.pp -m $(DIST)/selinux/stigwatch.mod -f packaging/selinux/stigwatch.fc
	rm $(DIST)/selinux/stigwatch.mod

selinux-tools:
	@{ command -v checkmodule && command -v semodule_package && command -v semodule && command -v setfiles && command -v sesearch && command -v matchpathcon; } >/dev/null 2>&1 || { \
		command -v apt-get >/dev/null || { echo "install checkpolicy, semodule-utils, policycoreutils, selinux-utils and setools: the SELinux module is made and looked at with them" >&2; exit 1; }; \
		sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
		$$sudo apt-get update -q && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -yq --no-install-recommends checkpolicy semodule-utils policycoreutils selinux-utils setools; }

rigs-selinux: selinux-tools
	@sh packaging/selinux/rig.sh
