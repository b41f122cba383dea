package alert

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// slowLimit is how long a recipient may be refused for the moment, as by
// greylisting, before the others' mails no longer wait for it.
const slowLimit = 30 * time.Minute

// mailer sends one mail for each batch. A message is done when the next mail
// server has taken it for every recipient that it does not refuse for good.
//
// Recipients are refused one by one. One that is refused for the moment has its
// mail later, and the others do not get theirs again, as long as the process
// lives.
type mailer struct {
	session
	from *recipient
	to   []*recipient
}

// recipient is one person's mailbox, and how far that person is.
type recipient struct {
	address string    // for the server
	header  string    // with the name, for people
	had     string    // id of the last message that it got
	slow    time.Time // refused for the moment since; zero: it is not
}

func newSMTP(o Options) (Sink, error) {
	u, why := mailServer(o.Address)
	if why != "" {
		return nil, fmt.Errorf("cannot use address %q: %s", redact(o.Address), why)
	}
	from, err := recipientOf(o.From)
	if err != nil {
		return nil, err
	}
	s := &mailer{session: newSession(u, o), from: from}
	for _, text := range o.To {
		to, err := recipientOf(text)
		if err != nil {
			return nil, err
		}
		s.to = append(s.to, to)
	}
	return s, nil
}

// Close has nothing to do: there is a connection for each mail.
func (*mailer) Close() error { return nil }

// Send brings each recipient what it has not had yet. An error with all done
// tells of recipients that did not get it.
func (s *mailer) Send(ctx context.Context, batch []*Message) (int, error) {
	var errs []error
	for rest := slices.Clone(s.to); len(rest) > 0 && ctx.Err() == nil; {
		had := rest[0].count(batch)
		var group []*recipient
		rest = slices.DeleteFunc(rest, func(r *recipient) bool {
			same := r.count(batch) == had
			if same {
				group = append(group, r)
			}
			return same
		})
		errs = append(errs, s.bring(ctx, batch[had:], group))
	}
	done := len(batch)
	for _, r := range s.to {
		done = min(done, r.count(batch))
	}
	return done, s.verdict(batch[done:], errors.Join(append(errs, ctx.Err())...))
}

// count is how many of the first messages of a batch the recipient had. After a
// crash a batch may hold one message twice.
func (r *recipient) count(batch []*Message) int {
	n := len(batch)
	for n > 0 && (r.had == "" || batch[n-1].ID != r.had) {
		n--
	}
	return n
}

// verdict lets an error say that the first of what is left can never be sent, if
// it does.
func (s *mailer) verdict(left []*Message, err error) error {
	var bad *badMail
	if errors.As(err, &bad) && len(left) > 0 && left[0] == bad.message {
		return fmt.Errorf("%w: %w", ErrRejected, err)
	}
	return err
}

// badMail is the server's refusal of what one message says.
type badMail struct {
	message *Message
	err     error
}

func (e *badMail) Error() string {
	return fmt.Sprintf("cannot mail message %d: %v", e.message.Seq, e.err)
}

// bring mails the messages to recipients that had none of them, in parts where
// they are too much for one mail.
func (s *mailer) bring(ctx context.Context, messages []*Message, to []*recipient) error {
	var errs []error
	for n := len(messages); len(messages) > 0 && len(to) > 0; n = min(n, len(messages)) {
		refused, err := s.mail(ctx, messages[:n], to)
		if errors.Is(err, errNobody) && len(to) < len(s.to) {
			err = nil // the others got it: they do not wait for these for ever
		}
		switch {
		case isContent(err) && n > 1:
			n = (n + 1) / 2
			continue
		case isContent(err):
			return errors.Join(append(errs, &badMail{messages[0], err})...)
		case err != nil:
			return errors.Join(append(errs, err)...)
		}
		to = slices.DeleteFunc(to, func(r *recipient) bool {
			err := refused[r]
			errs = append(errs, err)
			return !r.got(messages[n-1], err)
		})
		messages = messages[n:]
	}
	return errors.Join(errs...)
}

// got takes down that the recipient got all up to m, or was refused. It reports
// false when that is only for the moment.
func (r *recipient) got(m *Message, refused error) bool {
	switch {
	case refused == nil:
		r.slow = time.Time{}
	case isTemporary(refused) && r.slow.IsZero():
		r.slow = time.Now()
		return false
	case isTemporary(refused) && time.Since(r.slow) < slowLimit:
		return false
	}
	r.had = m.ID
	return true
}

// mail sends one mail. It gives the recipients that were refused, and an error
// when nobody got it.
func (s *mailer) mail(ctx context.Context, messages []*Message, to []*recipient) (map[*recipient]error, error) {
	var names []string
	for i, r := range s.to {
		name := r.header
		if i < len(s.to)-1 {
			name += ","
		}
		names = append(names, name)
	}
	text := mailText(messages, []string{s.from.header}, names, time.Now())
	refused, err := s.transaction(ctx, messages[0].Host, s.from.address, to, text)
	if err != nil {
		err = fmt.Errorf("cannot mail by %q: %w", s.server, err)
	}
	return refused, err
}
