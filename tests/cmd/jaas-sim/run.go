package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/juju/charm/v12"

	"jimm-migrator/tests/cmd/jaas-sim/operations"
	"jimm-migrator/tests/cmd/jaas-sim/screen"
)

// defaultWait is how long `juju run` waits for a task.
const defaultWait = 60 * time.Second

// runOptions are the options of the command run.
type runOptions struct {
	*command
	utc        bool
	wait       time.Duration
	background bool
	file       string
	asStrings  bool
}

// run is the command of that name.
func (p *program) run(ctx context.Context, args []string) error {
	request, options, err := p.parseRun(args)
	if err != nil {
		return err
	}
	client, err := options.client()
	if err != nil {
		return err
	}
	return p.runAction(ctx, client, request, options)
}

// parseRun reads the command line of run.
func (p *program) parseRun(args []string) (request operations.Request, options runOptions, err error) {
	set := p.aboutModel(
		"run [options] UNIT… ACTION [key[.key…]=value…]",
		"Runs an action on units, APPLICATION/N or APPLICATION/leader, as \"juju run\" does.",
		"plain", "yaml", "json",
	)
	options.command = set
	var ignored bool
	set.toggle(&options.background, "do not wait for the task", "background")
	set.toggle(&ignored, "accepted; nothing is coloured", "color")
	set.toggle(&ignored, "accepted", "no-color")
	set.text(&options.file, "YAML with parameters", "params")
	set.toggle(&options.asStrings, "take values as strings, not as YAML", "string-args")
	set.toggle(&options.utc, "show times in UTC", "utc")
	set.duration(&options.wait, "how long to wait for the task, which continues afterwards; default 1m; negative: no limit", "wait")
	others, err := set.read(args)
	if err != nil {
		return request, options, err
	}
	if options.background && options.wait > 0 {
		return request, options, usageError{errors.New("cannot specify both --wait and --background")}
	}
	if options.wait == 0 {
		options.wait = defaultWait
	}
	request, err = newRequest(others, options)
	return request, options, err
}

// newRequest reads the arguments of run.
func newRequest(args []string, options runOptions) (request operations.Request, err error) {
	receiver := regexp.MustCompile(`^(` + applicationName + `)/(?:` + number + `|leader)$`)
	var apps []string
	for len(args) > 0 && request.Action == "" {
		arg := args[0]
		args = args[1:]
		if match := receiver.FindStringSubmatch(arg); match != nil {
			request.Receivers = append(request.Receivers, arg)
			apps = append(apps, match[1])
			continue
		}
		if !charm.GetActionNameRule().MatchString(arg) {
			return request, usageError{fmt.Errorf("invalid unit or action name %q", arg)}
		}
		request.Action = arg
	}
	switch {
	case len(request.Receivers) == 0:
		return request, usageError{errors.New("no unit specified")}
	case request.Action == "":
		return request, usageError{errors.New("no action specified")}
	case len(slices.Compact(slices.Sorted(slices.Values(apps)))) > 1:
		return request, usageError{errors.New("all units must be of the same application")}
	}
	request.Params, err = parameters(options.file, args, options.asStrings)
	return request, err
}

// runAction enqueues the action, shows its progress and prints its result, with
// the texts and in the order of `juju run`. A refused task is not an error.
func (p *program) runAction(
	ctx context.Context, client *operations.Client, request operations.Request, options runOptions,
) error {
	enqueued, err := client.Enqueue(ctx, request)
	if err != nil {
		return err
	}
	var tasks []operations.EnqueuedForUnit
	var refusals []string
	for _, one := range enqueued.Receivers {
		if one.Error != "" {
			refusals = append(refusals, one.Error)
		} else {
			tasks = append(tasks, one)
		}
	}
	if !options.background {
		p.announceTasks(enqueued.Operation, tasks)
	}
	if len(tasks) == 0 {
		screen.Infof(p.stderr, "Operation %s failed to schedule any tasks:\n%s", enqueued.Operation, strings.Join(refusals, "\n"))
		return nil
	}
	if len(refusals) > 0 {
		screen.Infof(p.stderr, "Some actions could not be scheduled:\n%s\n", strings.Join(refusals, "\n"))
		screen.Infof(p.stderr, "")
	}
	if options.background {
		return p.leaveTasks(enqueued.Operation, tasks)
	}
	return p.awaitTasks(ctx, client, tasks, options)
}

// announceTasks shows what was enqueued.
func (p *program) announceTasks(operation string, tasks []operations.EnqueuedForUnit) {
	plural := ""
	if len(tasks) > 1 {
		plural = "s"
	}
	if len(tasks) > 0 {
		screen.Infof(p.stderr, "Running operation %s with %d task%s", operation, len(tasks), plural)
	}
	for _, task := range tasks {
		screen.Infof(p.stderr, "  - task %s on %s", task.Task, operations.UnitTag(task.Unit))
	}
	screen.Infof(p.stderr, "")
}

// leaveTasks prints how to follow tasks in the background.
func (p *program) leaveTasks(operation string, tasks []operations.EnqueuedForUnit) error {
	task := "<id>"
	if len(tasks) == 1 {
		task = tasks[0].Task
		screen.Infof(p.stderr, "Scheduled operation %s with task %s", operation, task)
	} else {
		screen.Infof(p.stderr, "Scheduled operation %s with %d tasks", operation, len(tasks))
		ids := map[string]any{}
		for _, task := range tasks {
			ids[task.Unit] = map[string]string{"id": task.Task}
		}
		if err := screen.YAML(p.stdout, ids); err != nil {
			return err
		}
	}
	screen.Infof(p.stderr, "Check operation status with 'juju show-operation %s'", operation)
	screen.Infof(p.stderr, "Check task status with 'juju show-task %s'", task)
	return nil
}
