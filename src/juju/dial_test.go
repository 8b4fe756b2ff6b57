package juju_test

import (
	"context"
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/wire"
)

// path answers every request with the path of its connection.
func path(r request) string { return `"response":"` + r.Path + `"` }

// ask returns what path answers.
func ask(t *testing.T, conn *juju.Conn) string {
	t.Helper()
	var answer string
	if err := conn.Call(t.Context(), rpc.Request{Facade: "Test", Method: "Path"}, nil, &answer); err != nil {
		t.Error(err)
	}
	return answer
}

// The leaf names juju-apiserver alone: a client that verifies the address fails.
func TestDialByAddressVerifiesTheControllersOwnName(t *testing.T) {
	ca := newAuthority(t)
	for _, addr := range []string{"10.0.0.5:17070", "[fd00::5]:17070", "controller.example.com:17070"} {
		for uuid, want := range map[string]string{"": "/api", modelUUID: "/model/" + modelUUID + "/api"} {
			net := start(t, map[string]*fake{addr: controller(t, ca, path)})
			conn, err := juju.Dial(t.Context(), juju.Options{
				Addresses: []string{addr}, CACert: ca.PEM(), ModelUUID: uuid, DialContext: net.DialContext,
			})
			if err != nil {
				t.Errorf("%s: %v", addr, err)
				continue
			}
			if got := ask(t, conn); got != want || conn.Address() != addr {
				t.Errorf("%s: connected to %s%s, want %s", addr, conn.Address(), got, want)
			}
			conn.Close()
			if !errors.Is(conn.Err(), rpc.ErrConnection) {
				t.Errorf("closed connection: %v", conn.Err())
			}
			<-conn.Done()
		}
	}
}

func TestServersAreVerified(t *testing.T) {
	private, public, other := newAuthority(t), newAuthority(t), newAuthority(t)
	const name, numeric = "controller.example.com:443", "203.0.113.7:443"
	for what, tt := range map[string]struct {
		addr    string
		servers *wire.CA // signs the leaf of the server
		leaf    string
		caCert  string
		ok      bool
		errs    []string
		dials   int
	}{
		"own CA":                            {name, private, "juju-apiserver", private.PEM(), true, nil, 1},
		"own CA among others":               {name, private, "juju-apiserver", other.PEM() + private.PEM(), true, nil, 1},
		"own CA, public name in the leaf":   {name, private, "controller.example.com", private.PEM(), false, []string{"not juju-apiserver", "unknown authority"}, 2},
		"another CA":                        {name, other, "juju-apiserver", private.PEM(), false, []string{"unknown authority"}, 2},
		"public name beside own CA":         {name, public, "controller.example.com", private.PEM(), true, nil, 2},
		"public name, no CA":                {name, public, "controller.example.com", "", true, nil, 1},
		"public name, white space as CA":    {name, public, "controller.example.com", " \n", true, nil, 1},
		"another public name":               {name, public, "evil.example.com", "", false, []string{"evil.example.com"}, 1},
		"another public name beside own CA": {name, public, "evil.example.com", private.PEM(), false, []string{"not juju-apiserver", "not controller.example.com"}, 2},
		"juju-apiserver of a public CA":     {numeric, public, "juju-apiserver", private.PEM(), false, []string{"unknown authority"}, 1},
		"address, no CA":                    {numeric, public, "controller.example.com", "", false, []string{"203.0.113.7"}, 1},
		"own CA unknown to the system":      {name, private, "juju-apiserver", "", false, []string{"certificate"}, 1},
	} {
		t.Run(what, func(t *testing.T) {
			net := start(t, map[string]*fake{tt.addr: {cert: leaf(t, tt.servers, tt.leaf), answer: path}})
			conn, err := juju.Dial(t.Context(), juju.WithSystemRoots(juju.Options{
				Addresses: []string{tt.addr}, CACert: tt.caCert, DialContext: net.DialContext,
			}, public.Pool()))
			if len(net.dialed) != tt.dials {
				t.Errorf("dialled %q, want %d times", net.dialed, tt.dials)
			}
			if tt.ok {
				if err != nil {
					t.Fatal(err)
				}
				conn.Close()
				return
			}
			if !errors.Is(err, rpc.ErrConnection) {
				t.Fatalf("got %v, want a connection error", err)
			}
			for _, want := range tt.errs {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not name %q", err, want)
				}
			}
		})
	}
}

