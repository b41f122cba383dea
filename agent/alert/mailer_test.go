package alert

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"
)

func TestRefusedRecipientDoesNotStopTheOthers(t *testing.T) {
	p := openPostOffice(t, "127.0.0.1:0", nil, asIs)
	p.set(func() {
		p.rcpt = func(to string) error {
			if to == "gone@example.org" {
				return reply(550, smtp.EnhancedCode{5, 1, 1}, "no such user")
			}
			return nil
		}
	})
	sink := mailerTo(t, Config{Address: "smtp://" + p.address, To: []string{"gone@example.org", "soc@example.org"}})
	n, err := sink.Send(t.Context(), messages(1, 2, numbered))
	if n != 2 || err == nil || !strings.Contains(err.Error(), "gone@example.org is refused") || errors.Is(err, ErrRejected) {
		t.Errorf("%d done: %v", n, err)
	}
	if mails := p.taken(); len(mails) != 1 || cmp.Diff([]string{"soc@example.org"}, mails[0].to) != "" {
		t.Errorf("%v", mails)
	}
	o := outletOf(sink, OutletOptions{})
	offerOne(o, numbered(3))
	stop := running(t, o)
	eventually(t, func() bool { return o.Stats().Queued == 0 })
	must(t, stop())
	if s := o.Stats(); s.Healthy || !strings.Contains(s.LastError, "gone@example.org") || s.Sent != 1 {
		t.Errorf("%+v", s)
	}
}

func TestMessageThatComesTwiceIsDoneTwice(t *testing.T) {
	p := openPostOffice(t, "127.0.0.1:0", nil, asIs)
	sink := mailerTo(t, Config{Address: "smtp://" + p.address})
	n, err := sink.Send(t.Context(), []*Message{numbered(1), numbered(1)})
	must(t, err)
	if n != 2 {
		t.Errorf("%d done", n)
	}
}

func TestMailWithoutAnyRecipientLeftIsNotDone(t *testing.T) {
	p := openPostOffice(t, "127.0.0.1:0", nil, asIs)
	p.set(func() { p.rcpt = func(string) error { return reply(554, smtp.EnhancedCode{5, 7, 1}, "relay denied") } })
	sink := mailerTo(t, Config{Address: "smtp://" + p.address, To: []string{"a@example.org", "b@example.org"}})
	n, err := sink.Send(t.Context(), messages(1, 2, numbered))
	if n != 0 || err == nil || errors.Is(err, ErrRejected) || !strings.Contains(err.Error(), "relay denied") {
		t.Errorf("%d done: %v", n, err)
	}
}

func TestGreylistedRecipientGetsItLaterAndNobodyTwice(t *testing.T) {
	p := openPostOffice(t, "127.0.0.1:0", nil, asIs)
	grey := func(to string) error {
		if to == "grey@example.org" {
			return reply(451, smtp.EnhancedCode{4, 7, 1}, "come back later")
		}
		return nil
	}
	p.set(func() { p.rcpt = grey })
	sink := mailerTo(t, Config{Address: "smtp://" + p.address, To: []string{"grey@example.org", "soc@example.org"}})
	all := messages(1, 4, numbered)
	for _, upTo := range []int{2, 2, 4} { // the queue grows meanwhile
		if n, err := sink.Send(t.Context(), all[:upTo]); n != 0 || err == nil || errors.Is(err, ErrRejected) {
			t.Errorf("%d done: %v", n, err)
		}
	}
	p.set(func() { p.rcpt = nil })
	n, err := sink.Send(t.Context(), all)
	must(t, err)
	got := map[string]int{}
	for _, m := range p.taken() {
		_, body := parsed(t, m.text)
		for _, to := range m.to {
			got[to] += strings.Count(body, "V-250989 opened")
		}
	}
	if d := cmp.Diff(map[string]int{"grey@example.org": 4, "soc@example.org": 4}, got); d != "" || n != 4 {
		t.Errorf("%d done: %s", n, d)
	}
	// One that is refused for too long holds nobody up any more.
	p.set(func() { p.rcpt = grey })
	last := messages(5, 6, numbered)
	if n, _ := sink.Send(t.Context(), last); n != 0 {
		t.Errorf("%d done", n)
	}
	sink.(*mailer).to[0].slow = time.Now().Add(-slowLimit)
	if n, err := sink.Send(t.Context(), last); n != 2 || err == nil || !strings.Contains(err.Error(), "grey@example.org") {
		t.Errorf("%d done: %v", n, err)
	}
}

func TestTooLargeAMailIsSplit(t *testing.T) {
	big := func(p *postOffice, seqs ...uint64) {
		p.data = func(text []byte) error {
			for _, seq := range seqs {
				if bytes.Contains(text, []byte(numbered(seq).ID)) {
					return reply(552, smtp.EnhancedCode{5, 3, 4}, "too large")
				}
			}
			return nil
		}
	}
	p := openPostOffice(t, "127.0.0.1:0", nil, func(s *smtp.Server) { s.MaxMessageBytes = 7000 })
	sink := mailerTo(t, Config{Address: "smtp://" + p.address})
	n, err := sink.Send(t.Context(), messages(1, 40, numbered))
	must(t, err)
	if mails := p.taken(); n != 40 || len(mails) < 4 {
		t.Errorf("%d done in %d mails", n, len(mails))
	}
	p.set(func() { big(p, 43) })
	n, err = sink.Send(t.Context(), messages(41, 45, numbered))
	if n != 2 || !errors.Is(err, ErrRejected) {
		t.Errorf("%d done: %v", n, err)
	}
	n, err = sink.Send(t.Context(), messages(44, 45, numbered)) // as the outlet goes on
	must(t, err)
	if n != 2 {
		t.Errorf("%d done", n)
	}
}

func TestAnswersToTheText(t *testing.T) {
	for name, tt := range map[string]struct {
		err      error
		rejected bool
	}{
		"later":           {reply(451, smtp.EnhancedCode{4, 3, 0}, "try again"), false},
		"reputation":      {reply(554, smtp.EnhancedCode{5, 7, 1}, "you are on a list"), false},
		"mailbox is full": {reply(552, smtp.EnhancedCode{5, 2, 2}, "quota"), false},
		"content":         {reply(554, smtp.EnhancedCode{5, 6, 0}, "not wanted"), true},
		"size":            {reply(552, smtp.EnhancedCode{5, 3, 4}, "too large"), true},
	} {
		p := openPostOffice(t, "127.0.0.1:0", nil, asIs)
		p.set(func() { p.data = func([]byte) error { return tt.err } })
		n, err := mailerTo(t, Config{Address: "smtp://" + p.address}).Send(t.Context(), messages(1, 1, numbered))
		if n != 0 || err == nil || errors.Is(err, ErrRejected) != tt.rejected {
			t.Errorf("%s: %d done: %v", name, n, err)
		}
	}
}
