package toolrpc_test

import (
	"bytes"
	"errors"
	"net"
	"net/rpc"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/charm/charmtest/toolrpc"
)

// Jujuc is the service as Juju's agent has it: Go's net/rpc calls its method.
type Jujuc struct {
	handle toolrpc.Handler
}

// Main answers one request.
func (j *Jujuc) Main(req toolrpc.Request, resp *toolrpc.Response) (err error) {
	*resp, err = j.handle(req)
	return err
}

// echo answers with what it was asked, and asks for stdin if told to.
func echo(req toolrpc.Request) (toolrpc.Response, error) {
	switch req.CommandName {
	case "unknown":
		return toolrpc.Response{}, errors.New("bad request: unknown command: unknown")
	case "reads":
		if !req.StdinSet {
			return toolrpc.Response{}, toolrpc.ErrNoStdin
		}
	}
	return toolrpc.Response{
		Code:   len(req.Args),
		Stdout: []byte(req.ContextId + " " + filepath.Base(req.Dir) + " " + strings.Join(req.Args, ",") + "\n"),
		Stderr: req.Stdin,
	}, nil
}

// listen returns a socket, and the server of each kind that answers on it.
func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func servers(t *testing.T) map[string]string {
	t.Helper()
	ours := listen(t)
	server := toolrpc.Serve(ours, echo)
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	theirs := listen(t)
	t.Cleanup(func() { theirs.Close() })
	registry := rpc.NewServer()
	if err := registry.Register(&Jujuc{echo}); err != nil {
		t.Fatal(err)
	}
	go registry.Accept(theirs) // ends with the listener
	return map[string]string{"ours": ours.Addr().String(), "net/rpc": theirs.Addr().String()}
}

func TestStubUnderBothKindsOfServer(t *testing.T) {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	base := filepath.Base(dir)
	for kind, address := range servers(t) {
		for _, test := range []struct {
			name           string
			args           []string
			stdout, stderr string
			code           int
		}{
			{"plain", nil, "id " + base + " \n", "", 0},
			{"plain", []string{"a", "b"}, "id " + base + " a,b\n", "", 2},
			{"reads", []string{"x"}, "id " + base + " x\n", "typed", 1},
			{"unknown", nil, "", "ERROR bad request: unknown command: unknown\n", 1},
		} {
			var stdout, stderr bytes.Buffer
			env := map[string]string{
				"JUJU_CONTEXT_ID": "id", "JUJU_AGENT_SOCKET_ADDRESS": address, "JUJU_AGENT_SOCKET_NETWORK": "unix",
			}
			code := toolrpc.Invocation{
				Name: test.name, Args: test.args, Getenv: func(name string) string { return env[name] },
				Stdin: strings.NewReader("typed"), Stdout: &stdout, Stderr: &stderr,
			}.Run(t.Context())
			got := []any{stdout.String(), stderr.String(), code}
			if diff := cmp.Diff([]any{test.stdout, test.stderr, test.code}, got); diff != "" {
				t.Errorf("%s %q under %s (-want +got):\n%s", test.name, test.args, kind, diff)
			}
		}
	}
}

func TestServerOfOursHearsNetRPC(t *testing.T) {
	client, err := rpc.Dial("unix", servers(t)["ours"])
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for range 2 { // one connection takes any number of calls
		var resp toolrpc.Response
		if err := client.Call(toolrpc.Method, toolrpc.Request{ContextId: "id", CommandName: "plain"}, &resp); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(resp.Stdout), "id ") {
			t.Errorf("got %q", resp.Stdout)
		}
		if err := client.Call(toolrpc.Method, toolrpc.Request{CommandName: "reads"}, &resp); err == nil || err.Error() != toolrpc.ErrNoStdin.Error() {
			t.Errorf("got %v", err)
		}
		if err := client.Call("Other.Main", toolrpc.Request{}, &resp); err == nil {
			t.Error("an unknown method was answered")
		}
	}
}

func TestCloseEndsConnectionsAndSocket(t *testing.T) {
	l := listen(t)
	server := toolrpc.Serve(l, echo)
	conn, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the connection is open")
	}
	if _, err := os.Stat(l.Addr().String()); !os.IsNotExist(err) {
		t.Errorf("the socket is there: %v", err)
	}
}
