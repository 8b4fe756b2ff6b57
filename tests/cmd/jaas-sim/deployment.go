package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/cmd/jaas-sim/operations"
	"jimm-migrator/tests/sim"
)

// dispatchPackage is the program that Juju runs.
const dispatchPackage = "jimm-migrator/src/cmd/dispatch"

// deployment is a world with the charm deployed in it, as one unit that knows
// JIMM and has the credentials of a service account.
type deployment struct {
	jaas   *sim.JAAS
	agent  *charmtest.Agent
	client *operations.Client
	socket string

	dir  string // for what the deployment builds and serves
	http *http.Server
}

// deploy starts the world and installs the charm, which is the source tree or an
// archive. ctx ends what the unit runs.
func deploy(ctx context.Context, world sim.World, charm string) (*deployment, error) {
	dir, err := os.MkdirTemp("", "jaas-sim-")
	if err != nil {
		return nil, fmt.Errorf("cannot make a folder for the world: %w", err)
	}
	d := &deployment{dir: dir}
	if err := d.start(ctx, world, charm); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func (d *deployment) start(ctx context.Context, world sim.World, charm string) error {
	changes := &operations.Changes{}
	options := charmtest.Options{OnLog: changes.Logged}
	err := d.build(ctx, charm, &options)
	if err != nil {
		return err
	}
	if d.jaas, err = sim.Start(ctx, world, sim.Options{}); err != nil {
		return err
	}
	if d.agent, err = charmtest.New(options); err != nil {
		return fmt.Errorf("cannot deploy the charm: %w", err)
	}
	if err := d.configure(); err != nil {
		return fmt.Errorf("cannot configure the charm: %w", err)
	}
	if err := d.agent.Install(ctx); err != nil {
		return fmt.Errorf("cannot install the charm: %w", err)
	}
	return d.serve(ctx, changes)
}

// build makes the hook tools and, unless charm is an archive with one in it,
// the dispatch binary.
func (d *deployment) build(ctx context.Context, charm string, options *charmtest.Options) (err error) {
	if options.Tools, err = charmtest.BuildTools(ctx, d.dir); err != nil {
		return err
	}
	if strings.HasSuffix(charm, ".charm") {
		options.CharmDir = filepath.Join(d.dir, "charm")
		return unpack(charm, options.CharmDir)
	}
	options.CharmDir, options.Dispatch = charm, filepath.Join(d.dir, "dispatch")
	return charmtest.Build(ctx, dispatchPackage, options.Dispatch)
}

// configure does what an operator does after `juju deploy`.
func (d *deployment) configure() error {
	account := d.jaas.Account("")
	uri, err := d.agent.AddSecret(charmtest.Secret{
		Label:   "jimm-migrator",
		Content: map[string]string{"client-id": account.ID, "client-secret": account.Secret},
	})
	if err != nil {
		return err
	}
	config := map[string]any{"jimm-url": d.jaas.URL(), "jimm-credentials": uri, "poll-interval": "1s"}
	if d.jaas.World().JIMM.TLS {
		config["jimm-ca-certificate"] = d.jaas.CA()
	}
	return d.agent.SetConfig(config)
}

// serve lets other processes run the unit's actions.
func (d *deployment) serve(ctx context.Context, changes *operations.Changes) error {
	d.socket = filepath.Join(d.dir, "unit.socket")
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", d.socket)
	if err != nil {
		return fmt.Errorf("cannot serve the unit: %w", err)
	}
	d.client = operations.NewClient(d.socket)
	d.http = &http.Server{
		Handler:           operations.Handler(ctx, d.agent, changes),
		ReadHeaderTimeout: time.Minute,
	}
	go d.http.Serve(listener) //nolint:errcheck // until close; clients notice
	return nil
}

// close ends everything and removes what was built.
func (d *deployment) close() error {
	var errs []error
	if d.http != nil {
		errs = append(errs, d.http.Close())
	}
	if d.agent != nil {
		errs = append(errs, d.agent.Close())
	}
	if d.jaas != nil {
		errs = append(errs, d.jaas.Close())
		for _, violation := range d.jaas.Violations() {
			errs = append(errs, fmt.Errorf("the charm did what it must never do: %v", violation))
		}
	}
	return errors.Join(append(errs, os.RemoveAll(d.dir))...)
}
