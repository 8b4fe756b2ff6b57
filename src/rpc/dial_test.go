package rpc_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/rpc"
)

// serveTLS serves handler on loopback and returns its wss:// URL.
func serveTLS(t *testing.T, config *tls.Config, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.TLS = config
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that fail on purpose
	s.StartTLS()
	t.Cleanup(s.Close)
	return "wss" + strings.TrimPrefix(s.URL, "https")
}

// accept serves an echo.
func accept(t *testing.T) http.HandlerFunc {
	t.Helper()
	return func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer ws.CloseNow()
		echo(&server{tb: t, ws: ws})
	}
}

func TestServersAreVerified(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	rawURL := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{leaf(t, ca)}}, accept(t))
	for name, tt := range map[string]struct {
		opts rpc.DialOptions
		want any // the x509 error, nil for success
	}{
		"its CA and name":     {rpc.DialOptions{RootCAs: ca.Pool(), ServerName: "juju-apiserver"}, nil},
		"the address as name": {rpc.DialOptions{RootCAs: ca.Pool()}, new(x509.HostnameError)},
		"another name":        {rpc.DialOptions{RootCAs: ca.Pool(), ServerName: "other"}, new(x509.HostnameError)},
		"another CA":          {rpc.DialOptions{RootCAs: other.Pool(), ServerName: "juju-apiserver"}, new(x509.UnknownAuthorityError)},
		"the system's roots":  {rpc.DialOptions{ServerName: "juju-apiserver"}, new(x509.UnknownAuthorityError)},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := rpc.Dial(t.Context(), rawURL, tt.opts)
			if tt.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				if err := conn.Call(t.Context(), modelInfo, nil, nil); err != nil {
					t.Error(err)
				}
				return
			}
			var verification *tls.CertificateVerificationError
			if !errors.As(err, tt.want) || !errors.As(err, &verification) || !errors.Is(err, rpc.ErrConnection) {
				t.Errorf("got %v, want a connection error of a %T", err, tt.want)
			}
		})
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	ca := newAuthority(t)
	rawURL := serveTLS(t, &tls.Config{
		Certificates: []tls.Certificate{leaf(t, ca)},
		MinVersion:   tls.VersionTLS10, MaxVersion: tls.VersionTLS11,
	}, accept(t))
	_, err := rpc.Dial(t.Context(), rawURL, rpc.DialOptions{RootCAs: ca.Pool(), ServerName: "juju-apiserver"})
	if !errors.Is(err, rpc.ErrConnection) || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("got %v, want a refusal of the protocol version", err)
	}
}

func TestHandshakeSendsNoOriginAndOffersNothing(t *testing.T) {
	headers := make(chan http.Header, 1)
	ca := newAuthority(t)
	rawURL := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{leaf(t, ca)}},
		func(w http.ResponseWriter, r *http.Request) {
			headers <- r.Header.Clone()
			accept(t)(w, r)
		})
	conn, err := rpc.Dial(t.Context(), rawURL, rpc.DialOptions{RootCAs: ca.Pool(), ServerName: "juju-apiserver"})
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	got := <-headers
	for _, name := range []string{"Origin", "Sec-Websocket-Extensions", "Sec-Websocket-Protocol", "Authorization", "Cookie"} {
		if value, ok := got[name]; ok {
			t.Errorf("sent %s: %q", name, value)
		}
	}
}

