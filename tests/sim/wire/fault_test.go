package wire_test

import (
	"crypto/tls"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/tests/sim/wire"
)

func clientTLS(ca *wire.CA) *tls.Config {
	return &tls.Config{RootCAs: ca.Pool(), ServerName: wire.ControllerName, MinVersion: tls.VersionTLS12}
}

func TestFaults(t *testing.T) {
	const ok = `{"request-id":1,"response":{}}` + "\n"
	const other = `{"request-id":2,"response":{}}` + "\n"
	tests := []struct {
		action  wire.Action
		replies []string // to request 1 (method Nothing) and, 10 s later, request 2 (method Other)
		worked  int      // how often Nothing ran
		broken  bool
		at      time.Duration // when the first reply came
	}{
		{action: wire.DropBefore, broken: true},
		{action: wire.DropAfter, broken: true, worked: 1},
		{action: wire.Delay, replies: []string{ok, other}, worked: 1, at: 5 * time.Second},
		{action: wire.DelayWork, replies: []string{ok, other}, worked: 1, at: 5 * time.Second},
		{action: wire.NoAnswer, replies: []string{other}, worked: 1, at: 10 * time.Second},
		{action: wire.Ignore, replies: []string{other}, at: 10 * time.Second},
		{action: wire.Refuse, replies: []string{`{"request-id":1,"error":"scripted error","response":{}}` + "\n", other}},
		{action: wire.FailAfter, replies: []string{`{"request-id":1,"error":"scripted error","response":{}}` + "\n", other}, worked: 1},
		{action: wire.Duplicate, replies: []string{ok, ok, other}, worked: 1},
		{action: wire.UnknownID, replies: []string{`{"request-id":1099511627776,"response":{}}` + "\n", ok, other}, worked: 1},
		{action: wire.Reorder, replies: []string{other, ok}, worked: 1, at: 10 * time.Second},
	}
	for _, test := range tests {
		t.Run(string(test.action), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				faults := &wire.Faults{}
				faults.Add(wire.Fault{Facade: "Test", Method: "Nothing", Action: test.action, Delay: 5 * time.Second, Times: 1})
				b := start(t, wire.Config{Faults: faults})
				conn := b.dial(t)
				began := time.Now()
				send(t, conn, request(1, "Nothing", `{}`))
				go func() {
					<-time.After(10 * time.Second)
					conn.Write(t.Context(), 1, []byte(request(2, "Other", `{}`)))
				}()
				if test.broken {
					if _, data, err := conn.Read(t.Context()); err == nil {
						t.Errorf("reply %s, want a broken connection", data)
					}
				}
				var replies []string
				for i := range test.replies {
					replies = append(replies, receive(t, conn))
					if i == 0 && time.Since(began) != test.at {
						t.Errorf("first reply after %v, want %v", time.Since(began), test.at)
					}
				}
				<-time.After(time.Minute)
				if diff := cmp.Diff(test.replies, replies); diff != "" {
					t.Errorf("replies (-want +got):\n%s", diff)
				}
				if b.worked["Nothing"] != test.worked {
					t.Errorf("handler ran %d times, want %d", b.worked["Nothing"], test.worked)
				}
				if unused := faults.Unused(); len(unused) != 0 {
					t.Errorf("unused faults: %v", unused)
				}
			})
		})
	}
}

func TestFaultsSkipAndStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		faults := &wire.Faults{}
		faults.Add(
			wire.Fault{Method: "Nothing", Action: wire.Refuse, Error: wire.Errorf("x", "hit"), Skip: 1, Times: 2},
			wire.Fault{Path: "/elsewhere", Action: wire.DropBefore},
		)
		conn := start(t, wire.Config{Faults: faults}).dial(t)
		var got strings.Builder
		for range 5 {
			send(t, conn, request(1, "Nothing", `{}`))
			if reply := receive(t, conn); len(reply) > 40 {
				got.WriteString("x")
			} else {
				got.WriteString(".")
			}
		}
		if got.String() != ".xx.." {
			t.Errorf("hits %s, want .xx..", got.String())
		}
		if unused := faults.Unused(); len(unused) != 1 || unused[0].Path != "/elsewhere" {
			t.Errorf("unused = %v", unused)
		}
	})
}
