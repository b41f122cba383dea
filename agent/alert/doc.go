// Package alert owns the way of one change of verdict to the people who have to
// know: the Message that it becomes, and the sinks that carry it away.
//
// The caller makes a Message, offers it to one Outlet for each sink, and puts it
// into a Spool. An outlet sends from there, in order, and sends the same message
// again until the sink is done with it. What "done" means differs by transport:
//
//	relp      the receiving program acknowledged it
//	tcp, tls  the receiver's machine acknowledged it, on a connection that had
//	          stood for half a second and stood at that moment
//	unix      in the receive queue of the local program, as journald
//	udp       on the wire, or not
//	file      on disk
//	smtp      the next mail server took it, and answers for it
//	webhook   answered with 2xx, as otlp
//	elastic   written, document by document
//	hec       indexed, where the token acknowledges; else answered with 2xx
//
// TCP acknowledges for the machine, not for the program on it. So a message stays
// in the spool for five seconds after that, and when the connection breaks in that
// time it is sent again, with what was not acknowledged. The half second is for
// receivers that refuse late: with TLS 1.3 a client's first write succeeds, and is
// acknowledged, before the server has looked at its certificate.
//
// TLS uses what FIPS 140-3 approves, in each mode and by each sink: version 1.2 or
// 1.3, AES-GCM, ECDHE over the NIST curves or their like with ML-KEM (approved.go).
// crypto/tls lets one choose all of that but the suites of TLS 1.3. In a build with
// GOFIPS140, or under GODEBUG=fips140=on, it offers no other; else a connection whose
// receiver chose ChaCha20 is refused after the handshake, before anything was sent on
// it.
//
// RELP has a client of our own, of two small files: a short search found no
// library for Go that is kept up.
//
// A message that was sent twice has the same id both times.
//
// An outlet may have a rate, which delays and never drops, and may damp: a rule
// that flaps is then told in summaries (damper). Without them it is told of each
// change.
//
// Numbers and order are the caller's: an outlet neither gives out sequence
// numbers nor makes messages of its own, summaries aside. What it had to drop it counts, and
// tells through Options.OnDropped, so that the caller can alert on it, under its
// own number, to every sink.
//
// Messages are clean by construction: valid UTF-8 without control characters,
// each text bounded. They hold no secrets, because facts hold none.
package alert
