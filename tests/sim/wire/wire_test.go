package wire_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"jimm-migrator/tests/sim/wire"
)

// server is a server on an in-memory network with one session that knows the methods Echo, Slow and Fail.
type server struct {
	network *wire.Network
	server  *wire.Server
	ca      *wire.CA

	mu     sync.Mutex
	worked map[string]int
	events []wire.Event
}

func start(t *testing.T, config wire.Config) *server {
	t.Helper()
	ca, err := wire.NewCA("test CA")
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := ca.Leaf()
	if err != nil {
		t.Fatal(err)
	}
	b := &server{network: wire.NewNetwork(), ca: ca, worked: map[string]int{}}
	config.Name = "srv"
	config.Log = func(e wire.Event) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.events = append(b.events, e)
	}
	b.server = wire.NewServer(config)
	b.server.Handle("/api", func(*http.Request, *wire.Conn) (wire.Session, error) {
		return wire.Session{Call: b.call}, nil
	})
	b.server.Handle("/model/{uuid}/api", func(r *http.Request, _ *wire.Conn) (wire.Session, error) {
		return wire.Session{}, &wire.HTTPError{Status: 400, Message: "invalid model UUID " + r.PathValue("uuid")}
	})
	b.server.HandleHTTP("/health", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "running\n")
	}))
	listener, err := b.network.Listen("10.0.0.5:17070")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := b.server.ServeTLS(listener, leaf); err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	t.Cleanup(func() {
		b.server.Close()
		serving.Wait()
	})
	return b
}

