package loki_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/loki"
	"jimm-migrator/tests/sim/wire"
)

// fake is a Loki: it accepts pushes and stores their contents.
type fake struct {
	// answer returns the answer to the n-th push, counted from 0; nil accepts it.
	answer func(n int, w http.ResponseWriter, r *http.Request) (done bool)

	mu      sync.Mutex
	pushes  int
	lines   []string
	times   []time.Time
	streams []map[string]string
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	n := f.pushes
	f.pushes++
	f.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if f.answer != nil && f.answer(n, w, r) {
		return
	}
	var push struct {
		Streams []struct {
			Stream map[string]string
			Values [][2]string
		}
	}
	if err != nil || r.Method != http.MethodPost || r.URL.Path != "/loki/api/v1/push" || r.Header.Get("Content-Type") != "application/json" || json.Unmarshal(body, &push) != nil {
		http.Error(w, "no push", http.StatusBadRequest)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range push.Streams {
		f.streams = append(f.streams, s.Stream)
		for _, v := range s.Values {
			ns, err := strconv.ParseInt(v[0], 10, 64)
			if err != nil {
				http.Error(w, "no time", http.StatusBadRequest)
				return
			}
			f.times = append(f.times, time.Unix(0, ns))
			f.lines = append(f.lines, v[1])
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

func (f *fake) got() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.lines)
}

// serve serves a Loki in a network in memory.
func serve(t *testing.T, network *wire.Network, host string, f *fake) string {
	t.Helper()
	l, err := network.Listen(host + ":3100")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: f}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return "http://" + host + ":3100/loki/api/v1/push"
}

func numbered(from, to int) []string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprintf("line %d", i))
	}
	return out
}

func TestEachLineArrivesOnceAndInOrderAtEachLoki(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := wire.NewNetwork()
		lokis := []*fake{{}, {}}
		labels := map[string]string{"juju_unit": "a/0", "juju_model": "m"}
		client := loki.Open(t.Context(), loki.Options{
			URLs:   []string{serve(t, network, "loki-0", lokis[0]), serve(t, network, "loki-1", lokis[1])},
			Labels: labels, DialContext: network.DialContext,
		})
		want := numbered(0, 300)
		for i, line := range want {
			client.Push(line)
			if i%100 == 0 {
				<-time.After(time.Second) // virtual: what came so far is sent
			}
		}
		if err := client.Close(); err != nil {
			t.Fatal(err)
		}
		for _, f := range lokis {
			if diff := cmp.Diff(want, f.got()); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
			for i, at := range f.times {
				if i > 0 && !at.After(f.times[i-1]) {
					t.Fatalf("line %d is not later than the one before", i)
				}
			}
			for _, stream := range f.streams {
				if diff := cmp.Diff(labels, stream); diff != "" {
					t.Errorf("labels (-want +got):\n%s", diff)
				}
			}
		}
	})
}

func TestALokiThatHangsDelaysNothingAndLosesTheOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := wire.NewNetwork()
		works := &fake{}
		hangs := &fake{answer: func(_ int, _ http.ResponseWriter, r *http.Request) bool {
			<-r.Context().Done()
			return true
		}}
		dead := serve(t, network, "dead", hangs)
		client := loki.Open(t.Context(), loki.Options{URLs: []string{dead, serve(t, network, "works", works)}, DialContext: network.DialContext, Queue: 100})
		began := time.Now()
		for _, line := range numbered(0, 90) {
			client.Push(line)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("to push has taken %v", took)
		}
		synctest.Wait()
		if diff := cmp.Diff(numbered(0, 90), works.got()); diff != "" {
			t.Errorf("the Loki that works got (-want +got):\n%s", diff)
		}
		for _, line := range numbered(90, 250) {
			client.Push(line)
			synctest.Wait()
		}
		began = time.Now()
		err := client.Close()
		if took := time.Since(began); took > loki.DefaultPatience {
			t.Errorf("the end has taken %v", took)
		}
		loss, ok := errors.AsType[*loki.LossError](err)
		if !ok || loss.URL != dead || loss.Lines != 250 {
			t.Errorf("the loss is %v, want all 250 lines at %s", err, dead)
		}
	})
}

func TestALokiThatComesBackGetsTheLatestLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := wire.NewNetwork()
		f := &fake{answer: func(n int, w http.ResponseWriter, _ *http.Request) bool {
			switch n {
			case 0:
				http.Error(w, "busy", http.StatusTooManyRequests)
			case 1:
				http.Error(w, "restarting", http.StatusServiceUnavailable)
			default:
				return false
			}
			return true
		}}
		client := loki.Open(t.Context(), loki.Options{URLs: []string{serve(t, network, "loki", f)}, DialContext: network.DialContext, Queue: 10})
		for _, line := range numbered(0, 25) {
			client.Push(line)
		}
		<-time.After(time.Minute) // virtual
		if diff := cmp.Diff(numbered(15, 25), f.got()); diff != "" {
			t.Errorf("lines (-want +got):\n%s", diff)
		}
		err := client.Close()
		if loss, ok := errors.AsType[*loki.LossError](err); !ok || loss.Lines != 15 {
			t.Errorf("the loss is %v, want 15 lines", err)
		}
	})
}

func TestWhatLokiRefusesIsNotSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := wire.NewNetwork()
		f := &fake{answer: func(n int, w http.ResponseWriter, _ *http.Request) bool {
			if n > 0 {
				return false
			}
			http.Error(w, "entry too far behind", http.StatusBadRequest)
			return true
		}}
		client := loki.Open(t.Context(), loki.Options{URLs: []string{serve(t, network, "loki", f)}, DialContext: network.DialContext})
		client.Push("old")
		synctest.Wait()
		client.Push("new")
		err := client.Close()
		if diff := cmp.Diff([]string{"new"}, f.got()); diff != "" {
			t.Errorf("lines (-want +got):\n%s", diff)
		}
		const want = "cannot push 1 line to Loki at http://loki:3100/loki/api/v1/push: HTTP status 400: entry too far behind"
		if err == nil || err.Error() != want {
			t.Errorf("error is %v, want %s", err, want)
		}
	})
}

// TestAClientOutlivesItsContext cancels an action: its end is still sent.
func TestAClientOutlivesItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := wire.NewNetwork()
		f := &fake{}
		ctx, cancel := context.WithCancel(t.Context())
		client := loki.Open(ctx, loki.Options{URLs: []string{serve(t, network, "loki", f)}, DialContext: network.DialContext})
		cancel()
		synctest.Wait()
		client.Push("the end")
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"the end"}, f.got()); diff != "" {
			t.Errorf("lines (-want +got):\n%s", diff)
		}
	})
}

// TestTheEndGivesALokiAnotherChance closes while the pause after a failure lasts.
func TestTheEndGivesALokiAnotherChance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := wire.NewNetwork()
		f := &fake{answer: func(n int, w http.ResponseWriter, _ *http.Request) bool {
			if n < 2 {
				w.WriteHeader(http.StatusBadGateway)
			}
			return n < 2
		}}
		client := loki.Open(t.Context(), loki.Options{URLs: []string{serve(t, network, "loki", f)}, DialContext: network.DialContext})
		client.Push("the end")
		synctest.Wait()
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"the end"}, f.got()); diff != "" {
			t.Errorf("lines (-want +got):\n%s", diff)
		}
	})
}

func TestARedirectIsNotFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := wire.NewNetwork()
		elsewhere := &fake{}
		to := serve(t, network, "elsewhere", elsewhere)
		f := &fake{answer: func(_ int, w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, to, http.StatusTemporaryRedirect)
			return true
		}}
		client := loki.Open(t.Context(), loki.Options{URLs: []string{serve(t, network, "loki", f)}, DialContext: network.DialContext})
		client.Push("line")
		if err := client.Close(); err == nil {
			t.Error("no loss was reported")
		}
		if got := elsewhere.got(); len(got) > 0 {
			t.Errorf("%q went elsewhere", got)
		}
	})
}

func TestALokiWithTLSMustBeTrusted(t *testing.T) {
	f := &fake{}
	server := httptest.NewTLSServer(f)
	server.Config.ErrorLog = nil
	defer server.Close()
	to := server.URL + "/loki/api/v1/push"
	roots := x509.NewCertPool()
	client := loki.Open(t.Context(), loki.Options{URLs: []string{to}, RootCAs: roots})
	client.Push("to a stranger")
	err := client.Close()
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); !ok {
		t.Errorf("error is %v", err)
	}
	roots = x509.NewCertPool()
	roots.AddCert(server.Certificate())
	client = loki.Open(t.Context(), loki.Options{URLs: []string{to}, RootCAs: roots})
	client.Push("to a friend")
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"to a friend"}, f.got()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestWithoutLokiNothingHappens(t *testing.T) {
	var client *loki.Client
	client.Push("line")
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	client = loki.Open(t.Context(), loki.Options{})
	client.Push("line")
	if err := errors.Join(client.Close(), client.Close()); err != nil {
		t.Error(err)
	}
}

func TestAnAddressThatIsNoneIsALoss(t *testing.T) {
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	for _, to := range []string{"http://" + l.Addr().String() + "/push", "://", "http://127.0.0.1:99999999/"} {
		client := loki.Open(t.Context(), loki.Options{URLs: []string{to}, Patience: 50 * time.Millisecond})
		client.Push("line")
		if loss, ok := errors.AsType[*loki.LossError](client.Close()); !ok || loss.Lines != 1 {
			t.Errorf("%s: no loss of one line but %v", to, loss)
		}
	}
}

// The reason of a loss is why a push failed, not that closing ended the last one; and
// a password in an address is never shown.
func TestALossNamesItsReasonWithoutThePassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := errors.New("connection refused")
		dialled := 0
		client := loki.Open(t.Context(), loki.Options{
			URLs: []string{"http://pusher:c4n4ry@loki.example.com/loki/api/v1/push"},
			DialContext: func(context.Context, string, string) (net.Conn, error) {
				if dialled++; dialled == 1 {
					return nil, refused
				}
				ours, _ := net.Pipe() // Nothing answers: the next push ends with the client.
				return ours, nil
			},
		})
		client.Push("line")
		err := client.Close()
		if err == nil || !errors.Is(err, refused) || errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "c4n4ry") {
			t.Errorf("the loss is %v", err)
		}
	})
}