func TestRefusedConnectionIsNotTriedWithOtherRoots(t *testing.T) {
	ca := newAuthority(t)
	net := start(t, nil)
	_, err := juju.Dial(t.Context(), juju.Options{
		Addresses: []string{"controller.example.com:443"}, CACert: ca.PEM(), DialContext: net.DialContext,
	})
	const want = "cannot connect to controller: no connection to wss://controller.example.com:443/api: dial tcp controller.example.com:443: connect: connection refused"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %q", err, want)
	}
	if len(net.dialed) != 1 {
		t.Errorf("dialled %v", net.dialed)
	}
}

func TestAddressesAreRaced(t *testing.T) {
	type pace struct {
		silent  bool
		refuses bool
		delay   time.Duration
	}
	const a, b, c = "10.0.0.1:17070", "10.0.0.2:17070", "10.0.0.3:17070"
	for name, tt := range map[string]struct {
		hosts map[string]pace
		want  string
		after time.Duration
		dials []string
	}{
		"the first answers": {
			map[string]pace{a: {}, b: {}, c: {}}, a, 0, []string{a},
		},
		"refusals do not wait": {
			map[string]pace{c: {}}, c, 0, []string{a, b, c},
		},
		"silence costs one interval each": {
			map[string]pace{a: {silent: true}, b: {silent: true}, c: {}}, c, 400 * time.Millisecond, []string{a, b, c},
		},
		"a late refusal begins a new interval": {
			map[string]pace{a: {refuses: true, delay: 150 * time.Millisecond}, b: {silent: true}, c: {}},
			c, 350 * time.Millisecond,
			[]string{a, b, c},
		},
		"a slow one still wins": {
			map[string]pace{a: {delay: 250 * time.Millisecond}, b: {silent: true}, c: {delay: time.Second}},
			a, 250 * time.Millisecond,
			[]string{a, b},
		},
		"a faster one overtakes": {
			map[string]pace{a: {delay: 900 * time.Millisecond}, b: {}, c: {}}, b, 200 * time.Millisecond, []string{a, b},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ca := newAuthority(t)
				hosts := map[string]*fake{}
				for addr, host := range tt.hosts {
					fake := controller(t, ca, path)
					fake.silent, fake.refuses, fake.delay = host.silent, host.refuses, host.delay
					hosts[addr] = fake
				}
				net := start(t, hosts)
				began := time.Now()
				conn, err := juju.Dial(t.Context(), juju.Options{
					Addresses: []string{a, b, a, c}, CACert: ca.PEM(), DialContext: net.DialContext,
				})
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				if conn.Address() != tt.want {
					t.Errorf("connected to %s, want %s", conn.Address(), tt.want)
				}
				if took := time.Since(began); took != tt.after {
					t.Errorf("took %v, want %v", took, tt.after)
				}
				if diff := cmp.Diff(tt.dials, net.dialed); diff != "" {
					t.Errorf("dials differ (-want +got):\n%s", diff)
				}
				if got := ask(t, conn); got != "/api" {
					t.Errorf("got %q", got)
				}
				synctest.Wait() // until the servers have seen the end of what was closed
				for addr, host := range hosts {
					if open, _ := host.connections(); open != 0 && addr != tt.want {
						t.Errorf("%s still has %d connections", addr, open)
					}
				}
			})
		})
	}
}

// An attempt that succeeds although the race is over, as the end of a context
// and the success of a handshake may cross.
func TestLoserOfTheRaceIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca := newAuthority(t)
		host := controller(t, ca, path)
		net := start(t, map[string]*fake{addr: host})
		var conns [2]*rpc.Conn
		winner, i, err := juju.Race(t.Context(), 2, func(ctx context.Context, i int) (*rpc.Conn, error) {
			conn, err := rpc.Dial(context.WithoutCancel(ctx), "wss://"+addr+"/api", rpc.DialOptions{
				RootCAs: ca.Pool(), ServerName: "juju-apiserver", DialContext: net.DialContext,
			})
			conns[i] = conn
			if i == 0 {
				<-ctx.Done()
			}
			return conn, err
		})
		if err != nil {
			t.Fatal(err)
		}
		defer winner.Close()
		if i != 1 || winner != conns[1] || winner.Err() != nil {
			t.Errorf("attempt %d won, %v", i, winner.Err())
		}
		if conns[0].Err() == nil {
			t.Error("the loser was left open")
			conns[0].Close()
		}
	})
}

