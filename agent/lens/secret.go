package lens

import (
	"slices"
	"strings"
)

const minHash = 8 // characters after a hash's scheme

// isSecret says whether a setting of this name holds a secret. Switches about
// secrets ("requirePassword: true") are none.
func isSecret(name, value string) bool {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune("@-_. ", r) {
			return -1
		}
		return r
	}, strings.ToLower(name))
	secret := strings.Contains(name, "passwordhash") || slices.ContainsFunc(secretEnds(), func(end string) bool {
		return strings.HasSuffix(name, end)
	})
	return secret && !isSwitch(value)
}

func secretEnds() []string {
	return []string{"password", "passwd", "passphrase", "passcode", "secret", "privatekey", "community", "token", "credential"}
}

func isSwitch(value string) bool {
	switch strings.ToLower(value) {
	case "", "true", "false", "yes", "no", "on", "off", "enabled", "disabled":
		return true
	}
	return false
}

// maskSecrets hides what can be seen to be a secret whatever it is called:
// password hashes in crypt's form and private keys. A file that somebody made a
// banner of may hold either.
func maskSecrets(s string) string {
	if strings.Contains(s, "PRIVATE KEY-----") {
		s = maskKeys(s)
	}
	if strings.IndexByte(s, '$') >= 0 {
		s = maskHashes(s)
	}
	return s
}

// maskKeys drops everything between the first and the last line of each
// private key; of one without a last line, all that follows.
func maskKeys(s string) string {
	const mark = "PRIVATE KEY-----"
	var b strings.Builder
	for {
		i := strings.Index(s, mark)
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		begin := i + len(mark)
		b.WriteString(s[:begin])
		b.WriteString(masked)
		end := strings.Index(s[begin:], "-----END ")
		if end < 0 {
			return b.String()
		}
		s = s[begin+end:]
		if i = strings.Index(s, mark); i >= 0 { // past the end line's own mark
			b.WriteString(s[:i+len(mark)])
			s = s[i+len(mark):]
		}
	}
}

// maskHashes hides $id$salt$hash.
func maskHashes(s string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '$')
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		n := hashLen(s[i:])
		if n > 0 {
			b.WriteString(masked)
		} else {
			n = 1
			b.WriteByte('$')
		}
		s = s[i+n:]
	}
}

// hashLen is the length of the crypt hash that s starts with, or 0.
func hashLen(s string) int {
	id := 1
	for id < len(s) && id <= 12 && isAlnum(s[id]) || id < len(s) && id > 1 && id <= 12 && s[id] == '-' {
		id++
	}
	if id == 1 || id >= len(s) || s[id] != '$' {
		return 0
	}
	n := id + 1
	for n < len(s) && (isAlnum(s[n]) || strings.IndexByte("./$,=+-_", s[n]) >= 0) {
		n++
	}
	if n-id <= minHash {
		return 0
	}
	return n
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
