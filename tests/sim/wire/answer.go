package wire

import (
	"context"
	"time"
)

// strangeID is the request-id of an answer to no request.
const strangeID = 1 << 40

// answer handles one request and sends what the script lets through.
func (c *Conn) answer(ctx context.Context, session Session, req *Request, fault *Fault) {
	if fault == nil {
		fault = &Fault{}
	}
	if c.before(ctx, fault) {
		return
	}
	result, err := c.run(ctx, session, req, fault)
	if c.after(ctx, fault) {
		return
	}
	var trace Trace
	if c.config.Traces {
		trace = req.Trace
	}
	reply, encodeErr := encodeReply(req.RequestID, trace, result, err)
	if encodeErr != nil {
		reply, _ = encodeReply(req.RequestID, trace, nil, encodeErr)
	}
	c.reply(ctx, reply, fault.Action)
}

// before applies a fault before the work, and reports whether the request ends there.
func (c *Conn) before(ctx context.Context, fault *Fault) bool {
	switch fault.Action {
	case DropBefore:
		c.Drop()
		return true
	case Ignore:
		return true
	case DelayWork:
		return Wait(ctx, fault.Delay) != nil
	default:
		return false
	}
}

func (c *Conn) run(ctx context.Context, session Session, req *Request, fault *Fault) (any, error) {
	if fault.Action == Refuse {
		return nil, fault.err()
	}
	if session.Call == nil {
		return nil, Errorf("not implemented", "no such request - method %s is not implemented", req)
	}
	result, err := session.Call(ctx, req)
	if fault.Action == FailAfter {
		return nil, fault.err()
	}
	return result, err
}

// after applies a fault between the work and the answer, and reports whether the answer is dropped.
func (c *Conn) after(ctx context.Context, fault *Fault) bool {
	switch fault.Action {
	case DropAfter:
		c.Drop()
		return true
	case NoAnswer:
		return true
	case Delay:
		return Wait(ctx, fault.Delay) != nil
	default:
		return false
	}
}

func (c *Conn) reply(ctx context.Context, reply []byte, action Action) {
	replies := [][]byte{reply}
	switch action {
	case Reorder:
		c.mu.Lock()
		c.held = append(c.held, reply)
		c.mu.Unlock()
		return
	case Duplicate:
		replies = append(replies, reply)
	case UnknownID:
		strange, _ := encodeReply(strangeID, Trace{}, nil, nil)
		replies = [][]byte{strange, reply}
	default:
	}
	c.mu.Lock()
	replies = append(replies, c.held...)
	c.held = nil
	c.mu.Unlock()
	for _, message := range replies {
		if c.Send(ctx, message) != nil {
			return // the client is gone
		}
	}
}

// Wait returns nil after d, or the error of the context as soon as that ends.
func Wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(max(d, time.Nanosecond)) // a timer that is due crashes the race detector
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}
