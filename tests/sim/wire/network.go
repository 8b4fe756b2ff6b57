package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"syscall"
)

// Network is an in-memory network: listeners by address ("10.0.0.5:17070", "jimm.example.com:443") and a DialContext
// that reaches them. Make one with NewNetwork.
type Network struct {
	mu         sync.Mutex
	next       int
	listeners  map[string]*pipeListener
	unanswered map[string]bool
}

// NewNetwork returns a network without listeners.
func NewNetwork() *Network {
	return &Network{listeners: map[string]*pipeListener{}, unanswered: map[string]bool{}}
}

// Addr is an address of the in-memory network, host:port.
type Addr string

// Network returns "tcp": the users of the connections expect it.
func (Addr) Network() string { return "tcp" }

// String returns host:port.
func (a Addr) String() string { return string(a) }

// Listen listens on host:port; port 0 takes a free one.
func (n *Network) Listen(address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %q: %w", address, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if port == "0" {
		n.next++
		address = net.JoinHostPort(host, strconv.Itoa(40000+n.next))
	}
	if n.listeners[address] != nil {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Addr: Addr(address), Err: syscall.EADDRINUSE}
	}
	l := &pipeListener{
		network: n, addr: Addr(address),
		accept: make(chan net.Conn, 128), done: make(chan struct{}),
	}
	n.listeners[address] = l
	return l, nil
}

// Blackhole makes dials to an address hang until their context ends (on), as behind a firewall that drops packets.
func (n *Network) Blackhole(address string, on bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.unanswered[address] = on
}

// DialContext connects to a listener. Without a listener the error is "connection refused", as on a real machine.
func (n *Network) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	n.mu.Lock()
	l, hang := n.listeners[address], n.unanswered[address]
	n.next++
	client := Addr("192.0.2.1:" + strconv.Itoa(40000+n.next))
	n.mu.Unlock()
	fail := func(err error) error { return &net.OpError{Op: "dial", Net: network, Addr: Addr(address), Err: err} }
	if hang {
		<-ctx.Done()
		return nil, fail(ctx.Err())
	}
	refused := fmt.Errorf("connect: %w", syscall.ECONNREFUSED)
	if l == nil {
		return nil, fail(refused)
	}
	clientEnd, serverEnd := Pipe(client, l.addr)
	select {
	case l.accept <- serverEnd:
		return clientEnd, nil
	case <-l.done:
		return nil, fail(refused)
	case <-ctx.Done():
		return nil, fail(ctx.Err())
	}
}

type pipeListener struct {
	network *Network
	addr    Addr
	accept  chan net.Conn
	done    chan struct{}
	once    sync.Once
}

// Addr returns the address that was requested.
func (l *pipeListener) Addr() net.Addr { return l.addr }

// Accept waits for a connection.
func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case <-l.done:
	default:
		select {
		case c := <-l.accept:
			return c, nil
		case <-l.done:
		}
	}
	return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.addr, Err: net.ErrClosed}
}

// Close frees the address and resets connections that wait to be accepted.
func (l *pipeListener) Close() error {
	err := errors.New("cannot close: listener is closed")
	l.once.Do(func() {
		l.network.mu.Lock()
		delete(l.network.listeners, l.addr.String())
		l.network.mu.Unlock()
		close(l.done)
		err = nil
	})
	for {
		select {
		case c := <-l.accept:
			_ = c.Close()
		default:
			return err
		}
	}
}
