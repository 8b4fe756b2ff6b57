package toolrpc

import (
	"net"
	"sync"
)

// Server answers hook tools on a listener until it is closed.
type Server struct {
	listener net.Listener
	handler  Handler
	wg       sync.WaitGroup

	mu     sync.Mutex
	conns  map[net.Conn]bool
	closed bool
}

// Serve starts to answer on l. Close ends it, and the listener with it.
func Serve(l net.Listener, h Handler) *Server {
	s := &Server{listener: l, handler: h, conns: make(map[net.Conn]bool)}
	s.wg.Go(s.accept)
	return s
}

// Close stops the server: it closes the listener (a unix socket is removed)
// and every connection, and waits for the calls that are being answered.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	for conn := range s.conns {
		conn.Close()
	}
	s.mu.Unlock()
	err := s.listener.Close()
	s.wg.Wait()
	return err
}

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		if !s.add(conn) {
			conn.Close()
			return
		}
		s.wg.Go(func() {
			defer s.remove(conn)
			// An error here is the tool's end of the connection going away.
			_ = serveConn(conn, s.handler)
		})
	}
}

func (s *Server) add(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.conns[conn] = true
	return true
}

func (s *Server) remove(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, conn)
	conn.Close()
}
