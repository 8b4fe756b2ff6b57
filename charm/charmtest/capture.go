package charmtest

import (
	"bytes"
	"errors"
	"os"
	"syscall"
	"time"
)

// drainTime is how long the agent waits for output after dispatch has ended,
// when a child still holds the pipe.
const drainTime = 100 * time.Millisecond

// logPiece is the longest piece of a line that the agent logs as one message.
const logPiece = 4096

// capture reads what dispatch writes to one of its outputs, as the agent does:
// in whole lines that end in "\n" or "\r\n". A last line without a line break
// is lost.
type capture struct {
	file *os.File
	line func(string)
	done chan struct{}
	rest []byte // of the line that has not ended
	all  bytes.Buffer
}

// newCapture makes a pipe and returns the end to write to.
func newCapture(line func(string)) (*capture, *os.File, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	return &capture{file: read, line: line, done: make(chan struct{})}, write, nil
}

// run reads until every writer has closed the pipe, or until its deadline.
func (c *capture) run() {
	defer close(c.done)
	buf := make([]byte, 32<<10)
	for {
		n, err := c.file.Read(buf)
		c.add(buf[:n])
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				c.drain(buf)
			}
			return
		}
	}
}

// drain reads what is already in the pipe, however late.
func (c *capture) drain(buf []byte) {
	if err := c.file.SetReadDeadline(time.Time{}); err != nil {
		return
	}
	raw, err := c.file.SyscallConn()
	if err != nil {
		return
	}
	for {
		n := 0
		readErr := raw.Read(func(fd uintptr) bool {
			n, err = syscall.Read(int(fd), buf)
			return true
		})
		if readErr != nil || err != nil || n <= 0 {
			return
		}
		c.add(buf[:n])
	}
}

func (c *capture) add(data []byte) {
	c.rest = append(c.rest, data...)
	for {
		line, rest, ok := bytes.Cut(c.rest, []byte("\n"))
		if !ok {
			return
		}
		line = bytes.TrimSuffix(line, []byte("\r"))
		c.all.Write(line)
		c.all.WriteByte('\n')
		for {
			piece := line[:min(len(line), logPiece)]
			c.line(string(piece))
			if line = line[len(piece):]; len(line) == 0 {
				break
			}
		}
		c.rest = rest
	}
}

// finish returns everything. It waits for a moment if a process
// other than dispatch keeps the pipe open.
func (c *capture) finish() []byte {
	_ = c.file.SetReadDeadline(time.Now().Add(drainTime))
	<-c.done
	_ = c.file.Close()
	return c.all.Bytes()
}
