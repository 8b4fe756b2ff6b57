package conform_test

import (
	"jimm-migrator/tests/conform"
)

// exchange is a request of a client and its reply.
type exchange struct {
	request conform.Step
	want    conform.Envelope // the request, decoded
	reply   *conform.Step    // nil: never answered
	sent    string           // the reply as it was sent, with values for the placeholders
}

// session is one connection of a client.
type session struct {
	open    conform.Step
	batches [][]*exchange // requests of one batch were sent before the first of their replies came
	refused bool          // no one listened
}

// sessions sorts the client lines of a story by connection. Replies are matched by request id; the end of a connection
// is the reply to the last message.
func sessions(steps []conform.Step) []*session {
	var all []*session
	var open []*exchange // not answered yet
	for _, s := range steps {
		switch s.Kind {
		case conform.Connect:
			all = append(all, &session{open: s})
			open = nil
		case conform.Request:
			if s.Message == conform.Leave {
				continue // nothing was sent
			}
			here := all[len(all)-1]
			x := &exchange{request: s}
			x.want, _ = s.Envelope()
			if len(open) > 0 {
				last := len(here.batches) - 1
				here.batches[last] = append(here.batches[last], x)
			} else {
				here.batches = append(here.batches, []*exchange{x})
			}
			open = append(open, x)
		case conform.Reply:
			if s.Message == conform.Refused {
				all[len(all)-1].refused = true
				continue
			}
			open = answered(open, s)
		default: // the controllers' side
		}
	}
	return all
}

// answered assigns a reply to its request, and returns the requests that are still open.
func answered(open []*exchange, reply conform.Step) []*exchange {
	e, ok := reply.Envelope()
	var rest []*exchange
	for _, x := range open {
		if !ok || x.want.RequestID == e.RequestID {
			x.reply = &reply
		} else {
			rest = append(rest, x)
		}
	}
	return rest
}
