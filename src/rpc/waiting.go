package rpc

import (
	"context"
	"slices"
	"sync"
	"time"
)

// breath is the longest time between two calls that does not end a series of calls
// without an answer.
const breath = 500 * time.Millisecond

// Waiting is what has no answer yet: the calls and the attempts to connect that were
// made with a context of [WithWaiting], on all connections. Its zero value is ready.
type Waiting struct {
	mu    sync.Mutex
	calls []*Unanswered // oldest first
	since time.Time     // Since when nothing was answered.
	ended time.Time     // When the last call ended that was not answered.
}

// Unanswered is a call without an answer, or an attempt to connect.
type Unanswered struct {
	// Server is [DialOptions.Name].
	Server string
	// Request is what is asked; an attempt to connect has no method.
	Request Request
	// Since is when it began.
	Since time.Time

	of *Waiting
}

type waitingKey struct{}

// WithWaiting returns a context whose calls are in w until they are answered.
func WithWaiting(ctx context.Context, w *Waiting) context.Context {
	return context.WithValue(ctx, waitingKey{}, w)
}

// Calls returns what has no answer yet, oldest first, and since when that is so: since the
// oldest began, or since the last answer, if others before have ended without one.
func (w *Waiting) Calls() ([]Unanswered, time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]Unanswered, len(w.calls))
	since := w.since
	for i, c := range w.calls {
		out[i] = *c
		if c.Since.Before(since) {
			since = c.Since
		}
	}
	return out, since
}

// await adds a call to those that the context knows; nil if it knows none.
func await(ctx context.Context, server string, req Request) *Unanswered {
	w, ok := ctx.Value(waitingKey{}).(*Waiting)
	if !ok {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	u := &Unanswered{Server: server, Request: req, Since: time.Now(), of: w}
	if len(w.calls) == 0 && u.Since.Sub(w.ended) > breath {
		w.since = u.Since
	}
	w.calls = append(w.calls, u)
	return u
}

// end removes the call, which was answered or was given up.
func (u *Unanswered) end(answered bool) {
	if u == nil {
		return
	}
	w := u.of
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = slices.DeleteFunc(w.calls, func(c *Unanswered) bool { return c == u })
	if answered {
		w.since, w.ended = time.Now(), time.Time{}
	} else {
		w.ended = time.Now()
	}
}
