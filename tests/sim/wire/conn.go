package wire

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Conn is one connection of a client.
type Conn struct {
	name, path string
	config     Config

	writing  chan struct{} // one slot: its holder may write
	done     chan struct{} // closed when the connection is over
	finished sync.Once
	drop     chan struct{} // closed by Drop
	dropped  sync.Once

	mu      sync.Mutex
	ws      *websocket.Conn      // nil before the upgrade
	status  websocket.StatusCode // set by our own Close
	closing bool
	held    [][]byte // answers that wait for another one, see Reorder
}

// Path returns the path of the URL that the client asked for.
func (c *Conn) Path() string { return c.path }

// Drop breaks the connection without a close frame, as a killed server does. It may be called at any time.
func (c *Conn) Drop() { c.dropped.Do(func() { close(c.drop) }) }

// Close sends a close frame and waits at most five seconds for the client's. The status
// websocket.StatusNoStatusRcvd sends a frame without a status. Before the upgrade it is Drop.
func (c *Conn) Close(status websocket.StatusCode, reason string) {
	c.mu.Lock()
	ws := c.ws
	if ws != nil && !c.closing {
		c.status, c.closing = status, true
	}
	c.mu.Unlock()
	if ws == nil {
		c.Drop()
		return
	}
	_ = ws.Close(status, reason) // the client may be gone
}

func (c *Conn) finish() { c.finished.Do(func() { close(c.done) }) }

func (c *Conn) socket() *websocket.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ws
}

// Expire closes the connection with a status after d unless renew is called in time; each call starts d again. Servers
// treat clients that do not ping in this way (JIMM: 90 s in 2024, 180 s in 2026; Juju 4: 180 s for anonymous logins).
func (c *Conn) Expire(d time.Duration, status websocket.StatusCode, reason string) (renew func()) {
	again := make(chan struct{}, 1)
	go func() {
		timer := time.NewTimer(d)
		defer timer.Stop()
		for {
			select {
			case <-c.done:
				return
			case <-c.drop:
				return
			case <-again:
				timer.Reset(d)
			case <-timer.C:
				c.Close(status, reason)
				return
			}
		}
	}()
	return func() {
		select {
		case again <- struct{}{}:
		default:
		}
	}
}

// Send writes one message unchanged, with a newline at its end and split into frames like every other.
func (c *Conn) Send(ctx context.Context, message []byte) error {
	select {
	case c.writing <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-c.done:
		return errors.New("cannot send: connection is closed")
	}
	defer func() { <-c.writing }()
	ws := c.socket()
	if ws == nil {
		return errors.New("cannot send: the connection is not open yet")
	}
	return c.write(ctx, ws, message)
}

func (c *Conn) write(ctx context.Context, ws *websocket.Conn, message []byte) error {
	message = bytes.TrimSuffix(message, []byte("\n"))
	c.log(Event{Kind: Sent, Data: message})
	message = append(bytes.Clone(message), '\n')
	size := c.config.FrameSize
	if size == 0 {
		size = defaultFrameSize
	}
	if size < 0 || len(message) <= size {
		return ws.Write(ctx, websocket.MessageText, message)
	}
	w, err := ws.Writer(ctx, websocket.MessageText)
	if err != nil {
		return err
	}
	for len(message) > 0 {
		n := min(size, len(message))
		if _, err := w.Write(message[:n]); err != nil { // one frame each
			return err
		}
		message = message[n:]
	}
	return w.Close()
}

func (c *Conn) log(e Event) {
	if c.config.Log == nil {
		return
	}
	e.Time, e.Server, e.Conn, e.Path = time.Now(), c.config.Name, c.name, c.path
	c.config.Log(e)
}

// serve reads messages until the connection ends, and returns when all calls have returned.
func (c *Conn) serve(ws *websocket.Conn, session Session) {
	ctx, cancel := context.WithCancel(context.Background())
	c.mu.Lock()
	c.ws = ws
	c.mu.Unlock()
	c.log(Event{Kind: Opened})
	var calls sync.WaitGroup
	calls.Go(func() {
		select {
		case <-c.drop:
			_ = ws.CloseNow() // it fails if the connection is over already
		case <-ctx.Done():
		}
	})
	err := c.read(ctx, ws, session, &calls)
	c.finish()
	cancel()
	calls.Wait()
	_ = ws.CloseNow()
	c.log(Event{Kind: Closed, Status: c.closeStatus(err)})
}

func (c *Conn) closeStatus(err error) websocket.StatusCode {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return c.status
	}
	return websocket.CloseStatus(err)
}

func (c *Conn) read(ctx context.Context, ws *websocket.Conn, session Session, calls *sync.WaitGroup) error {
	for {
		_, raw, err := ws.Read(ctx) // text or binary: Juju takes both (4.0-beta8, measured)
		if err != nil {
			return err
		}
		req, err := decodeRequest(raw)
		var fault *Fault
		if err == nil && c.config.Faults != nil {
			fault = c.config.Faults.take(req, c.path)
		}
		received := Event{Kind: Received, Data: raw}
		if fault != nil {
			received.Fault = fault.Action
		}
		c.log(received)
		switch {
		case fault == nil && session.Raw != nil && session.Raw(ctx, raw):
		case errors.Is(err, errNotARequest): // treated as a response; ignored (Juju 4.0-beta8, measured)
		case err != nil:
			c.Close(c.badMessageStatus(), "")
			return err
		default:
			calls.Go(func() { c.answer(ctx, session, req, fault) })
		}
	}
}

func (c *Conn) badMessageStatus() websocket.StatusCode {
	if c.config.BadMessage == 0 {
		return websocket.StatusNormalClosure
	}
	return c.config.BadMessage
}
