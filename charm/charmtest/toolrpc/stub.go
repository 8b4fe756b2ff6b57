package toolrpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
)

// Invocation is one start of a hook tool.
type Invocation struct {
	Name   string              // base name of the executable: the tool
	Args   []string            // without the name
	Getenv func(string) string // environment of the process
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
}

// Run does what a hook tool does and returns its exit code: the tool's own, or
// 1 with "ERROR <text>" on stderr when the agent could not be asked, or 2 when
// the working directory is gone.
func (i Invocation) Run(ctx context.Context) int {
	resp, code, err := i.ask(ctx)
	if err != nil {
		fmt.Fprintf(i.Stderr, "ERROR %v\n", err)
		return code
	}
	_, _ = i.Stdout.Write(resp.Stdout)
	_, _ = i.Stderr.Write(resp.Stderr)
	return resp.Code
}

func (i Invocation) ask(ctx context.Context) (resp Response, code int, err error) {
	id, err := i.env("JUJU_CONTEXT_ID")
	if err != nil {
		return Response{}, 1, err
	}
	dir, err := os.Getwd()
	if err != nil {
		return Response{}, 2, err
	}
	address, err := i.env("JUJU_AGENT_SOCKET_ADDRESS")
	if err != nil {
		return Response{}, 1, err
	}
	network, err := i.env("JUJU_AGENT_SOCKET_NETWORK")
	if err != nil {
		return Response{}, 1, err
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return Response{}, 1, err
	}
	defer conn.Close()
	req := Request{
		ContextId:   id,
		Dir:         dir,
		CommandName: i.Name,
		Args:        i.Args,
		Token:       i.Getenv("JUJU_AGENT_TOKEN"),
	}
	resp, err = i.exchange(conn, req)
	return resp, 1, err
}

// exchange sends the request, and sends it again with stdin if the tool asks.
func (i Invocation) exchange(conn net.Conn, req Request) (Response, error) {
	c := newClient(conn)
	resp, err := c.call(req)
	if !errors.Is(err, ErrNoStdin) {
		return resp, err
	}
	if req.Stdin, err = io.ReadAll(i.Stdin); err != nil {
		return Response{}, fmt.Errorf("cannot read stdin: %w", err)
	}
	req.StdinSet = true
	return c.call(req)
}

func (i Invocation) env(name string) (string, error) {
	value := i.Getenv(name)
	if value == "" {
		return "", fmt.Errorf("%s not set", name)
	}
	return value, nil
}
