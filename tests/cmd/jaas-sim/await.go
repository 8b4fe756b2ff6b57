package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/cmd/jaas-sim/operations"
	"jimm-migrator/tests/cmd/jaas-sim/screen"
)

// awaitTasks waits for tasks one after the other and prints them. The log is
// shown if there is only one.
func (p *program) awaitTasks(
	ctx context.Context, client *operations.Client, tasks []operations.EnqueuedForUnit, options runOptions,
) error {
	waiting, stop := limited(ctx, options.wait)
	defer stop()
	logged := false
	show := func(line charmtest.LogMessage) {
		logged = true
		screen.Infof(p.stderr, "%s", screen.Line(line, options.utc))
	}
	if len(tasks) > 1 {
		show = nil
	}
	ended := map[string]any{}
	var failures []string
	for i, one := range tasks {
		screen.Infof(p.stderr, "Waiting for task %s...\n", one.Task)
		task, err := client.Follow(waiting, one.Task, show)
		if logged {
			screen.Infof(p.stderr, "\n")
		}
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			return timedOut(tasks[i:])
		}
		if err != nil {
			return err
		}
		shown, code := screen.Task(task, options.utc)
		ended[one.Unit] = shown
		if code >= 1 { // of the charm's process: an action that failed with 0 is not a failure of juju run
			failures = append(failures, fmt.Sprintf(" - id %q with return code %d", one.Task, code))
		}
	}
	if err := options.out.write(p.stdout, ended); err != nil {
		return err
	}
	return failed(failures)
}

// timedOut returns the units with tasks that still run.
func timedOut(tasks []operations.EnqueuedForUnit) error {
	var units []string
	for _, task := range tasks {
		units = append(units, "unit "+task.Unit)
	}
	slices.Sort(units)
	return fmt.Errorf("timed out waiting for results from: %s", strings.Join(units, ", "))
}

// failed returns the tasks that ended with a code other than 0.
func failed(failures []string) error {
	if len(failures) == 0 {
		return nil
	}
	plural := ""
	if len(failures) > 1 {
		plural = "s"
	}
	slices.Sort(failures)
	return fmt.Errorf("the following task%s failed:\n%s\n\nuse 'juju show-task' to inspect the failure%s\n", //nolint:revive,staticcheck // Juju's text
		plural, strings.Join(failures, "\n"), plural)
}