func TestHandshakeThatIsNoUpgrade(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("followed a redirect")
	}))
	t.Cleanup(elsewhere.Close)
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		want    rpc.HandshakeError
	}{
		"not found": {http.NotFound, rpc.HandshakeError{StatusCode: http.StatusNotFound, Text: "404 page not found"}},
		"bad model": {
			func(w http.ResponseWriter, _ *http.Request) {
				http.Error(w, `invalid model UUID "x"`+"\nmore", http.StatusBadRequest)
			},
			rpc.HandshakeError{StatusCode: http.StatusBadRequest, Text: `invalid model UUID "x"`},
		},
		"a web site": {
			func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, strings.Repeat("a", 1000)) },
			rpc.HandshakeError{StatusCode: http.StatusOK, Text: strings.Repeat("a", 200)},
		},
		"redirect": {
			func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) },
			rpc.HandshakeError{StatusCode: http.StatusFound, Text: `<a href="` + elsewhere.URL + `">Found</a>.`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(tt.handler)
			defer s.Close()
			_, err := rpc.Dial(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http")+"/api", rpc.DialOptions{})
			var handshake *rpc.HandshakeError
			if !errors.As(err, &handshake) || !errors.Is(err, rpc.ErrConnection) {
				t.Fatalf("got %v, want a HandshakeError in a connection error", err)
			}
			if diff := cmp.Diff(tt.want, *handshake); diff != "" {
				t.Errorf("error differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBadURLs(t *testing.T) {
	for _, rawURL := range []string{
		"", "controller:17070", "https://controller/api", "ws:///api", "wss://", "/api",
		"ws://user:canary@bad host/", "https://user:canary@host/?canary", "ws://a:canary/", "%canary",
	} {
		_, err := rpc.Dial(t.Context(), rawURL, rpc.DialOptions{})
		if err == nil {
			t.Errorf("dialled %q", rawURL)
		} else if strings.Contains(err.Error(), "user:canary") || strings.Contains(err.Error(), "?canary") {
			t.Errorf("error gives a secret away: %v", err)
		}
	}
}

func TestErrorsNameTheURLWithoutSecrets(t *testing.T) {
	refuse := func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("refused") }
	_, err := rpc.Dial(t.Context(), "ws://user:canary@controller:17070/api?token=canary", rpc.DialOptions{DialContext: refuse})
	const want = "no connection to ws://controller:17070/api: refused"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestDialThroughAProxy(t *testing.T) {
	ca := newAuthority(t)
	rawURL := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{leaf(t, ca)}}, accept(t))
	host := strings.TrimPrefix(rawURL, "wss://")
	connected := make(chan string, 1)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		connected <- r.Method + " " + r.Host
		far, err := net.Dial("tcp", host)
		if err != nil {
			t.Error(err)
			return
		}
		defer far.Close()
		near, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer near.Close()
		io.WriteString(near, "HTTP/1.1 200 Connection established\r\n\r\n")
		go io.Copy(far, near)
		io.Copy(near, far)
	}))
	t.Cleanup(proxy.Close)
	conn, err := rpc.Dial(t.Context(), "wss://controller:17070/api", rpc.DialOptions{
		RootCAs:    ca.Pool(),
		ServerName: "juju-apiserver",
		Proxy:      func(*http.Request) (*url.URL, error) { return url.Parse(proxy.URL) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Call(t.Context(), modelInfo, nil, nil); err != nil {
		t.Error(err)
	}
	if got := <-connected; got != "CONNECT controller:17070" {
		t.Errorf("proxy got %q", got)
	}
}

func TestDialEndsAtItsTimeLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silence := func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		began := time.Now()
		_, err := rpc.Dial(t.Context(), "ws://controller/api", rpc.DialOptions{DialContext: silence})
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, rpc.ErrConnection) ||
			!strings.Contains(err.Error(), "no websocket within 30s") {
			t.Errorf("got %v", err)
		}
		if took := time.Since(began); took != rpc.DefaultDialTimeout {
			t.Errorf("took %v", took)
		}
	})
}

// A server that accepts the connection and then sends nothing, with and without TLS, must not keep
// a goroutine: the bubble would panic.
func TestDialOfASilentServerLeavesNothing(t *testing.T) {
	for _, scheme := range []string{"ws", "wss"} {
		t.Run(scheme, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				reason := errors.New("stopped")
				time.AfterFunc(5*time.Second, func() { cancel(reason) })
				_, err := rpc.Dial(ctx, scheme+"://controller/api", rpc.DialOptions{
					DialContext: func(context.Context, string, string) (net.Conn, error) {
						near, far := net.Pipe()
						go io.Copy(io.Discard, far)
						return near, nil
					},
				})
				if !errors.Is(err, reason) || !errors.Is(err, rpc.ErrConnection) {
					t.Errorf("got %v, want the context's cause", err)
				}
			})
		})
	}
}

func TestConnectionOutlivesTheContextOfItsDial(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	conn, err := rpc.Dial(ctx, "ws://controller/api", rpc.DialOptions{DialContext: start(t, echo).DialContext})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	cancel()
	if err := conn.Call(t.Context(), modelInfo, nil, nil); err != nil {
		t.Errorf("call after the dial's context ended: %v", err)
	}
}
