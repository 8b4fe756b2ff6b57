package rpc

import (
	"context"
	"net"
	"sync"
)

// line is the network connection below a handshake and its websocket, which do
// not expose it. With it, both can be ended at once, whatever they are waiting
// for.
type line struct {
	dial func(ctx context.Context, network, addr string) (net.Conn, error)

	mu     sync.Mutex
	conns  []net.Conn // one, unless the handshake was tried again
	closed bool
}

// connect is the DialContext of the handshake's transport.
func (l *line) connect(ctx context.Context, network, addr string) (net.Conn, error) {
	dial := l.dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	conn, err := dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed { // the handshake was given up meanwhile
		_ = conn.Close()
		return nil, net.ErrClosed
	}
	l.conns = append(l.conns, conn)
	return conn, nil
}

// Close closes the connection, and one that is still being made.
func (l *line) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, conn := range l.conns {
		_ = conn.Close()
	}
	return nil
}
