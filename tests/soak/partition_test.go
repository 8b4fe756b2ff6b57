package soak_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"jimm-migrator/tests/sim/wire"
)

// link is our connection to the network. It can be cut: nothing gets through in either direction, without an error,
// until it is mended.
type link struct {
	network *wire.Network

	mu   sync.Mutex
	cuts map[string]chan struct{} // by address, closed when mended
}

func (c *link) cut(address string) (mend func()) {
	mended := make(chan struct{})
	c.mu.Lock()
	c.cuts[address] = mended
	c.mu.Unlock()
	return func() {
		c.mu.Lock()
		delete(c.cuts, address)
		c.mu.Unlock()
		close(mended)
	}
}

// mended is closed when the address can be reached; nil: it can be reached.
func (c *link) mended(address string) chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cuts[address]
}

var errKilled = errors.New("killed")

// dial is the network of one process.
func (c *link) dial(ctx context.Context, l *life, network, address string) (net.Conn, error) {
	if l.dead() {
		return nil, errKilled
	}
	if cut := c.mended(address); cut != nil {
		select {
		case <-cut:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	conn, err := c.network.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	w := &wiretap{Conn: conn, link: c, life: l, address: address, closed: make(chan struct{})}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns = append(l.conns, w)
	return w, nil
}

// wiretap counts what a process sends and receives, and kills it.
type wiretap struct {
	net.Conn
	link    *link
	life    *life
	address string

	once   sync.Once
	closed chan struct{}
	mu     sync.Mutex
	held   []byte // sent while the link was cut
}

// Write sends, or kills the process. What is sent into a cut link arrives when it is mended.
func (w *wiretap) Write(b []byte) (int, error) {
	switch w.life.sends() {
	case dead:
		return 0, errKilled
	case diesBefore:
		w.life.kill()
		return 0, errKilled
	case diesAfter:
		_, _ = w.send(b)
		w.life.kill()
		return 0, errKilled
	default:
		return w.send(b)
	}
}

func (w *wiretap) send(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	cut := w.link.mended(w.address)
	switch {
	case cut == nil && len(w.held) == 0:
		return w.Conn.Write(b)
	case len(w.held) == 0:
		go w.release(cut)
	}
	w.held = append(w.held, b...)
	return len(b), nil
}

func (w *wiretap) release(cut chan struct{}) {
	if cut != nil {
		select {
		case <-cut:
		case <-w.closed:
			return
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	_, _ = w.Conn.Write(w.held) // it does not matter which connection has gone
	w.held = nil
}

// Read waits, or kills the process.
func (w *wiretap) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	if cut := w.link.mended(w.address); cut != nil {
		select {
		case <-cut:
		case <-w.closed:
			return 0, net.ErrClosed
		}
	}
	if n > 0 {
		switch w.life.gets() {
		case dead:
			return 0, errKilled
		case diesAfter:
			w.life.kill()
			return 0, errKilled
		default:
		}
	}
	return n, err
}

// Close closes, unless the process has been killed with its node: then nothing sends a close frame.
func (w *wiretap) Close() error {
	w.once.Do(func() { close(w.closed) })
	if w.life.lostSilently() {
		return w.SetDeadline(time.Unix(1, 0)) // the reader is gone, the connection is not
	}
	return w.Conn.Close()
}
