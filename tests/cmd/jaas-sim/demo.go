package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/cmd/jaas-sim/operations"
	"jimm-migrator/tests/sim"
)

// demo is the command of that name: it shows what an administrator would type and see.
func (p *program) demo(ctx context.Context, args []string) (err error) {
	set := newFlags("jaas-sim demo [options]", "Starts a simulated JAAS and migrates a model.")
	d, err := p.deployDemo(ctx, set, args, "a simulated JAAS", func(version string) (sim.World, error) { return loadWorld("", version) })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	world, unit := d.jaas.World(), d.agents[0].Unit()
	fmt.Fprintf(p.stdout, "Running: JIMM of %s; the controllers %s and %s; the charm as %s. Model alice@example.com/prod is on %s.\n\n",
		world.JIMM.Version, world.Controllers[0].Name, world.Controllers[1].Name, unit, world.Models[0].Controller)
	line := "migrate-model model=alice@example.com/prod target-controller=east --wait=5m"
	fmt.Fprintf(p.stdout, "$ juju run %s %s\n", unit, line)
	screen := &program{stdout: p.stdout, stderr: p.stdout}
	if err := screen.demoRun(ctx, d, append([]string{unit}, strings.Fields(line)...)); err != nil {
		return err
	}
	if err := d.clean(); err != nil {
		return err
	}
	fmt.Fprint(p.stdout, demoEnd)
	return nil
}

// deployDemo reads the command line of a demo and deploys its world.
func (p *program) deployDemo(
	ctx context.Context, set *flags, args []string, what string, world func(version string) (sim.World, error),
) (*deployment, error) {
	todo := plan{charm: ".", units: 1}
	version := "2026"
	set.text(&todo.charm, "the charm: this repository, or an archive; default .", "charm")
	set.text(&version, "of JIMM: 2024, 2025 or 2026; default 2026", "jimm")
	others, err := p.parse(set, args)
	if err == nil {
		err = noArguments(others)
	}
	if err != nil {
		return nil, err
	}
	if todo.world, err = world(version); err != nil {
		return nil, err
	}
	fmt.Fprintf(p.stdout, "Building the charm (up to a minute the first time) and starting %s...\n", what)
	return deploy(ctx, todo)
}

// demoEnd prints what was real and what to do next.
const demoEnd = `JIMM and the controllers were simulated; the charm is the one that ships. Next:
  docs/tutorial/first-migration.md  do it yourself, in a JAAS that you describe
  docs/tutorial/real-jaas.md        deploy the charm to a real JAAS
`

// demoRun runs one action; an action that does not complete ends the demo.
func (p *program) demoRun(ctx context.Context, d *deployment, words []string) error {
	request, options, err := p.parseRun(words)
	if err != nil {
		return err
	}
	if err := p.runAction(ctx, d.client, request, options); err != nil {
		return err
	}
	done, err := d.client.Operations(ctx, operations.Query{})
	if err == nil && done[len(done)-1].Status != string(charmtest.TaskCompleted) {
		err = fmt.Errorf("the action %s did not complete", request.Action)
	}
	return err
}

// clean returns the violations of the charm.
func (d *deployment) clean() error {
	var errs []error
	for _, violation := range d.jaas.Violations() {
		errs = append(errs, fmt.Errorf("the charm did what it must never do: %v", violation))
	}
	return errors.Join(errs...)
}
