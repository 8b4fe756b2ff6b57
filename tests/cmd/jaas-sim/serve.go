package main

import (
	"context"
	_ "embed" // the world of the demo
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"jimm-migrator/tests/sim"
)

// jujuMajor is the release of Juju whose behaviour is shown.
const jujuMajor = 3

//go:embed demo.yaml
var demoWorld []byte

// loadWorld reads a world from a file, or the demo's; version, if given,
// replaces that of its JIMM.
func loadWorld(file, version string) (sim.World, error) {
	data := demoWorld
	if file != "" {
		var err error
		if data, err = os.ReadFile(file); err != nil {
			return sim.World{}, fmt.Errorf("cannot read the world: %w", err)
		}
	}
	world, err := sim.Load(data)
	if version != "" {
		world.JIMM.Version = version
	}
	return world, err
}

// serve is the command of that name.
func (p *program) serve(ctx context.Context, args []string) (err error) {
	flags := p.flags("serve [options] [WORLD.yaml]")
	state := flags.String("state", defaultState, "the `file` that says how to reach the world; its CA is put beside it")
	charm := flags.String("charm", ".", "the charm: the `path` of this repository, or of an archive")
	version := flags.String("jimm", "", "the `year` of JIMM, in place of the world's: 2024 or 2026")
	others, err := parse(flags, args)
	if err != nil {
		return err
	}
	if len(others) > 1 {
		fmt.Fprintf(p.stderr, "ERROR unrecognized args: %q\n", others[1:])
		return errUsage
	}
	if other, err := readServed(*state); err == nil && other.alive(ctx) {
		return fmt.Errorf("cannot serve a second world: process %d serves the one in %s", other.PID, *state)
	}
	world, err := loadWorld(append(others, "")[0], *version)
	if err != nil {
		return err
	}
	fmt.Fprintln(p.stderr, "Building the charm and starting the world...")
	d, err := deploy(ctx, world, *charm)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	ca := filepath.Join(filepath.Dir(*state), "ca.pem")
	if err := p.announce(d, *state, ca); err != nil {
		return err
	}
	<-ctx.Done()
	return errors.Join(os.Remove(*state), os.Remove(ca))
}

// announce tells people and other processes how to reach the world.
func (p *program) announce(d *deployment, state, ca string) error {
	if err := (served{PID: os.Getpid(), Socket: d.socket}).write(state); err != nil {
		return err
	}
	if err := os.WriteFile(ca, []byte(d.jaas.CA()), 0o600); err != nil {
		return fmt.Errorf("cannot write the certificate authority: %w", err)
	}
	d.describe(p.stdout)
	fmt.Fprintf(p.stdout, "\nIts certificate authority is in %s. Interrupt (Ctrl-C) ends it. In another terminal:\n"+
		"  go run ./tests/cmd/jaas-sim run %s list-controllers\n", ca, d.agent.Unit())
	return nil
}

// describe shows what there is.
func (d *deployment) describe(w io.Writer) {
	world := d.jaas.World()
	table := tabwriter.NewWriter(w, 0, 1, 2, ' ', 0)
	account := d.jaas.Account("")
	fmt.Fprintf(table, "JIMM\tof %s\t%s\tservice account %s, secret %s\n",
		world.JIMM.Version, d.jaas.URL(), account.ID, account.Secret)
	for _, c := range world.Controllers {
		fmt.Fprintf(table, "controller\t%s\tJuju %s\t%s\n", c.Name, c.Version, c.UUID)
	}
	for _, m := range world.Models {
		fmt.Fprintf(table, "model\t%s/%s\ton %s\t%s\n", m.Owner, m.Name, m.Controller, m.UUID)
	}
	status := d.agent.Status()
	fmt.Fprintf(table, "unit\t%s\t%s\t%s\n", d.agent.Unit(), status.Status, status.Message)
	table.Flush()
}
