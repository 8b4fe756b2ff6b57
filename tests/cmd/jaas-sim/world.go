package main

import (
	_ "embed" // the world of the demo
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"jimm-migrator/tests/sim"
)

//go:embed demo.yaml
var demoWorld []byte

// loadWorld reads a world from a file, or the demo's; version, if given, replaces that of its JIMM.
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

// describe prints the contents of the world.
func (d *deployment) describe(w io.Writer) {
	world := d.jaas.World()
	table := tabwriter.NewWriter(w, 0, 1, 2, ' ', 0)
	if !d.plan.controllersOnly {
		account := d.jaas.Account("")
		fmt.Fprintf(table, "JIMM\tof %s\t%s\tservice account %s, secret %s\n",
			world.JIMM.Version, d.jaas.URL(), account.ID, account.Secret)
	}
	for _, c := range world.Controllers {
		fmt.Fprintf(table, "controller\t%s\tJuju %s\t%s\t%s\n", c.Name, c.Version, c.UUID, d.jaas.Address(c.Name))
	}
	for _, m := range world.Models {
		fmt.Fprintf(table, "model\t%s/%s\ton %s\t%s\n", m.Owner, m.Name, m.Controller, m.UUID)
	}
	for _, agent := range d.agents {
		status := agent.Status()
		fmt.Fprintf(table, "unit\t%s\t%s\t%s\n", agent.Unit(), status.Status, status.Message)
	}
	table.Flush()
}
