package rpc_test

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/rpc"
)

var modelInfo = rpc.Request{Facade: "ModelManager", Version: 9, Method: "ModelInfo"}

func TestCallSendsExactlyTheMembersOfTheWire(t *testing.T) {
	var got []string
	conn := connect(t, rpc.DialOptions{}, func(s *server) {
		for i := 1; ; i++ {
			data := s.nextRaw()
			if data == nil {
				return
			}
			got = append(got, string(data))
			s.send(`{"request-id":` + strconv.Itoa(i) + `,"response":{}}`)
		}
	})
	for _, call := range []struct {
		req    rpc.Request
		params any
	}{
		{req: modelInfo, params: map[string]any{"entities": []string{"a"}}},
		{req: rpc.Request{Facade: "Pinger", Version: 1, Method: "Ping"}},
		{req: rpc.Request{Facade: "NotifyWatcher", Version: 1, Method: "Next", ID: "7"}, params: struct{}{}},
	} {
		if err := conn.Call(t.Context(), call.req, call.params, nil); err != nil {
			t.Fatalf("cannot call %v: %v", call.req, err)
		}
	}
	want := []string{
		`{"request-id":1,"type":"ModelManager","version":9,"request":"ModelInfo","params":{"entities":["a"]}}`,
		`{"request-id":2,"type":"Pinger","version":1,"request":"Ping"}`,
		`{"request-id":3,"type":"NotifyWatcher","version":1,"id":"7","request":"Next","params":{}}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requests differ (-want +got):\n%s", diff)
	}
}

func TestConcurrentCallsGetTheirOwnAnswersInAnyOrder(t *testing.T) {
	const calls = 50
	conn := connect(t, rpc.DialOptions{}, func(s *server) {
		var all []*request
		for range calls {
			all = append(all, s.next())
		}
		for _, r := range slices.Backward(all) {
			s.answer(r, string(r.Params))
		}
		s.next()
	})
	var wg sync.WaitGroup
	for i := range calls {
		wg.Go(func() {
			var got int
			if err := conn.Call(t.Context(), modelInfo, i, &got); err != nil || got != i {
				t.Errorf("call %d got %d, %v", i, got, err)
			}
		})
	}
	wg.Wait()
}

func TestWhatAnswersNothingIsIgnored(t *testing.T) {
	for name, message := range map[string]string{
		"unknown id":            `{"request-id":99,"response":{"n":1}}`,
		"id 0":                  `{"request-id":0,"error":"bad"}`,
		"no id":                 `{"response":{"n":1}}`,
		"id is text":            `{"request-id":"1","response":{"n":1}}`,
		"negative id":           `{"request-id":-1,"response":{"n":1}}`,
		"fraction":              `{"request-id":1.5,"response":{"n":1}}`,
		"too large":             `{"request-id":18446744073709551616,"response":{"n":1}}`,
		"a request with our id": `{"request-id":1,"type":"Client","version":1,"request":"Ping","params":{}}`,
		"an array":              `[{"request-id":1,"response":{"n":1}}]`,
		"null":                  `null`,
		"a number":              `1`,
		"white space":           "\n",
		"nothing":               "",
	} {
		t.Run(name, func(t *testing.T) {
			conn := connect(t, rpc.DialOptions{}, func(s *server) {
				r := s.next()
				s.send(message)
				s.answer(r, `{"n":7}`)
				echo(s)
			})
			var got struct{ N int }
			if err := conn.Call(t.Context(), modelInfo, nil, &got); err != nil || got.N != 7 {
				t.Errorf("got %v, %v; want the answer with 7", got, err)
			}
			if err := conn.Err(); err != nil {
				t.Errorf("connection ended: %v", err)
			}
		})
	}
}

func TestSecondAnswerToACallIsIgnored(t *testing.T) {
	conn := connect(t, rpc.DialOptions{}, func(s *server) {
		r := s.next()
		s.answer(r, `1`)
		s.answer(r, `2`)
		r = s.next()
		s.answer(r, `3`)
		s.next()
	})
	for _, want := range []int{1, 3} {
		var got int
		if err := conn.Call(t.Context(), modelInfo, nil, &got); err != nil || got != want {
			t.Errorf("got %d, %v; want %d", got, err, want)
		}
	}
}

func TestMessageThatIsNoJSONEndsTheConnection(t *testing.T) {
	for name, message := range map[string]string{
		"html":        "<html>canary</html>",
		"cut off":     `{"request-id":1,"response":{"a":`,
		"two objects": `{"request-id":1,"response":{}}{"request-id":2,"response":{}}`,
		"too deep":    `{"request-id":1,"response":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			conn := connect(t, rpc.DialOptions{}, func(s *server) {
				s.next()
				s.send(message)
				s.next()
			})
			err := conn.Call(t.Context(), modelInfo, nil, nil)
			if !errors.Is(err, rpc.ErrConnection) || !strings.Contains(err.Error(), "not JSON") {
				t.Errorf("got %v, want a connection error that says not JSON", err)
			}
			if err != nil && strings.Contains(err.Error(), "canary") {
				t.Errorf("error quotes the message: %v", err)
			}
			<-conn.Done()
		})
	}
}

func TestCallEndsWithItsContextAndTheConnectionLives(t *testing.T) {
	asked := make(chan *request)
	conn := connect(t, rpc.DialOptions{}, func(s *server) {
		r := s.next()
		asked <- r
		<-asked
		s.answer(r, `"late"`)
		echo(s)
	})
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("the user pressed stop")
	go func() {
		<-asked
		cancel(reason)
	}()
	err := conn.Call(ctx, modelInfo, nil, nil)
	if !errors.Is(err, context.Canceled) || !errors.Is(err, reason) {
		t.Errorf("got %v, want context.Canceled and its cause", err)
	}
	if errors.Is(err, rpc.ErrNotSent) {
		t.Errorf("%v claims that the request was not sent", err)
	}
	if n := rpc.Pending(conn); n != 0 {
		t.Errorf("%d pending calls, want the ended one forgotten", n)
	}
	close(asked)
	var got string
	if err := conn.Call(t.Context(), modelInfo, "next", &got); err != nil || got != "next" {
		t.Errorf("next call got %q, %v", got, err)
	}
}

func TestCallWithAnEndedContextIsNotSent(t *testing.T) {
	conn := connect(t, rpc.DialOptions{}, func(s *server) {
		s.answer(s.next(), `{}`)
		if r := s.next(); r != nil {
			t.Errorf("server got %v", r)
		}
	})
	if err := conn.Call(t.Context(), modelInfo, nil, nil); err != nil { // now the writer waits for work
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 50 { // a select between two ready cases would err now and then
		err := conn.Call(ctx, modelInfo, nil, nil)
		if !errors.Is(err, context.Canceled) || !errors.Is(err, rpc.ErrNotSent) {
			t.Errorf("got %v, want context.Canceled and ErrNotSent", err)
		}
	}
	conn.Close()
}

func TestCallEndsAtItsTimeLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := connect(t, rpc.DialOptions{CallTimeout: 10 * time.Second}, func(s *server) {
			for s.next() != nil {
			}
		})
		for _, tt := range []struct{ own, want time.Duration }{
			{0, 10 * time.Second},
			{3 * time.Minute, 3 * time.Minute},
		} {
			req := modelInfo
			req.Timeout = tt.own
			began := time.Now()
			err := conn.Call(t.Context(), req, nil, nil)
			var timeout *rpc.TimeoutError
			if !errors.As(err, &timeout) || !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("got %v, want a TimeoutError", err)
			}
			if diff := cmp.Diff(rpc.TimeoutError{Method: "ModelManager.ModelInfo", After: tt.want}, *timeout); diff != "" {
				t.Error(diff)
			}
			if took := time.Since(began); took != tt.want {
				t.Errorf("took %v, want %v", took, tt.want)
			}
			if errors.Is(err, rpc.ErrConnection) || conn.Err() != nil {
				t.Errorf("the connection suffered: %v, %v", err, conn.Err())
			}
		}
		if n := rpc.Pending(conn); n != 0 {
			t.Errorf("%d pending calls", n)
		}
		conn.Close()
	})
}

