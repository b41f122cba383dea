package selfwatch

import (
	"slices"
	"strconv"
	"strings"
)

// accounts looks at the user's line, without its password, and at the group's.
func (l *look) accounts() {
	users, usersRead := l.lines(passwd, 7)
	groups, groupsRead := l.lines(group, 4)
	gid := ""
	for _, f := range groups {
		if f[0] == account {
			gid = f[2]
		}
	}
	if usersRead {
		l.parts[passwd] = user(users)
	}
	if !usersRead || !groupsRead { // who is in the group stands in both
		l.keep(group)
		return
	}
	print := Print{Kind: Group}
	for _, f := range groups {
		if f[0] == account && !print.There {
			print.There, print.GID = true, number(f[2])
			print.Words = members(f[3])
		}
	}
	for _, f := range users { // whose own group it is
		if f[0] != account && gid != "" && f[3] == gid {
			print.Words = append(print.Words, f[0])
		}
	}
	slices.Sort(print.Words)
	print.Words = slices.Compact(print.Words)
	l.parts[group] = print
}

func user(users [][]string) Print {
	print := Print{Kind: User}
	for _, f := range users {
		if f[0] == account && !print.There {
			print.There = true
			print.Words = []string{"number " + f[2], "group " + f[3], "home " + f[5], "shell " + f[6]}
		}
	}
	return print
}

// lines reads passwd(5) or group(5). A file that is being written, or cannot be read,
// leaves what was known.
func (l *look) lines(p string, fields int) ([][]string, bool) {
	f, err := l.host.Read(p)
	if err != nil || l.held(p) {
		if was, known := l.before.Parts[p]; known {
			l.parts[p] = was
		}
		return nil, false
	}
	var out [][]string
	for line := range strings.Lines(string(f.Bytes)) {
		if f := strings.Split(strings.TrimSuffix(line, "\n"), ":"); len(f) == fields {
			out = append(out, f)
		}
	}
	return out, true
}

func members(list string) []string {
	return slices.DeleteFunc(strings.Split(list, ","), func(name string) bool { return name == "" })
}

func number(s string) uint32 {
	n, _ := strconv.ParseUint(s, 10, 32)
	return uint32(n)
}
