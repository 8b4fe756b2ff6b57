package conform_test

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"jimm-migrator/tests/conform"
	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/jimm"
	"jimm-migrator/tests/sim/wire"
)

// serve serves with a simulated server until the test ends.
func serve(t *testing.T, network *wire.Network, address string, do func(net.Listener) error, end func() error) {
	t.Helper()
	l, err := network.Listen(address)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- do(l) }()
	t.Cleanup(func() {
		_ = end()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

// newRawServer makes a server that hands over every message on the paths of JIMM and of controllers.
func newRawServer(config wire.Config, received func(ctx context.Context, c *wire.Conn, message []byte)) *wire.Server {
	server := wire.NewServer(config)
	open := func(_ *http.Request, c *wire.Conn) (wire.Session, error) {
		return wire.Session{Raw: func(ctx context.Context, message []byte) bool {
			received(ctx, c, message)
			return true
		}}, nil
	}
	server.Handle("/api", open)
	server.Handle("/model/{model}/api", open)
	return server
}

// startController starts a simulated controller.
func startController(t *testing.T, network *wire.Network, address string, config controller.Config) *controller.Controller {
	t.Helper()
	c, err := controller.New(config)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, network, address, c.Serve, c.Close)
	return c
}

// dialer returns how a replay connects to a controller.
type dialer struct {
	address     string
	roots       *x509.CertPool
	dialContext func(ctx context.Context, network, address string) (net.Conn, error)
}

// open connects to a path.
func (d dialer) open(t *testing.T, path string) *websocket.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	transport := &http.Transport{DialContext: d.dialContext, TLSClientConfig: &tls.Config{
		RootCAs: d.roots, ServerName: wire.ControllerName, MinVersion: tls.VersionTLS12,
	}}
	ws, _, err := websocket.Dial(ctx, "wss://"+d.address+path, &websocket.DialOptions{ //nolint:bodyclose // closed by Dial
		HTTPClient: &http.Client{Transport: transport},
	})
	if err != nil {
		t.Fatalf("cannot connect to %s: %v", path, err)
	}
	ws.SetReadLimit(1 << 20)
	return ws
}

// sign makes a token with recorded claims. A token that had expired when it was recorded is made expired; the others
// are not.
func sign(t *testing.T, key *rsa.PrivateKey, matcher *conform.Matcher, recorded string) string {
	t.Helper()
	var token struct{ Header, Claims map[string]any }
	if err := json.Unmarshal([]byte(matcher.Expand(recorded)), &token); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(recorded, `"exp":1,`) {
		token.Claims["exp"] = time.Now().Add(time.Hour).Unix()
	}
	signed, err := jimm.SignToken(key, token.Header, token.Claims)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString([]byte(signed))
}
