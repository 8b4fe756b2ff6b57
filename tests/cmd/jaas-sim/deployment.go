package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/juju/charm/v12"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/cmd/jaas-sim/application"
	"jimm-migrator/tests/cmd/jaas-sim/operations"
	"jimm-migrator/tests/logql"
	"jimm-migrator/tests/sim"
)

// The user secret with the service account.
const (
	accountName = "jimm-migrator"
	accountURI  = "secret:d4f1k8cmp25c78bm2t0g"
)

// dispatchPackage is the program that Juju runs.
const dispatchPackage = "jimm-migrator/src/cmd/dispatch"

// plan describes what to deploy.
type plan struct {
	world   sim.World
	options sim.Options
	charm   string // the source tree, or an archive
	units   int
	// controllersOnly leaves out JIMM and the charm.
	controllersOnly bool
	// statusEvery is the time between two hooks update-status; 0: there is none.
	statusEvery time.Duration
	// lines gets what is sent to Loki, as lines of JSON; nil: it is discarded.
	lines io.Writer
}

// deployment is a world with the charm deployed in it. Its units are configured for JIMM and have the credentials of a
// service account.
type deployment struct {
	plan   plan
	jaas   *sim.JAAS
	agents []*charmtest.Agent // the first is the leader
	client *operations.Client
	socket string

	loki   net.Listener // of a Loki that accepts every line
	lineMu sync.Mutex   // for plan.lines

	dir  string // for what the deployment builds and serves
	http *http.Server
}

// deploy starts the world and installs the charm. ctx ends the processes of the units.
func deploy(ctx context.Context, plan plan) (*deployment, error) {
	dir, err := os.MkdirTemp("", "jaas-sim-")
	if err != nil {
		return nil, fmt.Errorf("cannot create a directory for the world: %w", err)
	}
	d := &deployment{plan: plan, dir: dir}
	if err := d.start(ctx); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func (d *deployment) start(ctx context.Context) (err error) {
	model := operations.Options{Sequence: &charmtest.Sequence{}, Changes: &operations.Changes{}}
	if d.plan.controllersOnly {
		if d.jaas, err = sim.StartControllers(ctx, d.plan.world, d.plan.options); err != nil {
			return err
		}
		return d.serve(ctx, model)
	}
	unit := charmtest.Options{OnLog: model.Changes.Logged, Sequence: model.Sequence}
	if err := d.build(ctx, &unit); err != nil {
		return err
	}
	if d.jaas, err = sim.Start(ctx, d.plan.world, d.plan.options); err != nil {
		return err
	}
	for range d.plan.units {
		if err := d.addUnit(ctx, unit); err != nil {
			return err
		}
		model.Agents = append(model.Agents, d.agents[len(d.agents)-1])
	}
	return d.serve(ctx, model)
}

// build makes the hook tools and, unless the charm is an archive with one in it,
// the dispatch binary.
func (d *deployment) build(ctx context.Context, unit *charmtest.Options) (err error) {
	own, err := os.Executable()
	if err != nil {
		return fmt.Errorf("cannot find the hook tools: %w", err)
	}
	unit.Tools = charmtest.NewTools(own) // see main
	if strings.HasSuffix(d.plan.charm, ".charm") {
		unit.CharmDir = filepath.Join(d.dir, "charm")
		return unpack(d.plan.charm, unit.CharmDir)
	}
	unit.CharmDir, unit.Dispatch = d.plan.charm, filepath.Join(d.dir, "dispatch")
	return charmtest.Build(ctx, d.plan.charm, dispatchPackage, unit.Dispatch)
}

// addUnit runs what follows `juju add-unit`.
func (d *deployment) addUnit(ctx context.Context, options charmtest.Options) error {
	options.UnitNumber, options.NotLeader = len(d.agents), len(d.agents) > 0
	agent, err := charmtest.New(options)
	if err != nil {
		return fmt.Errorf("cannot deploy the charm: %w", err)
	}
	d.agents = append(d.agents, agent)
	if err := d.configure(agent); err != nil {
		return fmt.Errorf("cannot configure the charm: %w", err)
	}
	if err := agent.Install(ctx); err != nil {
		return fmt.Errorf("cannot install the charm: %w", err)
	}
	return nil
}

// configure does what an administrator does after `juju deploy`, once for each unit: each agent has its own copy of the
// application's settings.
func (d *deployment) configure(agent *charmtest.Agent) error {
	account := d.jaas.Account("")
	uri, err := agent.AddSecret(charmtest.Secret{
		ID: accountURI, Label: accountName,
		Content: map[string]string{"client-id": account.ID, "client-secret": account.Secret},
	})
	if err != nil {
		return err
	}
	config := map[string]any{"jimm-url": d.jaas.URL(), "jimm-credentials": uri, "poll-interval": "1s"}
	if d.jaas.World().JIMM.TLS {
		config["jimm-ca-certificate"] = d.jaas.CA()
	}
	return agent.SetConfig(config)
}

// serve lets other processes run the units' actions.
func (d *deployment) serve(ctx context.Context, model operations.Options) error {
	d.socket = filepath.Join(d.dir, "operations.socket")
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", d.socket)
	if err != nil {
		return fmt.Errorf("cannot serve the units: %w", err)
	}
	d.client = operations.NewClient(d.socket)
	mux := http.NewServeMux()
	mux.Handle("/", operations.Handler(operations.NewModel(ctx, model)))
	if len(d.agents) > 0 {
		if d.loki, err = (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
			return fmt.Errorf("cannot serve Loki: %w", err)
		}
		go http.Serve(d.loki, http.HandlerFunc(d.takeLines)) //nolint:errcheck,gosec // until close; the units are its only clients
		mux.Handle("/application/", application.Handler(application.New(ctx, application.Options{
			Agents: d.agents, Model: "jaas-ops", Secrets: map[string]string{accountName: accountURI}, Remote: d.remote, Refresh: d.refreshed,
			StatusEvery: d.plan.statusEvery,
		})))
	}
	d.http = &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: time.Minute,
	}
	go d.http.Serve(listener) //nolint:errcheck // until close; clients notice
	return nil
}

// close ends everything and removes what was built.
func (d *deployment) close() error {
	var errs []error
	if d.loki != nil {
		errs = append(errs, d.loki.Close())
	}
	if d.http != nil {
		errs = append(errs, d.http.Close())
	}
	for _, agent := range d.agents {
		errs = append(errs, agent.Close())
	}
	if d.jaas != nil {
		errs = append(errs, d.jaas.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(d.dir))...)
}

// takeLines is the push API of Loki.
func (d *deployment) takeLines(w http.ResponseWriter, r *http.Request) {
	var push struct {
		Streams []struct {
			Stream map[string]string
			Values [][2]string
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&push); err != nil {
		http.Error(w, "no push: "+err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
	if d.plan.lines == nil {
		return
	}
	d.lineMu.Lock()
	defer d.lineMu.Unlock()
	for _, stream := range push.Streams {
		for _, value := range stream.Values {
			at, _ := strconv.ParseInt(value[0], 10, 64)
			line := logql.Entry{At: time.Unix(0, at).UTC(), Labels: stream.Stream, Line: value[1]}
			_ = json.NewEncoder(d.plan.lines).Encode(line) // Loki has them
		}
	}
}

// unpack extracts a charm's archive as Juju's agent does.
func unpack(archive, folder string) error {
	packed, err := charm.ReadCharmArchive(archive)
	if err == nil {
		err = packed.ExpandTo(folder)
	}
	if err != nil {
		return fmt.Errorf("cannot unpack the charm: %w", err)
	}
	return nil
}
