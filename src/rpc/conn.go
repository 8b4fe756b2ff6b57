package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

const (
	// closeGrace is how long Close waits for the other side to close the
	// connection.
	closeGrace = time.Second
	// writeTimeout is how long the other side may take no byte of a message
	// before the connection counts as lost.
	writeTimeout = 30 * time.Second
)

// Caller makes calls; a [*Conn] is one. It is what facade clients need.
type Caller interface {
	// Call is [Conn.Call].
	Call(ctx context.Context, req Request, params, reply any) error
}

// Request names what to call.
type Request struct {
	// Facade, its Version and its Method, such as ModelManager, 9, ModelInfo.
	Facade  string
	Version int
	Method  string
	// ID is the id of a watcher; empty for nearly all calls.
	ID string
	// Timeout is how long to wait for the answer. 0: the CallTimeout of the
	// connection's [DialOptions].
	Timeout time.Duration
}

// String returns facade and method, such as "ModelManager.ModelInfo".
func (r Request) String() string { return r.Facade + "." + r.Method }

// Conn is a connection. Its methods may be called by several goroutines at
// once. Three goroutines serve it until it is lost or closed: one reads, one
// writes, one pings. So the context of a call never touches the websocket,
// and no call can cut another's message in two.
type Conn struct {
	ws    *websocket.Conn
	line  io.Closer // what the websocket runs on
	url   string
	opts  DialOptions
	loops sync.WaitGroup
	close sync.Once

	outgoing chan []byte   // to the writer; unbuffered: taken means being sent
	received atomic.Int64  // bytes read so far
	done     chan struct{} // closed once err is set

	mu      sync.Mutex
	lastID  uint64
	pending map[uint64]chan []byte // of buffer 1, sent to once
	err     *ConnectionError
}

var _ Caller = (*Conn)(nil)

// newConn serves a websocket that was just dialled over the line.
func newConn(ws *websocket.Conn, line io.Closer, url string, opts DialOptions) *Conn {
	ws.SetReadLimit(opts.MaxMessage)
	c := &Conn{
		ws:       ws,
		line:     line,
		url:      url,
		opts:     opts,
		outgoing: make(chan []byte),
		done:     make(chan struct{}),
		pending:  make(map[uint64]chan []byte),
	}
	c.loops.Go(c.read)
	c.loops.Go(c.write)
	if opts.PingInterval > 0 {
		c.loops.Go(c.ping)
	}
	return c
}

// Call sends a request and waits for its answer, which it decodes into reply;
// with a nil reply the answer is discarded, with nil params the request has no
// params member. After an error reply may be filled in part.
//
// Errors: an [*Error] is the server's answer, returned as it is; a
// [*TimeoutError] means no answer within the time limit, an error that wraps
// the context's that the caller gave up, a [*ConnectionError] that the
// connection is lost. Only an error that matches [ErrNotSent] proves that the
// server did not get the request.
func (c *Conn) Call(ctx context.Context, req Request, params, reply any) error {
	limit := req.Timeout
	if limit <= 0 {
		limit = c.opts.CallTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, &TimeoutError{Method: req.String(), After: limit})
	defer cancel()

	waits := await(ctx, c.opts.Name, req)
	data, err := c.exchange(ctx, req, params)
	waits.end(err == nil)
	if err != nil {
		return failed(req, err)
	}
	return decoded(req, data, reply)
}

// exchange sends a request and returns its answer.
func (c *Conn) exchange(ctx context.Context, req Request, params any) ([]byte, error) {
	id, answered := c.expect()
	defer c.forget(id)
	message, err := json.Marshal(request{
		RequestID: id, Type: req.Facade, Version: req.Version,
		ID: req.ID, Request: req.Method, Params: params,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrNotSent)
	}
	if err := c.send(ctx, message); err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrNotSent)
	}
	return c.await(ctx, answered)
}

// send gives a message to the writer. After an error it was not sent.
func (c *Conn) send(ctx context.Context, message []byte) error {
	// The select alone would choose at random between a ready writer and an
	// ended context.
	if ctx.Err() != nil {
		return ended(ctx)
	}
	select {
	case c.outgoing <- message:
		return nil
	case <-ctx.Done():
		return ended(ctx)
	case <-c.done:
		return c.Err()
	}
}

// await returns the answer, which wins against an end in the same moment.
func (c *Conn) await(ctx context.Context, answered <-chan []byte) ([]byte, error) {
	var err error
	select {
	case data := <-answered:
		return data, nil
	case <-ctx.Done():
		err = ended(ctx)
	case <-c.done:
		err = c.Err()
	}
	select {
	case data := <-answered:
		return data, nil
	default:
		return nil, err
	}
}

