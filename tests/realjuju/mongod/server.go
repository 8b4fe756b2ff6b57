// Package mongod is an in-memory server for the part of MongoDB's wire protocol that Juju 3.5 and 3.6 speak: legacy
// OP_QUERY commands, multi-document transactions, change streams. Real Juju controllers run over it where no mongod is
// installed. The transaction tests of Juju's own driver (mgo/v3 3.0.4) pass on it unchanged. Nothing is kept on disk.
package mongod

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/juju/mgo/v3/bson"
)

// Options describe a server. The zero value is a standalone server that logs nothing.
type Options struct {
	// ReplicaSet is the name of the replica set that has the server as its only member.
	ReplicaSet string
	// Logger gets commands that fail or that the server does not know; may be nil.
	Logger *slog.Logger
}

// Server is a mongod on a loopback port. Make one with Start, end it with Close.
type Server struct {
	listener net.Listener
	store    *store
}

type conn struct {
	s    *store
	nc   net.Conn
	txns map[string]*txn
	gone chan struct{} // closed when the client has disconnected
}

// Start serves an empty database on a free loopback port.
func Start(opts Options) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // A port of loopback is there at once.
	if err != nil {
		return nil, fmt.Errorf("cannot start mongod: %w", err)
	}
	s := newStore()
	s.replicaSet, s.port, s.log = opts.ReplicaSet, l.Addr().(*net.TCPAddr).Port, opts.Logger
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go (&conn{s: s, nc: nc, txns: map[string]*txn{}, gone: make(chan struct{})}).serve()
		}
	}()
	return &Server{l, s}, nil
}

// Addr returns host:port of the server.
func (m *Server) Addr() string { return fmt.Sprintf("localhost:%d", m.store.port) }

// Close ends the listener; connections end with their clients.
func (m *Server) Close() error { return m.listener.Close() }

type request struct {
	id   int32
	op   int32
	body []byte
}

func (c *conn) serve() {
	defer func() {
		c.nc.Close()
		c.s.mu.Lock()
		for _, t := range c.txns {
			if !t.done && !t.aborted {
				c.s.abort(t)
			}
		}
		c.s.mu.Unlock()
	}()
	reqs := make(chan request, 64)
	go func() {
		defer close(reqs)
		defer close(c.gone)
		r := bufio.NewReaderSize(c.nc, 1<<16)
		for {
			var h [16]byte
			if _, err := io.ReadFull(r, h[:]); err != nil {
				return
			}
			n := int32At(h[0:])
			if n < 16 || n > 64<<20 {
				c.s.log.Warn("bad length", slog.Int("length", int(n)))
				return
			}
			body := make([]byte, n-16)
			if _, err := io.ReadFull(r, body); err != nil {
				return
			}
			reqs <- request{int32At(h[4:]), int32At(h[12:]), body}
		}
	}()
	for q := range reqs {
		if err := c.one(q); err != nil {
			if !errors.Is(err, io.EOF) {
				c.s.log.Warn("connection ended", slog.Any("error", err))
			}
			return
		}
	}
}

func cstring(b []byte) (string, []byte, error) {
	for i, x := range b {
		if x == 0 {
			return string(b[:i]), b[i+1:], nil
		}
	}
	return "", nil, errors.New("bad string")
}

func (c *conn) one(q request) error {
	switch q.op {
	case 2004:
	case 2007: // kill cursors
		return nil
	default:
		return fmt.Errorf("opcode %d is not served", q.op)
	}
	ns, b, err := cstring(q.body[4:])
	if err != nil || len(b) < 13 {
		return errors.New("short query")
	}
	var cmd bson.D
	if err := bson.Unmarshal(b[8:], &cmd); err != nil {
		return err
	}
	db, cn, _ := strings.Cut(ns, ".")
	var out bson.D
	if cn != "$cmd" {
		// A legacy query: answered as a find.
		f := cmd
		by := bson.D(nil)
		if x := getD(cmd, "$query"); x != nil {
			f, by = x, getD(cmd, "$orderby")
		}
		lim := int(int32At(b[4:]))
		c.s.mu.Lock()
		docs := c.s.coll(db, cn, false).find(nil, f, 0)
		c.s.mu.Unlock()
		sortDocs(docs, by)
		if lim != 0 {
			docs = docs[:min(len(docs), max(lim, -lim))]
		}
		return c.reply(q.id, docs...)
	}
	if x := getD(cmd, "$query"); x != nil {
		cmd = x
	}
	if len(cmd) == 0 {
		return errors.New("empty command")
	}
	out = c.command(db, cmd)
	return c.reply(q.id, out)
}

