package rpc_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"jimm-migrator/src/rpc"
)

func TestMessageLimit(t *testing.T) {
	const limit = 100_000
	envelope := len(`{"request-id":1,"response":""}`)
	for name, tt := range map[string]struct {
		size int
		ok   bool
	}{
		"at the limit":   {limit, true},
		"over the limit": {limit + 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			conn := connect(t, rpc.DialOptions{MaxMessage: limit}, func(s *server) {
				s.next()
				s.send(`{"request-id":1,"response":"` + strings.Repeat("x", tt.size-envelope) + `"}`)
				s.next()
			})
			var got string
			err := conn.Call(t.Context(), modelInfo, nil, &got)
			switch {
			case tt.ok && (err != nil || len(got) != tt.size-envelope):
				t.Errorf("got %d bytes, %v", len(got), err)
			case !tt.ok && (!errors.Is(err, rpc.ErrConnection) || !strings.Contains(err.Error(), "more than 100000 bytes, the limit")):
				t.Errorf("got %v, want a connection error that names the limit", err)
			}
		})
	}
}

func TestMessageOfManyFramesAndMegabytes(t *testing.T) {
	want := strings.Repeat("0123456789abcdef", 5<<16) // 5 MiB
	conn := connect(t, rpc.DialOptions{}, func(s *server) {
		s.next()
		w, err := s.ws.Writer(t.Context(), websocket.MessageText)
		if err != nil {
			t.Error(err)
			return
		}
		message := `{"request-id":1,"response":"` + want + `"}` + "\n"
		for len(message) > 0 { // one frame per Write, as Juju cuts them
			n := min(4082, len(message))
			if _, err := w.Write([]byte(message[:n])); err != nil {
				t.Error(err)
			}
			message = message[n:]
		}
		w.Close()
		s.next()
	})
	var got string
	if err := conn.Call(t.Context(), modelInfo, nil, &got); err != nil || got != want {
		t.Errorf("got %d bytes, %v; want %d", len(got), err, len(want))
	}
}

// A call that gives up while its message is half sent must not cut the message: the connection
// needs whole messages.
func TestEndedCallLeavesItsMessageWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		long := strings.Repeat("x", 1<<20) // far more than any buffer on the way
		read := make(chan bool)
		got := make(chan string, 2)
		conn := connect(t, rpc.DialOptions{}, func(s *server) {
			<-read
			for range 2 {
				r := s.next()
				if r == nil {
					return
				}
				var text string
				if err := json.Unmarshal(r.Params, &text); err != nil {
					t.Errorf("params: %v", err)
				}
				got <- text
				s.answer(r, `{}`)
			}
			s.next()
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := conn.Call(ctx, modelInfo, long, nil)
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, rpc.ErrNotSent) {
			t.Errorf("got %v, want the context's end and no claim that nothing was sent", err)
		}
		// The writer is still busy with it, so the next one is certainly not sent.
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := conn.Call(ctx, modelInfo, "never", nil); !errors.Is(err, rpc.ErrNotSent) {
			t.Errorf("got %v, want ErrNotSent", err)
		}
		close(read)
		if err := conn.Call(t.Context(), modelInfo, "short", nil); err != nil {
			t.Errorf("next call: %v", err)
		}
		if text := <-got; text != long {
			t.Errorf("server got %d bytes of %d", len(text), len(long))
		}
		if text := <-got; text != "short" {
			t.Errorf("server got %q, want short", text)
		}
		conn.Close()
	})
}

func TestServerThatStopsReadingIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan bool)
		conn := connect(t, rpc.DialOptions{CallTimeout: time.Hour}, func(*server) { <-free })
		defer close(free)
		began := time.Now()
		err := conn.Call(t.Context(), modelInfo, strings.Repeat("x", 1<<20), nil)
		if !errors.Is(err, rpc.ErrConnection) {
			t.Errorf("got %v, want a connection error", err)
		}
		if took := time.Since(began); took != 30*time.Second {
			t.Errorf("took %v, want 30s", took)
		}
	})
}

func TestUnsendableParams(t *testing.T) {
	conn := connect(t, rpc.DialOptions{}, echo)
	err := conn.Call(t.Context(), modelInfo, map[string]any{"password": "canary", "f": func() {}}, nil)
	if !errors.Is(err, rpc.ErrNotSent) || strings.Contains(err.Error(), "canary") {
		t.Errorf("got %v, want ErrNotSent and no value", err)
	}
	if err := conn.Call(t.Context(), modelInfo, 1, nil); err != nil {
		t.Errorf("next call: %v", err)
	}
}
