package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/cmd/jaas-sim/operations"
)

// defaultWait is how long `juju run` waits for a task.
const defaultWait = 60 * time.Second

// runOptions are the options of the command run.
type runOptions struct {
	state     string
	wait      time.Duration
	file      string
	asStrings bool
	utc       bool
}

// run is the command of that name.
func (p *program) run(ctx context.Context, args []string) error {
	request, options, err := p.parseRun(args)
	if err != nil {
		return err
	}
	served, err := readServed(options.state)
	if err != nil {
		return err
	}
	task, err := p.runAction(ctx, operations.NewClient(served.Socket), request, options)
	if code, _ := task.ReturnCode(); code >= 1 && err == nil {
		// The exit code of the charm's process alone counts: juju run ends well
		// when the action failed with 0.
		fmt.Fprintf(p.stderr, "ERROR the following task failed:\n - id \"%s\" with return code %d\n\n"+
			"use 'juju show-task' to inspect the failure\n", task.ID, code)
		return exitError(1)
	}
	return err
}

// parseRun reads the command line of run.
func (p *program) parseRun(args []string) (request operations.Request, options runOptions, err error) {
	flags := p.flags("run [options] UNIT ACTION [key=value…]")
	flags.StringVar(&options.state, "state", defaultState, "the `file` in which serve says how to reach its world")
	flags.DurationVar(&options.wait, "wait", defaultWait, "how long to wait for the task; it goes on afterwards")
	flags.StringVar(&options.file, "params", "", "a YAML `file` with parameters")
	flags.BoolVar(&options.asStrings, "string-args", false, "take values as strings, not as YAML")
	flags.BoolVar(&options.utc, "utc", false, "show times in UTC")
	others, err := parse(flags, args)
	if err != nil {
		return request, options, err
	}
	if request, err = newRequest(others, options); err != nil {
		fmt.Fprintln(p.stderr, "ERROR", err)
		return request, options, errUsage
	}
	return request, options, nil
}

// newRequest reads the arguments of run.
func newRequest(args []string, options runOptions) (operations.Request, error) {
	switch {
	case len(args) == 0:
		return operations.Request{}, errors.New("no units specified")
	case !regexp.MustCompile(`^[a-z][a-z0-9-]*/\d+$`).MatchString(args[0]):
		return operations.Request{}, fmt.Errorf("invalid unit name %q", args[0])
	case len(args) == 1:
		return operations.Request{}, errors.New("no action specified")
	}
	params, err := parameters(options.file, args[2:], options.asStrings)
	return operations.Request{Unit: args[0], Action: args[1], Params: params}, err
}

// runAction enqueues the action, shows its progress and prints its result, with
// the texts and in the order of `juju run` of Juju 3.6. It returns the task as it
// ended; a refused action has none, and is no error.
func (p *program) runAction(
	ctx context.Context, client *operations.Client, request operations.Request, options runOptions,
) (charmtest.Task, error) {
	enqueued, err := client.Enqueue(ctx, request)
	if err != nil {
		return charmtest.Task{}, err
	}
	if enqueued.Refused != "" {
		fmt.Fprintf(p.stderr, "Operation %s failed to schedule any tasks:\n%s\n", enqueued.Operation, enqueued.Refused)
		return charmtest.Task{}, nil
	}
	fmt.Fprintf(p.stderr, "Running operation %s with 1 task\n  - task %s on %s\n\nWaiting for task %s...\n",
		enqueued.Operation, enqueued.Task, unitTag(request.Unit), enqueued.Task)
	if options.wait >= 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, options.wait)
		defer stop()
	}
	logged := false
	task, err := client.Follow(ctx, enqueued.Task, func(line charmtest.LogMessage) {
		logged = true
		printLine(p.stderr, line, options.utc)
	})
	if logged {
		fmt.Fprintln(p.stderr)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return task, fmt.Errorf("timed out waiting for results from: unit %s", request.Unit)
	}
	if err != nil {
		return task, err
	}
	return task, printPlain(p.stdout, task)
}
