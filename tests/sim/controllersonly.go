package sim

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"

	"jimm-migrator/tests/sim/wire"
)

// StartControllers serves the controllers of a world and their models, but no JIMM, so that a real one can add them.
// What the world says about JIMM has no effect, except its UUID, which makes the user of models that were
// "created-here".
//
// Certificates are for juju-apiserver, localhost, 127.0.0.1 and Options.TLSNames. Messages are not kept; Options.Log
// sees them. Registration returns what AddController needs. The context limits only the start.
func StartControllers(ctx context.Context, world World, options Options) (*JAAS, error) {
	world, err := world.filled()
	if err != nil {
		return nil, err
	}
	if options.CA == nil {
		if options.CA, err = wire.NewCA("simulated controllers"); err != nil {
			return nil, err
		}
	}
	options.NoMessages = true
	options.TLSNames = append([]string{"localhost", "127.0.0.1"}, options.TLSNames...)
	j := newJAAS(world, options)
	for _, c := range world.Controllers {
		if err = j.addController(ctx, c); err != nil {
			break
		}
	}
	for _, start := range []func(context.Context) error{j.addModels, j.startMigrations} {
		if err == nil {
			err = start(ctx)
		}
	}
	if err == nil {
		err = j.finish()
	}
	if err != nil {
		return nil, fmt.Errorf("cannot start the controllers: %w", j.failed(err))
	}
	return j, nil
}

// Registration holds the parameters of JIMM.AddController for one controller. The keys are those of its params, and of
// the file that "jimmctl add-controller" reads.
type Registration struct {
	Name          string   `json:"name" yaml:"name"`
	UUID          string   `json:"uuid" yaml:"uuid"`
	PublicAddress string   `json:"public-address" yaml:"public-address"`
	TLSHostname   string   `json:"tls-hostname" yaml:"tls-hostname"`
	APIAddresses  []string `json:"api-addresses" yaml:"api-addresses"`
	CACertificate string   `json:"ca-certificate" yaml:"ca-certificate"`
	Username      string   `json:"username" yaml:"username"`
	Password      string   `json:"password" yaml:"password"`
}

// String leaves the password out.
func (r Registration) String() string { return "registration of controller " + r.Name }

// GoString leaves the password out.
func (r Registration) GoString() string { return r.String() }

// Registration returns the parameters with which JIMM can add a controller. A loopback address is named localhost,
// because JIMM leaves out addresses of its own machine, except for the public one (JIMM of 2024 and 2026, recorded).
// The password is that of the superuser; JIMM keeps it, and sends it to the source of a migration.
func (j *JAAS) Registration(name string) Registration {
	c := j.Controller(name)
	described, _ := j.world.controller(name)
	user := superuser(described)
	public := j.servers[name].address
	if host, port, err := net.SplitHostPort(public); err == nil {
		if ip := net.ParseIP(host); ip != nil && (ip.IsLoopback() || ip.IsUnspecified()) {
			public = net.JoinHostPort("localhost", port)
		}
	}
	return Registration{
		Name: name, UUID: c.UUID(), PublicAddress: public, TLSHostname: wire.ControllerName, APIAddresses: c.Addresses(),
		CACertificate: j.ca.PEM(), Username: user.Name, Password: user.Password,
	}
}

// Address returns the host:port of a server: jimm, or a controller.
func (j *JAAS) Address(name string) string {
	if s := j.servers[name]; s != nil {
		return s.address
	}
	panic(fmt.Sprintf("no server %q in this world", name))
}

// LogTo returns a log for Options.Log that writes one line per event: time, connection, path, and "<-" for a message of
// the client or "->" for one to it. The messages are whole, secrets included.
func LogTo(w io.Writer) func(wire.Event) {
	var mu sync.Mutex
	return func(e wire.Event) {
		text := string(e.Data)
		switch e.Kind {
		case wire.Received:
			text = "<- " + text
			if e.Fault != "" {
				text += " (fault: " + string(e.Fault) + ")"
			}
		case wire.Sent:
			text = "-> " + text
		case wire.Closed:
			if text = fmt.Sprintf("closed %d", e.Status); e.Status == -1 {
				text = "broken"
			}
		case wire.Opened:
			text = "opened"
		}
		mu.Lock()
		defer mu.Unlock()
		_, _ = fmt.Fprintf(w, "%s %s [%s] %s\n", e.Time.UTC().Format("15:04:05.000"), e.Conn, e.Path, text)
	}
}
