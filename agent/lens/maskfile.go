package lens

import (
	"bytes"
	"strings"
)

// secretLines are words that make the rest of a line a secret, beside the names
// that isSecret knows: snmpd.conf(5), ntp.conf(5), rsyslog's modules.
func secretLines() []string {
	return []string{
		"createuser", "usmuser", "community", "com2sec", "trapsink", "trap2sink", "informsink", "trapsess", "authtrapenable",
		"defauthpassphrase", "defprivpassphrase", "password", "passwd", "passphrase", "passcode", "secret", "pwd", "privatekey",
		"token", "credential", "proxy ", "proxy\t", "crypto pw", "cmdkey", "smuxpeer", "authorization", "bindpw", "apikey", ".key=", "omhttp", "ommysql", "ompgsql",
	}
}

// MaskFile gives a whole text for people, line by line: what follows a word that
// may announce a secret is hidden, and so are password hashes and private keys. It
// hides too much rather than too little, and keeps the number of lines, so that the
// masked texts of two versions of a file can be compared.
func MaskFile(b []byte) []byte {
	var out bytes.Buffer
	key := false
	for line := range bytes.Lines(b) {
		text, end := strings.CutSuffix(string(line), "\n")
		switch {
		case strings.Contains(text, "PRIVATE KEY-----"):
			key = strings.Contains(text, "BEGIN")
			text = masked
		case key:
			text = masked
		default:
			text = cleanText(maskHashes(maskAfterWord(text)))
		}
		out.WriteString(text)
		if end {
			out.WriteByte('\n')
		}
	}
	return out.Bytes()
}

// maskAfterWord hides what follows the first word of a line that announces a secret.
func maskAfterWord(line string) string {
	low := strings.ToLower(line)
	prose := strings.HasPrefix(strings.TrimLeft(low, " \t"), "#")
	at := -1
	for _, word := range secretLines() {
		i := strings.Index(low, word)
		end := i + len(word)
		if i < 0 || at >= 0 && end >= at || prose && end < len(low) && low[end] >= 'a' && low[end] <= 'z' {
			continue // in a comment, "passwords" are not what "password x" is
		}
		at = end
	}
	if at < 0 || strings.TrimRight(line[at:], " \t\r") == "" {
		return line
	}
	for at < len(line) && !isBlank(line[at]) && strings.IndexByte(`="':,;`, line[at]) < 0 {
		at++ // the rest of the word: "requirePassword"
	}
	if at == len(line) {
		return line
	}
	return line[:at+1] + masked
}
