package wire

import (
	"crypto/tls"
	"net"
	"sync"
)

// tlsOrPlainListener accepts connections with and without TLS, distinguished by the first byte from the client.
type tlsOrPlainListener struct {
	net.Listener
	config *tls.Config
}

// Accept waits for a connection, not for its first byte.
func (l *tlsOrPlainListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &tlsOrPlainConn{Conn: conn, raw: conn, config: l.config}, nil
}

// tlsHandshake is the type of the record that every TLS connection begins with (RFC 8446, section 5.1).
const tlsHandshake = 22

// tlsOrPlainConn decides at its first read, which comes before any write, whether the client uses TLS.
type tlsOrPlainConn struct {
	net.Conn // the connection in use, once it is known

	raw    net.Conn
	config *tls.Config
	known  sync.Once
	err    error
}

// Read checks the first byte once.
func (c *tlsOrPlainConn) Read(b []byte) (int, error) {
	c.known.Do(c.recognize)
	if c.err != nil {
		return 0, c.err
	}
	return c.Conn.Read(b)
}

func (c *tlsOrPlainConn) recognize() {
	first := make([]byte, 1)
	if _, c.err = c.raw.Read(first); c.err != nil {
		return
	}
	var conn net.Conn = &unreadConn{c.raw, first}
	if first[0] == tlsHandshake {
		conn = tls.Server(conn, c.config)
	}
	c.Conn = conn
}

// Close may come at any time.
func (c *tlsOrPlainConn) Close() error { return c.raw.Close() }

// unreadConn returns the bytes already read first.
type unreadConn struct {
	net.Conn
	first []byte
}

// Read returns the bytes already read before the rest.
func (c *unreadConn) Read(b []byte) (int, error) {
	if len(c.first) == 0 {
		return c.Conn.Read(b)
	}
	n := copy(b, c.first)
	c.first = c.first[n:]
	return n, nil
}
