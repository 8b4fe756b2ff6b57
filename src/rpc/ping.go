package rpc

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// pingTimeout is how long an idle connection may leave a ping unanswered, the
// time that Juju's own client gives it.
const pingTimeout = 30 * time.Second

// ping calls Pinger.Ping until the connection ends. An error answer is an
// answer: a model that is being imported refuses pings, too. Silence ends the
// connection, unless bytes came in the meantime: an answer of megabytes on a
// slow line holds up the answer to the ping.
func (c *Conn) ping() {
	ticker := time.NewTicker(c.opts.PingInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-c.done:
			return
		}
		before := c.received.Load()
		ping := Request{Facade: "Pinger", Version: 1, Method: "Ping", Timeout: pingTimeout}
		err := c.Call(context.Background(), ping, nil, nil)
		if _, ok := errors.AsType[*TimeoutError](err); ok && c.received.Load() == before {
			c.lose(fmt.Errorf("the server left a ping unanswered for %v", pingTimeout))
			c.cut()
			return
		}
	}
}
