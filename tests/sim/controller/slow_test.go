package controller_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/tests/sim/controller"
)

// slowConn is a connection to a machine that is busy: its first answer takes a while.
type slowConn struct {
	net.Conn
	wait time.Duration
}

func (s *slowConn) Read(data []byte) (int, error) {
	<-time.After(s.wait)
	s.wait = time.Nanosecond
	return s.Conn.Read(data)
}

// A target is tried for a minute; one that accepts the connection may take longer for the handshake.
func TestATargetThatIsReachedMayBeSlow(t *testing.T) {
	for _, test := range []struct {
		name, address, want string
		took                time.Duration
	}{
		{name: "slow", address: addressB, want: `"migration-id":"` + prod + `:0"`, took: 10 * time.Second},
		{name: "silent", address: "10.9.9.9:1", want: "api connection dial timed out", took: time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				both := start(t, func(a, _ *controller.Config) {
					dial := a.DialContext
					a.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
						conn, err := dial(ctx, network, address)
						return &slowConn{conn, 10 * time.Second}, err
					}
				})
				both.network.Blackhole("10.9.9.9:1", true)
				target := both.toB()
				target["addrs"] = []string{test.address}
				began := time.Now()
				reply, err := call(t.Context(), both.admin(t, addressA).conn, "Controller", 11, "InitiateMigration", map[string]any{
					"specs": []any{map[string]any{"model-tag": "model-" + prod, "target-info": target}},
				})
				if err != nil || !strings.Contains(string(reply), test.want) {
					t.Errorf("%s %v", reply, err)
				}
				if took := time.Since(began).Round(time.Second); took != test.took {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}
