package rpc_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/rpc"
)

func TestPingsGoOnWhateverTheyAreAnswered(t *testing.T) {
	for name, answer := range map[string]string{
		"pong":  `"response":{}`,
		"error": `"error":"migration in progress, model is importing","response":{}`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				var at []time.Duration
				conn := connect(t, rpc.DialOptions{PingInterval: 40 * time.Second}, func(s *server) {
					for r := s.next(); r != nil; r = s.next() {
						if r.Type != "Pinger" || r.Version != 1 || r.Method != "Ping" || r.Params != nil {
							t.Errorf("got %+v, want Pinger 1 Ping", r)
						}
						at = append(at, time.Since(began))
						s.send(`{"request-id":` + id(r) + `,` + answer + `}`)
					}
				})
				<-time.After(130 * time.Second)
				conn.Close()
				synctest.Wait()
				want := []time.Duration{40 * time.Second, 80 * time.Second, 120 * time.Second}
				if diff := cmp.Diff(want, at); diff != "" {
					t.Errorf("pings differ (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// JIMM of 2024 closes a connection after 90 s without a ping, even before the
// login, and whatever else is called.
func TestDefaultPingsKeepJIMMAtTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := connect(t, rpc.DialOptions{PingInterval: rpc.DefaultPingInterval}, func(s *server) {
			idle := time.AfterFunc(90*time.Second, func() { s.ws.CloseNow() })
			for r := s.next(); r != nil; r = s.next() {
				if r.Method == "Ping" {
					idle.Reset(90 * time.Second)
				}
				s.answer(r, `{}`)
			}
			idle.Stop()
		})
		select {
		case <-conn.Done():
			t.Errorf("the server hung up: %v", conn.Err())
		case <-time.After(time.Hour):
		}
		conn.Close()
	})
}

func TestUnansweredPingEndsAnIdleConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		conn := connect(t, rpc.DialOptions{PingInterval: time.Minute, CallTimeout: time.Hour}, func(s *server) {
			for s.next() != nil {
			}
		})
		err := conn.Call(t.Context(), modelInfo, nil, nil)
		if !errors.Is(err, rpc.ErrConnection) || !strings.Contains(err.Error(), "ping unanswered for 30s") {
			t.Errorf("got %v, want a connection error that names the ping", err)
		}
		if took := time.Since(began); took != 90*time.Second {
			t.Errorf("took %v, want a minute and 30s", took)
		}
	})
}

func TestUnansweredPingIsForgivenWhileBytesCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := connect(t, rpc.DialOptions{PingInterval: time.Minute, CallTimeout: time.Hour}, func(s *server) {
			first := s.next()
			if s.next() == nil { // the ping, never answered
				return
			}
			<-time.After(20 * time.Second)
			s.send(`{"request-id":999}`)
			<-time.After(20 * time.Second)
			s.answer(first, `{}`)
			s.next()
		})
		if err := conn.Call(t.Context(), modelInfo, nil, nil); err != nil {
			t.Errorf("got %v, want the answer", err)
		}
		conn.Close()
	})
}

func TestNegativePingIntervalMeansNoPings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := connect(t, rpc.DialOptions{PingInterval: -1}, func(s *server) {
			if r := s.next(); r != nil {
				t.Errorf("got %+v", r)
			}
		})
		<-time.After(time.Hour)
		conn.Close()
	})
}

// The bubble of synctest panics when a goroutine outlives the test: so this
// shows that a lost connection needs no Close to release its goroutines.
func TestLostConnectionLeavesNoGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := start(t, func(s *server) {
			s.next()
			s.ws.CloseNow()
		})
		conn, err := rpc.Dial(t.Context(), "ws://controller/api", rpc.DialOptions{DialContext: network.DialContext})
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.Call(t.Context(), modelInfo, nil, nil); !errors.Is(err, rpc.ErrConnection) {
			t.Errorf("got %v, want a connection error", err)
		}
	})
}
