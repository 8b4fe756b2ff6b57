// Package toolrpc is the protocol between Juju's hook tools and the unit
// agent, and the small program that every hook tool is.
//
// A hook tool does nothing itself. It sends its name, arguments and working
// directory to the agent that started the charm and prints what comes back.
// The wire format is the one of Go's net/rpc with gob over a unix socket,
// method "Jujuc.Main" (Juju 2.x to 4.x), so that the stub of this package also
// works under a real agent and Juju's own stub under the emulated one. net/rpc
// itself is not used: it links an HTTP server into a program that must start
// within milliseconds.
package toolrpc

import (
	"encoding/gob"
	"errors"
	"io"
	"net"
)

// Method is the only method of the protocol.
const Method = "Jujuc.Main"

// ErrNoStdin is what the agent answers to a tool that reads its standard input
// and was sent none. The stub then reads it to the end and calls again.
var ErrNoStdin = errors.New("hook tool requires stdin, none supplied")

// Request is one call of a hook tool. The names of the fields are the wire's.
type Request struct {
	ContextId   string // JUJU_CONTEXT_ID of the dispatch that called
	Dir         string // absolute working directory; file arguments are relative to it
	CommandName string // name of the tool, such as "action-set"
	Args        []string
	StdinSet    bool // whether Stdin was sent; it may be empty
	Stdin       []byte
	Token       string // only for agents that listen on TCP
}

// Response is what the tool prints and exits with.
type Response struct {
	Code   int
	Stdout []byte
	Stderr []byte
}

// requestHeader and responseHeader are net/rpc's.
type requestHeader struct {
	ServiceMethod string
	Seq           uint64
}

type responseHeader struct {
	ServiceMethod string
	Seq           uint64
	Error         string
}

// Handler answers one request. An error means that no tool ran: the stub
// prints it and exits with 1.
type Handler func(Request) (Response, error)

// client is the calling side of one connection. It keeps one encoder and one
// decoder, as gob sends the description of a type once for each connection.
type client struct {
	enc *gob.Encoder
	dec *gob.Decoder
	seq uint64
}

func newClient(conn io.ReadWriter) *client {
	return &client{enc: gob.NewEncoder(conn), dec: gob.NewDecoder(conn)}
}

// call sends one request and reads its answer.
func (c *client) call(req Request) (Response, error) {
	c.seq++
	if err := c.enc.Encode(requestHeader{ServiceMethod: Method, Seq: c.seq}); err != nil {
		return Response{}, err
	}
	if err := c.enc.Encode(req); err != nil {
		return Response{}, err
	}
	var head responseHeader
	if err := c.dec.Decode(&head); err != nil {
		return Response{}, err
	}
	var resp Response // sent empty beside an error
	if err := c.dec.Decode(&resp); err != nil {
		return Response{}, err
	}
	if head.Error != "" {
		return Response{}, remoteError(head.Error)
	}
	return resp, nil
}

// remoteError turns the text of an error of the agent into an error.
func remoteError(text string) error {
	if text == ErrNoStdin.Error() {
		return ErrNoStdin
	}
	return errors.New(text)
}

// serveConn answers the requests of one connection until it ends.
func serveConn(conn net.Conn, h Handler) error {
	enc, dec := gob.NewEncoder(conn), gob.NewDecoder(conn)
	for {
		var head requestHeader
		if err := dec.Decode(&head); err != nil {
			return err
		}
		var req Request
		if err := dec.Decode(&req); err != nil {
			return err
		}
		answer := responseHeader{ServiceMethod: head.ServiceMethod, Seq: head.Seq}
		var resp Response
		if head.ServiceMethod != Method {
			answer.Error = "rpc: can't find service " + head.ServiceMethod
		} else {
			var err error
			if resp, err = h(req); err != nil {
				answer.Error = err.Error()
			}
		}
		if err := enc.Encode(answer); err != nil {
			return err
		}
		if err := enc.Encode(resp); err != nil {
			return err
		}
	}
}