func TestLostConnectionFailsPendingAndLaterCallsAlike(t *testing.T) {
	const calls = 5
	conn := connect(t, rpc.DialOptions{}, func(s *server) {
		for range calls {
			s.next()
		}
		s.ws.CloseNow()
	})
	errs := make(chan error, calls)
	for range calls {
		go func() { errs <- conn.Call(t.Context(), modelInfo, nil, nil) }()
	}
	for range calls {
		err := <-errs
		var lost *rpc.ConnectionError
		if !errors.As(err, &lost) || !errors.Is(err, rpc.ErrConnection) || !errors.Is(err, io.EOF) {
			t.Errorf("got %v, want a ConnectionError of EOF", err)
		} else if !errors.Is(conn.Err(), error(lost)) || lost.URL != "ws://controller/api" {
			t.Errorf("got %#v, want the connection's one error", lost)
		}
		if errors.Is(err, rpc.ErrNotSent) {
			t.Errorf("%v claims that the request was not sent", err)
		}
	}
	<-conn.Done()
	err := conn.Call(t.Context(), modelInfo, nil, nil)
	if !errors.Is(err, rpc.ErrConnection) || !errors.Is(err, rpc.ErrNotSent) {
		t.Errorf("later call got %v, want a connection error and ErrNotSent", err)
	}
}

