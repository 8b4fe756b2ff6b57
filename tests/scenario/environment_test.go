package scenario_test

import (
	"context"
	"maps"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/charm/charmtest"
	"jimm-migrator/src/actions"
	"jimm-migrator/src/hooks"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/wire"
)

// processes runs the dispatch binary, and hook tools that are processes, against servers on loopback.
type processes struct{}

func (processes) options(s *stage, unit *charmtest.Options, _ *sim.Options) error {
	s.scratch = s.t.TempDir()
	unit.Dispatch, unit.Tools, unit.ExtraEnv = built.dispatch, built.tools, []string{"TMPDIR=" + s.scratch}
	return os.Chmod(s.scratch, 0o777)
}

// limit is a time limit that no result depends on.
func (processes) limit() time.Duration { return 5 * time.Minute }

// memory runs the same handlers in this process, in virtual time, against servers on an in-memory network. Their
// addresses are possible loopback addresses, so that the charm treats them alike.
type memory struct{}

func (memory) options(s *stage, unit *charmtest.Options, world *sim.Options) error {
	s.network = wire.NewNetwork()
	world.Network = s.network
	world.Addresses = map[string]string{"jimm": "127.0.0.1:8080"}
	app := charm.App{Actions: actions.All("dev"), Hooks: hooks.All(hooks.Options{Version: "dev"})}
	unit.Func = func(ctx context.Context, env []string, tools charm.Runner) int {
		e := charm.ReadEnv(charmtest.Lookup(env))
		e.DialContext = s.dialled.dial(s.network.DialContext)
		return charm.Dispatch(ctx, app, e, tools)
	}
	return nil
}

// connections are the open connections of the charm. Each must be closed when its action or hook has ended: connections
// left open add up in a process that runs many.
type connections struct {
	mu   sync.Mutex
	open map[*connection]string
}

// connection is open until it is closed.
type connection struct {
	net.Conn
	of *connections
}

// dial counts the connections that are dialled.
func (c *connections) dial(dial func(ctx context.Context, network, address string) (net.Conn, error)) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		counted := &connection{Conn: conn, of: c}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.open == nil {
			c.open = map[*connection]string{}
		}
		c.open[counted] = address
		return counted, nil
	}
}

// Close closes the connection.
func (c *connection) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// left returns the addresses of the connections that are still open.
func (c *connections) left() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Values(c.open))
}

func (memory) limit() time.Duration { return 30 * 24 * time.Hour }
