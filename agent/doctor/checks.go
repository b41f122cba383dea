package doctor

import "context"

// check is one question about the install.
type check struct {
	name, asks string
	look       func(b *box, ctx context.Context) []Item
}

// checks are all there are, in the order in which a person wants to hear of them.
func checks() []check {
	return []check{
		{"user", "are the user and the group there", (*box).user},
		{"service", "does the service manager run it, and start it at boot", (*box).service},
		{"socket", "does the agent answer, and whom", (*box).socket},
		{"process", "does it run as its own user", (*box).process},
		{"capabilities", "may it read everything, and nothing else", (*box).capabilities},
		{"no-new-privs", "can it never gain privileges", (*box).noNewPrivs},
		{"seccomp", "are its system calls filtered", (*box).seccomp},
		{"core-dumps", "does its memory never reach a disk", (*box).coreDumps},
		{"selinux", "is it confined by SELinux", (*box).selinux},
		{"files", "do owners and modes keep others out", (*box).files},
		{"binary", "is the binary root's alone, and the one that runs", (*box).binary},
		{"units", "are the units those of this version", (*box).units},
		{"package", "is everything as the package brought it", (*box).packages},
		{"configuration", "is the configuration valid, and the one that is live", (*box).configuration},
		{"agent", "does the agent say that something is wrong", (*box).conditions},
		{"mapping", "are all facts mapped, confirmed and readable", (*box).mapping},
		{"sinks", "do alerts arrive", (*box).sinks},
		{"journal", "is everything recorded, and its key kept elsewhere", (*box).journal},
		{"disk", "is there room for the journal", (*box).disk},
		{"clock", "is the clock synchronised", (*box).clock},
		{"fips", "is cryptography in FIPS mode", (*box).fips},
	}
}