func (b *server) call(ctx context.Context, req *wire.Request) (any, error) {
	b.mu.Lock()
	b.worked[req.Method]++
	b.mu.Unlock()
	switch req.Method {
	case "Slow":
		select {
		case <-time.After(time.Minute):
			return map[string]string{"slow": "done"}, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	case "Fail":
		return nil, &wire.Error{Message: "no", Code: "not found", Info: map[string]int{"n": 1}}
	case "Bare":
		return nil, &wire.Error{Message: "no", NoResponse: true}
	case "Nothing":
		return nil, nil
	default:
		var params map[string]any
		if err := req.Decode(&params); err != nil {
			return nil, err
		}
		return params, nil
	}
}

func (b *server) client(t *testing.T) *http.Client {
	t.Helper()
	tr := &http.Transport{DialContext: b.network.DialContext}
	tr.TLSClientConfig = clientTLS(b.ca)
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func (b *server) dial(t *testing.T) *websocket.Conn {
	t.Helper()
	return b.dialPath(t, "/api")
}

func (b *server) dialPath(t *testing.T, path string) *websocket.Conn {
	t.Helper()
	conn, _, err := b.tryDial(t, path)
	if err != nil {
		t.Fatalf("Dial: %v", err)
	}
	conn.SetReadLimit(-1)
	t.Cleanup(func() { conn.CloseNow() })
	return conn
}

// tryDial dials with a browser's foreign Origin and also returns the HTTP status.
func (b *server) tryDial(t *testing.T, path string) (*websocket.Conn, int, error) {
	t.Helper()
	//nolint:bodyclose // websocket.Dial takes care of the body
	conn, resp, err := websocket.Dial(t.Context(), "wss://10.0.0.5:17070"+path, &websocket.DialOptions{
		HTTPClient: b.client(t),
		HTTPHeader: http.Header{"Origin": {"https://elsewhere.example.com"}},
	})
	if resp == nil {
		return conn, 0, err
	}
	return conn, resp.StatusCode, err
}

func send(t *testing.T, conn *websocket.Conn, message string) {
	t.Helper()
	if err := conn.Write(t.Context(), websocket.MessageText, []byte(message)); err != nil {
		t.Fatalf("Write: %v", err)
	}
}

func receive(t *testing.T, conn *websocket.Conn) string {
	t.Helper()
	_, data, err := conn.Read(t.Context())
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return string(data)
}

func request(id int, method, params string) string {
	return fmt.Sprintf(`{"request-id":%d,"type":"Test","version":1,"request":%q,"params":%s}`, id, method, params)
}

func TestReplies(t *testing.T) {
	tests := []struct{ name, message, want string }{
		{"result", request(1, "Echo", `{"a":"<b>"}`), `{"request-id":1,"response":{"a":"\u003cb\u003e"}}`},
		{"no params", `{"request-id":7,"type":"T","version":1,"request":"Nothing"}`, `{"request-id":7,"response":{}}`},
		{"error with code and info", request(2, "Fail", `{}`), `{"request-id":2,"error":"no","error-code":"not found","error-info":{"n":1},"response":{}}`},
		{"error without response", request(3, "Bare", `{}`), `{"request-id":3,"error":"no"}`},
		{"wrong type in params", request(4, "Echo", `[]`), `{"request-id":4,"error":"json: cannot unmarshal array into Go value of type map[string]interface {}","response":{}}`},
		{"largest id", `{"request-id":18446744073709551615,"type":"T","request":"Nothing"}`, `{"request-id":18446744073709551615,"response":{}}`},
		{"names in other case", `{"REQUEST-ID":5,"Type":"T","Request":"Nothing"}`, `{"request-id":5,"response":{}}`},
		{"second object is lost", request(6, "Nothing", `{}`) + request(8, "Nothing", `{}`), `{"request-id":6,"response":{}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, wire.Config{})
				conn := b.dial(t)
				send(t, conn, test.message)
				if diff := cmp.Diff(test.want+"\n", receive(t, conn)); diff != "" {
					t.Errorf("reply (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestBadMessagesCloseTheConnectionWithoutReply(t *testing.T) {
	for _, message := range []string{
		`no JSON`, ``, `[]`, `null`, `{"type":"T","request":"M"}`, `{"request-id":0,"type":"T"}`,
		`{"request-id":-1,"type":"T"}`, `{"request-id":"x","type":"T"}`, `{"request-id":1.5,"type":"T"}`,
	} {
		for _, status := range []websocket.StatusCode{0, websocket.StatusNoStatusRcvd} {
			t.Run(fmt.Sprintf("%s with %d", message, status), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					conn := start(t, wire.Config{BadMessage: status}).dial(t)
					send(t, conn, message)
					want := status
					if want == 0 {
						want = websocket.StatusNormalClosure
					}
					if _, _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != want {
						t.Errorf("Read = %v, want close status %d", err, want)
					}
				})
			})
		}
	}
}

func TestAResponseIsIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := start(t, wire.Config{}).dial(t)
		send(t, conn, `{"request-id":1,"response":{}}`)
		send(t, conn, request(2, "Nothing", `{}`))
		if got := receive(t, conn); !strings.HasPrefix(got, `{"request-id":2`) {
			t.Errorf("reply = %s", got)
		}
	})
}

func TestSlowCallsAreOvertaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := start(t, wire.Config{}).dial(t)
		began := time.Now()
		send(t, conn, request(1, "Slow", `{}`))
		send(t, conn, request(2, "Nothing", `{}`))
		if got := receive(t, conn); !strings.HasPrefix(got, `{"request-id":2,`) {
			t.Errorf("first reply = %s", got)
		}
		if got := receive(t, conn); !strings.HasPrefix(got, `{"request-id":1,`) {
			t.Errorf("second reply = %s", got)
		}
		if got := time.Since(began); got != time.Minute {
			t.Errorf("took %v of virtual time", got)
		}
	})
}

func TestLongMessagesComeInSeveralFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := start(t, wire.Config{FrameSize: 100}).dial(t)
		long := strings.Repeat("x", 1000)
		send(t, conn, request(1, "Echo", fmt.Sprintf(`{"v":%q}`, long)))
		_, r, err := conn.Reader(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var reads []int
		var all []byte
		for buf := make([]byte, 4096); ; {
			n, err := r.Read(buf) // coder/websocket ends a read at the end of a frame
			all = append(all, buf[:n]...)
			if n > 0 {
				reads = append(reads, n)
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if len(reads) < 10 || reads[0] > 100 {
			t.Errorf("frames of %v bytes", reads)
		}
		var reply struct{ Response struct{ V string } }
		if err := json.Unmarshal(all, &reply); err != nil || reply.Response.V != long {
			t.Errorf("message of %d bytes, error %v", len(all), err)
		}
	})
}

func TestUpgradeCanBeRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, wire.Config{})
		if _, status, err := b.tryDial(t, "/model/x/api"); err == nil || status != http.StatusBadRequest {
			t.Errorf("Dial = %d, %v", status, err)
		}
		for path, want := range map[string]string{
			"/api": "400 Bad Request\n", "/health": "200 running\n", "/nowhere": "404 404 page not found\n",
		} {
			resp, err := b.client(t).Get("https://10.0.0.5:17070" + path)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if got := fmt.Sprint(resp.StatusCode, " ", string(body)); got != want {
				t.Errorf("GET %s = %q, want %q", path, got, want)
			}
		}
	})
}

func TestLogHoldsBothDirectionsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, wire.Config{})
		conn := b.dial(t)
		send(t, conn, request(1, "Nothing", `{}`))
		receive(t, conn)
		conn.Close(4001, "bye")
		synctest.Wait()
		var got []string
		for _, e := range b.events {
			got = append(got, fmt.Sprintf("%s %s%s %s %s %d", e.Server, e.Conn, e.Path, e.Kind, e.Data, e.Status))
		}
		want := []string{
			"srv srv#1/api opened  0",
			"srv srv#1/api received " + request(1, "Nothing", `{}`) + " 0",
			`srv srv#1/api sent {"request-id":1,"response":{}} 0`,
			"srv srv#1/api closed  4001",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
	})
}

func TestServerClosesClientsThatDoNotRenew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, wire.Config{})
		b.server.Handle("/ping", func(_ *http.Request, c *wire.Conn) (wire.Session, error) {
			renew := c.Expire(90*time.Second, websocket.StatusNormalClosure, "")
			return wire.Session{Call: func(context.Context, *wire.Request) (any, error) {
				renew()
				return nil, nil
			}}, nil
		})
		conn := b.dialPath(t, "/ping")
		began := time.Now()
		<-time.After(time.Minute)
		send(t, conn, request(1, "Ping", `{}`))
		receive(t, conn)
		_, _, err := conn.Read(t.Context())
		if got := time.Since(began); websocket.CloseStatus(err) != 1000 || got != 150*time.Second {
			t.Errorf("closed after %v with %v", got, err)
		}
	})
}

func TestRawSeesEveryMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, wire.Config{})
		b.server.Handle("/raw", func(_ *http.Request, c *wire.Conn) (wire.Session, error) {
			return wire.Session{Raw: func(ctx context.Context, message []byte) bool {
				return c.Send(ctx, []byte("got "+string(message))) == nil
			}}, nil
		})
		conn := b.dialPath(t, "/raw")
		send(t, conn, "anything")
		if got := receive(t, conn); got != "got anything\n" {
			t.Errorf("got %q", got)
		}
	})
}

func TestCloseWaitsForCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, wire.Config{})
		b.server.Handle("/stubborn", func(*http.Request, *wire.Conn) (wire.Session, error) {
			return wire.Session{Call: func(context.Context, *wire.Request) (any, error) {
				<-time.After(time.Minute) // whatever happens to the connection
				return nil, nil
			}}, nil
		})
		send(t, b.dialPath(t, "/stubborn"), request(1, "M", `{}`))
		synctest.Wait()
		began := time.Now()
		b.server.Close()
		if got := time.Since(began); got != time.Minute {
			t.Errorf("Close took %v", got)
		}
	})
}

func TestRestartDropsSocketsAndServesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, wire.Config{})
		conn := b.dial(t)
		send(t, conn, request(1, "Slow", `{}`))
		synctest.Wait()
		b.server.DropAll()
		if _, _, err := conn.Read(t.Context()); err == nil || websocket.CloseStatus(err) != -1 {
			t.Errorf("Read = %v, want a broken connection", err)
		}
		again := b.dial(t)
		send(t, again, request(1, "Nothing", `{}`))
		receive(t, again)
	})
}
