package main

import "testing"

func TestProse(t *testing.T) {
	for in, want := range map[string]string{
		"well-known, by --json":         `well-known, by \-\-json`,
		"see `a-b` and **now**":         `see \fBa\-b\fR and \fBnow\fR`,
		"see [Formats](#formats), then": `see Formats, then`,
		"[] asks nobody":                `[] asks nobody`,
		`a \ and it's 5 ≥ 4`:            `a \e and it\(aqs 5 \[u2265] 4`,
		"in `/etc/x-y`, not /etc/x-y":   `in \fB/etc/x\-y\fR, not /etc/x\-y`,
		"2 ** 3":                        `2 \fB 3\fR`,
	} {
		if got := inline(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestALineIsNeverTakenForAMacro(t *testing.T) {
	r := &roff{}
	r.example(".so /etc/passwd\n'ab x")
	want := ".PP\n.RS \"2n\"\n.EX\n\\&.so /etc/passwd\n\\(aqab x\n.EE\n.RE\n"
	if r.String() != want {
		t.Errorf("got %q, want %q", r.String(), want)
	}
}

func TestTable(t *testing.T) {
	r := &roff{headed: true}
	block(r, "| key | of | value |\n|---|---|---|\n| `a` | x | 1 |\n| | y | 2 |")
	want := "key (of): value\n.TP\n\\fBa\\fR (x)\n1\n.TP\n\\fBa\\fR (y)\n2\n"
	if r.String() != want {
		t.Errorf("got %q, want %q", r.String(), want)
	}
}
