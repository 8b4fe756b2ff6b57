package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"jimm-migrator/charm/charmtest"
)

// demo is the command of that name: what an operator would type, and what they
// would see.
func (p *program) demo(ctx context.Context, args []string) (err error) {
	flags := p.flags("demo [options]")
	charm := flags.String("charm", ".", "the charm: the `path` of this repository, or of an archive")
	version := flags.String("jimm", "", "the `year` of JIMM: 2024 or 2026 (default)")
	if _, err := parse(flags, args); err != nil {
		return err
	}
	world, err := loadWorld("", *version)
	if err != nil {
		return err
	}
	fmt.Fprintln(p.stdout, "Building the charm and starting a simulated JAAS...")
	d, err := deploy(ctx, world, *charm)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	d.describe(p.stdout)
	screen := &program{stdout: p.stdout, stderr: p.stdout}
	for _, line := range []string{
		"list-controllers",
		"locate-model model=alice@example.com/prod",
		"migrate-model model=alice@example.com/prod target-controller=east --wait=5m",
		"locate-model model=alice@example.com/prod",
	} {
		fmt.Fprintf(p.stdout, "\n$ juju run %s %s\n", d.agent.Unit(), line)
		if err := screen.demoRun(ctx, d, strings.Fields(line)); err != nil {
			return err
		}
	}
	return nil
}

// demoRun runs one action; an action that does not complete ends the demo.
func (p *program) demoRun(ctx context.Context, d *deployment, words []string) error {
	request, options, err := p.parseRun(append([]string{d.agent.Unit()}, words...))
	if err != nil {
		return err
	}
	task, err := p.runAction(ctx, d.client, request, options)
	if err == nil && task.Status != charmtest.TaskCompleted {
		err = fmt.Errorf("the action %s did not complete", request.Action)
	}
	return err
}
