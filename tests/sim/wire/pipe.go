package wire

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// pipeBuffer is how many bytes may be under way in one direction. net.Pipe has no buffer, so two sides that write at
// the same time (TLS session tickets, websocket close frames) would wait for each other forever.
const pipeBuffer = 256 << 10

// Pipe returns the two ends of an in-memory connection with a buffer each way. All waiting is on condition variables
// and timers, so it is durable for testing/synctest. The addresses are what LocalAddr and RemoteAddr return.
func Pipe(client, server net.Addr) (clientEnd, serverEnd net.Conn) {
	up, down := newStream(), newStream()
	return &pipeEnd{in: down, out: up, local: client, remote: server},
		&pipeEnd{in: up, out: down, local: server, remote: client}
}

// stream is one direction.
type stream struct {
	mu            sync.Mutex
	changed       *sync.Cond
	buffer        []byte
	writerClosed  bool
	readerClosed  bool
	readDeadline  deadline
	writeDeadline deadline
}

func newStream() *stream {
	s := &stream{}
	s.changed = sync.NewCond(&s.mu)
	return s
}

// deadline is a point in time that wakes the stream when it is reached.
type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

// setDeadline starts a timer only for a future moment: under virtual time, goroutines that start timers already due at
// the same moment crash the race detector (golang/go#78156).
func (s *stream) setDeadline(d *deadline, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
	d.at, d.timer = at, nil
	if !at.IsZero() && !d.passed() {
		d.timer = time.AfterFunc(time.Until(at), func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.changed.Broadcast()
		})
	}
	s.changed.Broadcast()
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.readerClosed:
			return 0, net.ErrClosed
		case s.readDeadline.passed():
			return 0, os.ErrDeadlineExceeded
		case len(s.buffer) > 0:
			n := copy(p, s.buffer)
			s.buffer = s.buffer[n:]
			s.changed.Broadcast()
			return n, nil
		case s.writerClosed:
			return 0, io.EOF
		case len(p) == 0:
			return 0, nil
		}
		s.changed.Wait()
	}
}

func (s *stream) write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	written := 0
	for {
		switch {
		case s.writerClosed:
			return written, net.ErrClosed
		case s.readerClosed:
			return written, io.ErrClosedPipe
		case s.writeDeadline.passed():
			return written, os.ErrDeadlineExceeded
		case len(p) == 0:
			return written, nil
		}
		if n := min(len(p), pipeBuffer-len(s.buffer)); n > 0 {
			s.buffer = append(s.buffer, p[:n]...)
			p, written = p[n:], written+n
			s.changed.Broadcast()
			continue
		}
		s.changed.Wait()
	}
}

func (s *stream) end(closed *bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*closed = true
	s.changed.Broadcast()
}

// pipeEnd is one end of a Pipe.
type pipeEnd struct {
	in, out       *stream
	local, remote net.Addr
}

// Read reads what the other end wrote; EOF after it was closed.
func (p *pipeEnd) Read(b []byte) (int, error) { return p.in.read(b) }

// Write writes into the buffer, and waits while it is full.
func (p *pipeEnd) Write(b []byte) (int, error) { return p.out.write(b) }

// LocalAddr returns this end's address.
func (p *pipeEnd) LocalAddr() net.Addr { return p.local }

// RemoteAddr returns the other end's address.
func (p *pipeEnd) RemoteAddr() net.Addr { return p.remote }

// Close ends both directions: the other end can still read what was written, then it gets EOF.
func (p *pipeEnd) Close() error {
	p.in.end(&p.in.readerClosed)
	p.out.end(&p.out.writerClosed)
	p.in.setDeadline(&p.in.readDeadline, time.Time{})
	p.out.setDeadline(&p.out.writeDeadline, time.Time{})
	return nil
}

// SetDeadline limits reads and writes.
func (p *pipeEnd) SetDeadline(t time.Time) error {
	_ = p.SetReadDeadline(t)
	return p.SetWriteDeadline(t)
}

// SetReadDeadline limits reads.
func (p *pipeEnd) SetReadDeadline(t time.Time) error {
	p.in.setDeadline(&p.in.readDeadline, t)
	return nil
}

// SetWriteDeadline limits writes.
func (p *pipeEnd) SetWriteDeadline(t time.Time) error {
	p.out.setDeadline(&p.out.writeDeadline, t)
	return nil
}