func TestDialSaysWhyEachAddressFailed(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	web := controller(t, ca, path)
	web.refuse = 404
	net := start(t, map[string]*fake{
		"10.0.0.1:1": controller(t, other, path),
		"10.0.0.2:1": web,
	})
	_, err := juju.Dial(t.Context(), juju.Options{
		Addresses: []string{"10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1"}, CACert: ca.PEM(), DialContext: net.DialContext,
	})
	var authority x509.UnknownAuthorityError
	var handshake *rpc.HandshakeError
	if !errors.As(err, &authority) || !errors.As(err, &handshake) || !errors.Is(err, rpc.ErrConnection) {
		t.Fatalf("got %v, want all three reasons", err)
	}
	for _, want := range []string{"10.0.0.1:1/api: tls: ", "10.0.0.2:1/api: the server answered HTTP 404", "10.0.0.3:1: connect: connection refused"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

func TestDialEnds(t *testing.T) {
	const silent = "10.0.0.1:1"
	for name, tt := range map[string]struct {
		limit time.Duration
		ctx   time.Duration
		after time.Duration
	}{
		"at its default limit":  {0, time.Hour, 30 * time.Second},
		"at its own limit":      {5 * time.Second, time.Hour, 5 * time.Second},
		"with its context":      {time.Minute, time.Second, time.Second},
		"before any other dial": {time.Minute, time.Millisecond, time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ca := newAuthority(t)
				host := controller(t, ca, path)
				host.silent = true
				net := start(t, map[string]*fake{silent: host, "10.0.0.2:1": host})
				ctx, cancel := context.WithTimeout(t.Context(), tt.ctx)
				defer cancel()
				began := time.Now()
				_, err := juju.Dial(ctx, juju.Options{
					Addresses: []string{silent, "10.0.0.2:1"}, CACert: ca.PEM(),
					DialContext: net.DialContext, DialTimeout: tt.limit,
				})
				if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, rpc.ErrConnection) {
					t.Errorf("got %v", err)
				}
				if took := time.Since(began); took != tt.after {
					t.Errorf("took %v, want %v", took, tt.after)
				}
			})
		})
	}
}

func TestBadOptionsAreRefusedBeforeDialling(t *testing.T) {
	ca := newAuthority(t)
	net := start(t, nil)
	good := []string{"10.0.0.1:17070"}
	for name, opts := range map[string]juju.Options{
		"no address":       {CACert: ca.PEM()},
		"no port":          {Addresses: []string{"10.0.0.1"}},
		"port 0":           {Addresses: []string{"10.0.0.1:0"}},
		"big port":         {Addresses: []string{"10.0.0.1:70000"}},
		"named port":       {Addresses: []string{"10.0.0.1:https"}},
		"no host":          {Addresses: []string{":17070"}},
		"bare IPv6":        {Addresses: []string{"fd00::5:17070"}},
		"URL":              {Addresses: []string{"wss://10.0.0.1:17070"}},
		"path":             {Addresses: []string{"10.0.0.1/x:17070"}},
		"user":             {Addresses: []string{"me@10.0.0.1:17070"}},
		"no PEM":           {Addresses: good, CACert: "canary"},
		"short model UUID": {Addresses: good, ModelUUID: "6f0e1c5e"},
		"path as model":    {Addresses: good, ModelUUID: "../../api"},
		"upper case model": {Addresses: good, ModelUUID: strings.ToUpper(modelUUID)},
	} {
		opts.DialContext = net.DialContext
		_, err := juju.Dial(t.Context(), opts)
		if err == nil || !strings.HasPrefix(err.Error(), "cannot ") || errors.Is(err, rpc.ErrConnection) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if len(net.dialed) != 0 {
		t.Errorf("dialled %v", net.dialed)
	}
}

func TestOneBadAddressDoesNotSpoilTheOthers(t *testing.T) {
	ca := newAuthority(t)
	net := start(t, map[string]*fake{"10.0.0.2:1": controller(t, ca, path)})
	conn, err := juju.Dial(t.Context(), juju.Options{
		Addresses: []string{"10.0.0.1", " 10.0.0.2:1 "}, CACert: ca.PEM(), DialContext: net.DialContext,
	})
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}
