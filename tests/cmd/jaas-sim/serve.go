package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"jimm-migrator/tests/sim"
)

// serveOptions are the options of the command serve.
type serveOptions struct {
	state           string
	charm           string
	version         string
	units           uint
	log             string
	lines           string
	statusEvery     time.Duration
	listen          map[string]string
	names           []string
	controllersOnly bool
	keys, keysCA    string
}

// parseServe reads the command line of serve and returns the file of the world.
func (p *program) parseServe(args []string) (o serveOptions, world string, err error) {
	o = serveOptions{state: defaultState, charm: ".", units: 1, statusEvery: 5 * time.Minute, listen: map[string]string{}}
	set := newFlags(
		"jaas-sim serve [options] [WORLD.yaml]",
		`Serves the JAAS that WORLD.yaml describes (tests/sim/README.md), or that of the demo, on loopback, with
the charm deployed in it, until interrupted.

With --controllers-only it serves the controllers and their models alone, under the names that they have in
WORLD.yaml, for a real JIMM to adopt: it also writes a NAME.yaml for each, next to the state file, for
"jimmctl add-controller".`,
	)
	set.text(&o.charm, "the charm: this repository, or an archive; default .", "charm")
	set.toggle(&o.controllersOnly, "no JIMM, no charm", "controllers-only")
	set.text(&o.version, "of JIMM, in place of the world's: 2024, 2025 or 2026", "jimm")
	set.text(&o.keysCA, "certificate authority of the server of --jwks-url, in PEM format; default: those of the system", "jwks-ca")
	set.text(&o.keys,
		"key set of the real JIMM, with which the controllers verify its logins: https://HOST/.well-known/jwks.json", "jwks-url")
	set.pairs(o.listen, "NAME=HOST:PORT", "address on which a controller, or \"jimm\", listens; can be repeated; default: a free port of loopback", "listen")
	set.text(&o.lines, "file for what is sent to Loki, once it is related (integrate jimm-migrator:logging loki), as lines of JSON", "lines")
	set.text(&o.log, "file for every message of every server, secrets included", "log")
	set.text(&o.state, "file that says how to reach the world; the CA is written next to it; default "+defaultState, "state")
	set.duration(&o.statusEvery, "time between two update-status hooks; default 5m, as in Juju", "update-status-hook-interval")
	set.words(&o.names, "additional name or IP address in the certificates; can be repeated", "tls-name")
	set.number(&o.units, "of the charm; default 1", "units")
	others, err := p.parse(set, args)
	if err != nil {
		return o, "", err
	}
	if o.units == 0 {
		return o, "", usageError{errors.New("the charm needs a unit")}
	}
	if !o.controllersOnly && o.keys+o.keysCA != "" {
		return o, "", usageError{errors.New("--jwks-url and --jwks-ca are for --controllers-only")}
	}
	if len(others) > 1 {
		return o, "", noArguments(others[1:])
	}
	return o, append(others, "")[0], nil
}

// serve is the command of that name.
func (p *program) serve(ctx context.Context, args []string) (err error) {
	options, file, err := p.parseServe(args)
	if err != nil {
		return err
	}
	if other, err := readServed(options.state); err == nil && other.alive(ctx) {
		return fmt.Errorf("cannot serve a second world: process %d serves the one in %s", other.PID, options.state)
	}
	plan, log, err := options.plan(file)
	if err != nil {
		return err
	}
	if log != nil {
		defer func() { err = errors.Join(err, log.Close()) }()
	}
	if options.lines != "" {
		lines, err := create(options.lines)
		if err != nil {
			return fmt.Errorf("cannot store what is sent to Loki: %w", err)
		}
		defer lines.Close()
		plan.lines = lines
	}
	if plan.controllersOnly {
		fmt.Fprintln(p.stderr, "Starting the controllers...")
	} else {
		fmt.Fprintln(p.stderr, "Building the charm (up to a minute the first time) and starting a simulated JAAS...")
	}
	d, err := deploy(ctx, plan)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	files := &stateFiles{state: options.state}
	defer func() { err = errors.Join(err, files.remove()) }()
	if err := files.write(d); err != nil {
		return err
	}
	d.describe(p.stdout)
	p.announce(d, files)
	<-ctx.Done()
	for _, violation := range d.jaas.Violations() {
		fmt.Fprintln(p.stderr, "WARNING the charm did what it must never do:", violation)
	}
	return nil
}

// plan reads the world and the files that the options name. The log is to be closed at the end, unless it is nil.
func (o *serveOptions) plan(file string) (p plan, log io.Closer, err error) {
	p = plan{charm: o.charm, units: int(o.units), controllersOnly: o.controllersOnly, statusEvery: o.statusEvery}
	if p.world, err = loadWorld(file, o.version); err != nil {
		return p, nil, err
	}
	for name := range o.listen {
		known := func(c sim.Controller) bool { return c.Name == name }
		if name != "jimm" && !slices.ContainsFunc(p.world.Controllers, known) {
			return p, nil, fmt.Errorf("cannot listen for %q: the world has no such controller", name)
		}
	}
	p.options = sim.Options{NoMessages: true, Addresses: o.listen, TLSNames: o.names, JWKSURL: o.keys}
	if o.keysCA != "" {
		if p.options.JWKSRoots, err = readPool(o.keysCA); err != nil {
			return p, nil, err
		}
	}
	if o.log == "" {
		return p, nil, nil
	}
	out, err := create(o.log)
	if err != nil {
		return p, nil, fmt.Errorf("cannot log the messages: %w", err)
	}
	p.options.Log = sim.LogTo(out)
	return p, out, nil
}

// create makes or empties a file that only this user can read.
func create(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
}

// announce reports how to reach the world.
func (p *program) announce(d *deployment, files *stateFiles) {
	fmt.Fprintf(p.stdout, "\nThe certificate authority is in %s. Interrupt (Ctrl-C) to stop.\n", files.ca())
	if d.plan.controllersOnly {
		fmt.Fprintf(p.stdout, "In a real JIMM:\n  jimmctl add-controller %s\n",
			filepath.Join(filepath.Dir(files.state), d.jaas.World().Controllers[0].Name+".yaml"))
		return
	}
	fmt.Fprintf(p.stdout, "In another terminal:\n  %s run %s list-controllers\n", ownCommand(os.Args[0]), d.agents[0].Unit())
}

// ownCommand is how to start this program again; "go run" leaves it in a temporary folder.
func ownCommand(started string) string {
	if strings.Contains(started, string(filepath.Separator)+"go-build") {
		return "go run ./tests/cmd/jaas-sim"
	}
	return started
}
