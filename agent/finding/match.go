package finding

import (
	"maps"
	"slices"
	"strings"
)

// Match finds the rule that a person means among ids, which gives the STIG id of
// each. It takes V-ids in any case, with or without "V-", and STIG ids. Where there
// is none it gives the one whose id shares the most characters at the same places.
func Match(ids map[string]string, word string) (id, nearest string) {
	up := strings.ToUpper(strings.TrimSpace(word))
	for _, try := range []string{up, "V-" + up, strings.Replace(up, "V", "V-", 1)} {
		if _, ok := ids[try]; ok {
			return try, ""
		}
	}
	score := -1
	for _, one := range slices.Sorted(maps.Keys(ids)) {
		if ids[one] == up {
			return one, ""
		}
		n := 0
		for i := range min(len(one), len(up)) {
			if one[i] == up[i] {
				n++
			}
		}
		if n > score {
			nearest, score = one, n
		}
	}
	return "", nearest
}
