package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
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

// deploy starts the world, builds the charm in charmDir and installs it. ctx
// ends what the unit runs.
func deploy(ctx context.Context, world sim.World, charmDir string) (*deployment, error) {
	dir, err := os.MkdirTemp("", "jaas-sim-")
	if err != nil {
		return nil, fmt.Errorf("cannot make a folder for the world: %w", err)
	}
	d := &deployment{dir: dir}
	if err := d.start(ctx, world, charmDir); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func (d *deployment) start(ctx context.Context, world sim.World, charmDir string) error {
	dispatch := filepath.Join(d.dir, "dispatch")
	if err := charmtest.Build(ctx, dispatchPackage, dispatch); err != nil {
		return err
	}
	tools, err := charmtest.BuildTools(ctx, d.dir)
	if err != nil {
		return err
	}
	if d.jaas, err = sim.Start(ctx, world, sim.Options{}); err != nil {
		return err
	}
	changes := &operations.Changes{}
	options := charmtest.Options{CharmDir: charmDir, Dispatch: dispatch, Tools: tools, OnLog: changes.Logged}
	d.configure(&options)
	if d.agent, err = charmtest.New(options); err != nil {
		return fmt.Errorf("cannot deploy the charm: %w", err)
	}
	if err := d.agent.Install(ctx); err != nil {
		return fmt.Errorf("cannot install the charm: %w", err)
	}
	return d.serve(ctx, changes)
}

// configure does what an operator does after `juju deploy`.
func (d *deployment) configure(options *charmtest.Options) {
	const secret = "jaassimcredentials00" // an id has 20 characters
	account := d.jaas.Account("")
	options.Secrets = []charmtest.Secret{{
		ID: secret, Label: "jimm-migrator",
		Content: map[string]string{"client-id": account.ID, "client-secret": account.Secret},
	}}
	options.Config = map[string]any{
		"jimm-url":         d.jaas.URL(),
		"jimm-credentials": "secret:" + secret,
		"poll-interval":    "1s",
	}
	if d.jaas.World().JIMM.TLS {
		options.Config["jimm-ca-certificate"] = d.jaas.CA()
	}
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