// BeforeRemoval sets a function that is called before documents are removed, with the names of their collections, so
// that a test can inspect a half-empty database. The removal waits for it; other commands do not. Nil removes the
// function.
func (m *Server) BeforeRemoval(hook func(collections []string)) {
	m.store.mu.Lock()
	defer m.store.mu.Unlock()
	m.store.beforeRemoval = hook
}

// awaitRemoval calls the hook if a command removes documents: alone, or by committing a transaction.
func (c *conn) awaitRemoval(cmd bson.D) {
	hook, collections := c.removal(cmd)
	if hook != nil && len(collections) > 0 {
		hook(collections)
	}
}

func (c *conn) removal(cmd bson.D) (hook func([]string), collections []string) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if c.s.beforeRemoval == nil {
		return nil, nil
	}
	_, inTxn := get(cmd, "autocommit")
	switch name, _ := cmd[0].Value.(string); {
	case cmd[0].Name == "delete" && !inTxn:
		collections = []string{name}
	case cmd[0].Name == "commitTransaction":
		if t := c.s.txns[txnKey(cmd)]; t != nil && !t.done && !t.aborted {
			for _, w := range t.list {
				if w.after == nil && !slices.Contains(collections, w.c.name) {
					collections = append(collections, w.c.name)
				}
			}
		}
	}
	return c.s.beforeRemoval, collections
}

func (c *conn) command(db string, cmd bson.D) (out bson.D) {
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(*failure)
			if !ok {
				f = fail(8, "UnknownError", "server panic: %v\n%s", r, debug.Stack())
			}
			out = failed(f)
		}
		if code := getN(out, "code"); code != 0 && code != noSuchTransaction {
			c.s.log.Warn("command failed", slog.Int64("code", code), slog.String("message", getS(out, "errmsg")), slog.String("db", db), slog.String("command", show(cmd)))
		}
	}()
	c.awaitRemoval(cmd)
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	d, err := c.run(db, cmd)
	if err != nil {
		var f *failure
		if !errors.As(err, &f) {
			f = fail(8, "UnknownError", "%v", err)
		}
		return failed(f)
	}
	return append(d, bson.DocElem{Name: "ok", Value: 1.0})
}

func failed(f *failure) bson.D {
	d := kv("ok", 0.0, "errmsg", f.msg, "code", f.code, "codeName", f.name)
	if f.label != "" {
		d = append(d, bson.DocElem{Name: "errorLabels", Value: []any{f.label}})
	}
	return d
}

func (c *conn) reply(to int32, docs ...bson.D) error {
	buf := make([]byte, 36, 4096)
	for _, d := range docs {
		b, err := bson.Marshal(d)
		if err != nil {
			return err
		}
		buf = append(buf, b...)
	}
	le := binary.LittleEndian
	le.PutUint32(buf[0:], uint32(len(buf))) //nolint:gosec // a message of at most 48 MB
	le.PutUint32(buf[8:], uint32(to))       //nolint:gosec // the bits are kept
	le.PutUint32(buf[12:], 1)
	le.PutUint32(buf[16:], 8)
	le.PutUint32(buf[32:], uint32(len(docs))) //nolint:gosec // documents of one message
	_, err := c.nc.Write(buf)
	return err
}

// Changed returns a channel that is closed at the next change of the data.
func (m *Server) Changed() <-chan struct{} {
	m.store.mu.Lock()
	defer m.store.mu.Unlock()
	return m.store.changed
}

// int32At reads a number of a message.
func int32At(b []byte) int32 {
	return int32(binary.LittleEndian.Uint32(b)) //nolint:gosec // the wire has signed numbers
}