func TestAnswerBeforeTheEndOfTheConnectionCounts(t *testing.T) {
	for range 50 {
		conn := connect(t, rpc.DialOptions{}, func(s *server) {
			s.answer(s.next(), `{}`)
			s.ws.CloseNow()
		})
		if err := conn.Call(t.Context(), modelInfo, nil, nil); err != nil {
			t.Fatalf("got %v, want the answer", err)
		}
	}
}

func TestCloseFailsCallsAndIsIdempotent(t *testing.T) {
	asked := make(chan bool)
	conn := connect(t, rpc.DialOptions{}, func(s *server) {
		s.next()
		close(asked)
		s.next()
	})
	failed := make(chan error)
	go func() { failed <- conn.Call(t.Context(), modelInfo, nil, nil) }()
	<-asked
	conn.Close()
	conn.Close()
	for _, err := range []error{<-failed, conn.Err(), conn.Call(t.Context(), modelInfo, nil, nil)} {
		if !errors.Is(err, net.ErrClosed) || !errors.Is(err, rpc.ErrConnection) {
			t.Errorf("got %v, want a connection error of net.ErrClosed", err)
		}
	}
}

func TestCloseDoesNotWaitLongForADeafServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan bool)
		conn := connect(t, rpc.DialOptions{}, func(*server) { <-free })
		defer close(free)
		began := time.Now()
		conn.Close()
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// A server that breaks the protocol while the connection is being closed: its last message ends the
// reader, so its close frame is not read.
func TestCloseIsQuickWhateverTheServerSays(t *testing.T) {
	for _, last := range []string{"nonsense", `{"request-id":9}`, ""} {
		synctest.Test(t, func(t *testing.T) {
			conn := connect(t, rpc.DialOptions{}, func(s *server) {
				r := s.next()
				s.answer(r, `{}`)
				for range 100 {
					s.send(last)
				}
			})
			if err := conn.Call(t.Context(), modelInfo, nil, nil); err != nil {
				t.Error(err)
			}
			began := time.Now()
			conn.Close()
			if took := time.Since(began); took > time.Second {
				t.Errorf("%q: took %v", last, took)
			}
		})
	}
}
