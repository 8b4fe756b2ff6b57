package rpc

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrConnection matches, with errors.Is, every error that means: no answer,
// because the connection could not be made or was lost. Those errors are
// [*ConnectionError] values.
var ErrConnection = errors.New("no connection")

// ErrNotSent matches, with errors.Is, an error of [Conn.Call] that came before
// any byte of the request was sent, so that the other side cannot have acted
// on it. Its absence proves nothing.
var ErrNotSent = errors.New("the request was not sent")

// ConnectionError reports that a connection could not be made or was lost. After
// [Conn.Close] its Err is net.ErrClosed. An Err from a TLS handshake contains the
// x509 error, for errors.As.
type ConnectionError struct {
	// URL is the address that was dialled, without user info and query.
	URL string
	// Err is the reason.
	Err error
}

// Error names the address and the reason.
func (e *ConnectionError) Error() string {
	return fmt.Sprintf("no connection to %s: %v", e.URL, e.Err)
}

// Unwrap returns the reason.
func (e *ConnectionError) Unwrap() error { return e.Err }

// Is reports whether target is [ErrConnection].
func (e *ConnectionError) Is(target error) bool { return target == ErrConnection }

// HandshakeError is the reason of a [*ConnectionError] if a server answered the
// websocket handshake with something other than an upgrade: 404 for a wrong
// path, 400 for a malformed model UUID (Juju), a redirect (never followed).
type HandshakeError struct {
	// StatusCode is the HTTP status.
	StatusCode int
	// Text is the start of the answer's body, at most one line of it.
	Text string
}

// Error names the status and quotes the server.
func (e *HandshakeError) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("the server answered HTTP %d instead of a websocket upgrade", e.StatusCode)
	}
	return fmt.Sprintf("the server answered HTTP %d instead of a websocket upgrade: %q", e.StatusCode, e.Text)
}

// TimeoutError reports that a call got no answer within its own time limit. The
// request may have been acted on. It matches context.DeadlineExceeded; a call
// that its context ended is not a TimeoutError.
type TimeoutError struct {
	// Method is facade and method, such as "ModelManager.ModelInfo".
	Method string
	// After is the time limit.
	After time.Duration
}

// Error names the method and the limit.
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("cannot call %s: no answer within %v", e.Method, e.After)
}

// Is reports whether target is context.DeadlineExceeded.
func (e *TimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// Timeout is always true; it makes the error one of a net timeout's kind.
func (e *TimeoutError) Timeout() bool { return true }
