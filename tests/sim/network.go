package sim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"syscall"
	"time"

	"jimm-migrator/tests/sim/wire"
)

// hostOfJIMM is the host name of JIMM on an in-memory network.
const hostOfJIMM = "jimm.example.com"

// listen makes the listener of a server that has none yet, or makes it again on the same address.
func (j *JAAS) listen(ctx context.Context, name string) (net.Listener, error) {
	c, _ := j.world.controller(name)
	address := cmp.Or(j.servers[name].address, j.options.Addresses[name], c.Listen)
	switch {
	case address == "" && j.options.Listen != nil:
		return j.options.Listen(name)
	case j.options.Network != nil:
		return j.options.Network.Listen(cmp.Or(address, j.place(name)))
	default:
		var config net.ListenConfig
		return config.Listen(ctx, "tcp", cmp.Or(address, "127.0.0.1:0"))
	}
}

// place is the address of a server on an in-memory network.
func (j *JAAS) place(name string) string {
	if name != nameJIMM {
		i := slices.IndexFunc(j.world.Controllers, func(c Controller) bool { return c.Name == name })
		return fmt.Sprintf("10.0.0.%d:17070", i+1)
	}
	if j.world.JIMM.TLS {
		return hostOfJIMM + ":443"
	}
	return hostOfJIMM + ":80"
}

// serve listens and serves a server in the background.
func (j *JAAS) serve(ctx context.Context, name string) error {
	l, err := j.listenPatiently(ctx, name)
	if err != nil {
		return err
	}
	s := j.servers[name]
	s.address, s.listener = l.Addr().String(), l
	if s.controller != nil {
		return j.begin(func() error { return s.controller.Serve(l) })
	}
	if !j.world.JIMM.TLS {
		return j.begin(func() error { return j.jimm.Serve(l) })
	}
	host, _, err := net.SplitHostPort(s.address)
	if err != nil {
		return err
	}
	names := append([]string{host, "localhost", j.dnsName()}, j.options.TLSNames...)
	leaf, err := j.ca.Leaf(names...)
	if err != nil {
		return err
	}
	return j.begin(func() error { return j.jimm.ServeTLS(l, leaf) })
}

// listenPatiently waits for an address that is in use: the port of a stopped server can meanwhile be the port of an
// outgoing connection.
func (j *JAAS) listenPatiently(ctx context.Context, name string) (net.Listener, error) {
	for attempt := 0; ; attempt++ {
		l, err := j.listen(ctx, name)
		if !errors.Is(err, syscall.EADDRINUSE) || j.servers[name].address == "" || attempt == 600 {
			return l, err
		}
		if over := wire.Wait(ctx, 100*time.Millisecond); over != nil {
			return nil, errors.Join(err, over)
		}
	}
}

// begin runs a server until it ends. Its error is ignored: clients notice.
func (j *JAAS) begin(serve func() error) error {
	j.running.Go(func() { _ = serve() })
	return nil
}
