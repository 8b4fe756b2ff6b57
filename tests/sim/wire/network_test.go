package wire_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/tests/sim/wire"
)

func TestNetworkRefusesAndBlackholes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := wire.NewNetwork()
		if _, err := network.DialContext(t.Context(), "tcp", "10.0.0.9:1"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("no server listens: %v", err)
		}
		listener, err := network.Listen("10.0.0.9:1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := network.Listen("10.0.0.9:1"); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("second Listen: %v", err)
		}
		network.Blackhole("10.0.0.9:1", true)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if _, err := network.DialContext(ctx, "tcp", "10.0.0.9:1"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("black hole: %v", err)
		}
		listener.Close()
		network.Blackhole("10.0.0.9:1", false)
		if _, err := network.DialContext(t.Context(), "tcp", "10.0.0.9:1"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("closed: %v", err)
		}
	})
}

func TestLeafNamesOnlyTheControllerName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, wire.Config{})
		tr := &http.Transport{DialContext: b.network.DialContext, TLSClientConfig: clientTLS(b.ca)}
		tr.TLSClientConfig.ServerName = ""
		defer tr.CloseIdleConnections()
		resp, err := (&http.Client{Transport: tr}).Get("https://10.0.0.5:17070/health")
		if err == nil {
			resp.Body.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "x509") {
			t.Errorf("a client that verifies the address got %v", err)
		}
	})
}

func TestPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := wire.Pipe(wire.Addr("a:1"), wire.Addr("b:2"))
		if client.RemoteAddr().String() != "b:2" || server.RemoteAddr().String() != "a:1" {
			t.Errorf("addresses %v, %v", client.RemoteAddr(), server.RemoteAddr())
		}
		// Both may write before either reads.
		io.WriteString(client, "ping")
		io.WriteString(server, "pong")
		buffer := make([]byte, 16)
		if n, _ := server.Read(buffer); string(buffer[:n]) != "ping" {
			t.Errorf("server read %q", buffer[:n])
		}
		if n, _ := client.Read(buffer); string(buffer[:n]) != "pong" {
			t.Errorf("client read %q", buffer[:n])
		}
		began := time.Now()
		client.SetReadDeadline(began.Add(time.Minute))
		if _, err := client.Read(buffer); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != time.Minute {
			t.Errorf("read deadline: %v after %v", err, time.Since(began))
		}
		client.SetWriteDeadline(time.Now().Add(time.Minute))
		if n, err := client.Write(make([]byte, 1<<20)); !errors.Is(err, os.ErrDeadlineExceeded) || n == 0 {
			t.Errorf("write into a full buffer: %d, %v", n, err)
		}
		client.SetDeadline(time.Time{})
		server.Close()
		if _, err := client.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("write to a closed end: %v", err)
		}
		if _, err := client.Read(buffer); !errors.Is(err, io.EOF) {
			t.Errorf("read from a closed end: %v", err)
		}
		if _, err := server.Read(buffer); !errors.Is(err, net.ErrClosed) {
			t.Errorf("read after Close: %v", err)
		}
	})
}