// failed names the call that failed; a [*TimeoutError] does so itself.
func failed(req Request, err error) error {
	if _, ok := errors.AsType[*TimeoutError](err); ok {
		return err
	}
	return fmt.Errorf("cannot call %s: %w", req, err)
}

// ended returns a context's error, with its cause where there is one.
func ended(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// decoded decodes an answer and says which call it was for if that fails.
func decoded(req Request, data []byte, reply any) error {
	err := decodeAnswer(data, reply)
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	return fmt.Errorf("cannot decode the answer of %s: %w", req, err)
}

// expect reserves the next request id and the channel for its answer.
func (c *Conn) expect() (uint64, <-chan []byte) {
	answered := make(chan []byte, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastID++
	c.pending[c.lastID] = answered
	return c.lastID, answered
}

// forget gives up an id; a late answer to it is ignored.
func (c *Conn) forget(id uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.pending, id)
}

// deliver gives a message to the call that it answers, if there is one.
func (c *Conn) deliver(message []byte) error {
	id, err := answeredID(message)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if answered, ok := c.pending[id]; ok {
		delete(c.pending, id)
		answered <- message // never blocks: buffer 1, and the entry is gone
	}
	return nil
}

// Done is closed when the connection is lost or closed.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err returns nil while the connection is usable, and why it is not after
// that: a [*ConnectionError], always the same.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		return nil // not a nil pointer in an interface
	}
	return c.err
}

// Close says goodbye to the other side, waits at most a second for its
// answer, and returns when the connection's goroutines have ended. Pending and
// later calls fail with a [*ConnectionError] of net.ErrClosed. Closing twice,
// or after the connection was lost, does nothing.
func (c *Conn) Close() error {
	c.close.Do(func() {
		c.lose(net.ErrClosed)
		impatient := time.AfterFunc(closeGrace, c.cut)
		defer impatient.Stop()
		// An error while closing does not matter to the caller: nothing more
		// can be lost by it.
		_ = c.ws.Close(websocket.StatusNormalClosure, "")
		c.cut()
	})
	c.loops.Wait()
	return nil
}

// lose marks the connection as lost; the first reason stays.
func (c *Conn) lose(reason error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = &ConnectionError{URL: c.url, Err: reason}
		close(c.done)
	}
}

// cut ends whatever reads or writes, at once. To close the websocket is not
// enough: it waits for its turn, up to five seconds for each direction.
func (c *Conn) cut() { _ = c.line.Close() }

// read is the only reader. It has no context, because one that ends in a Read
// closes the websocket.
func (c *Conn) read() {
	defer func() {
		c.cut()
		_ = c.ws.CloseNow()
	}()
	for {
		message, err := c.readMessage()
		if err == nil {
			err = c.deliver(message)
		}
		if err != nil {
			c.lose(c.explain(err))
			return
		}
	}
}

// readMessage reads one message, which may come in many frames.
func (c *Conn) readMessage() ([]byte, error) {
	_, r, err := c.ws.Reader(context.Background())
	if err != nil {
		return nil, err
	}
	return io.ReadAll(&counter{r: r, n: &c.received})
}

// explain returns what a failed read means.
func (c *Conn) explain(err error) error {
	closed, ok := errors.AsType[websocket.CloseError](err)
	switch {
	case errors.Is(err, websocket.ErrMessageTooBig):
		return fmt.Errorf("the server sent a message of more than %d bytes, the limit: %w", c.opts.MaxMessage, err)
	case ok:
		return fmt.Errorf("the server closed the connection: %w", closed)
	case errors.Is(err, io.EOF):
		return fmt.Errorf("the connection was cut: %w", io.EOF)
	}
	return err
}

// counter counts what is read.
type counter struct {
	r io.Reader
	n *atomic.Int64
}

// Read reads and counts.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// write is the only writer. Messages are written whole: a call that gives up
// in the meantime does not stop its message.
func (c *Conn) write() {
	for {
		select {
		case message := <-c.outgoing:
			if err := c.writeMessage(message); err != nil {
				c.lose(fmt.Errorf("cannot send: %w", err))
				c.cut()
				return
			}
		case <-c.done:
			return
		}
	}
}

// writeMessage writes one message.
func (c *Conn) writeMessage(message []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	return c.ws.Write(ctx, websocket.MessageText, message)
}
