// Package alert owns the way of one change of verdict to the people who have to
// know: the Message that it becomes, and the sinks that carry it away.
//
// The caller makes a Message and offers it to one Outlet for each sink. An
// outlet keeps a bounded queue in memory, sends in the order of the offers, and
// sends the same message again until the sink has taken it. What "taken" means
// differs by transport:
//
//	file            on disk
//	smtp            by the next mail server, which answers for it
//	unix, journald  in the receive queue of the local program
//	TCP             in this machine's send buffer, on a connection whose peer
//	                had not closed it the moment before
//	UDP             on the wire, or not
//	webhook, OTLP   answered with 2xx
//	elastic         written, document by document
//	HEC             indexed, where the token acknowledges; else answered with 2xx
//
// The last three have no acknowledgement.
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
