package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/cmd/jaas-sim/operations"
	"jimm-migrator/tests/cmd/jaas-sim/screen"
)

// The forms of names and numbers in Juju.
const (
	applicationName = `[a-z][a-z0-9]*(?:-[a-z0-9]*[a-z][a-z0-9]*)*`
	number          = `(?:0|[1-9][0-9]*)`
)

// showOptions are those of a command that shows one task or operation.
type showOptions struct {
	id     string
	utc    bool
	wait   time.Duration // for its end; negative: not at all; 0: without limit
	client *operations.Client
}

// readShow reads the command line of such a command.
func (c *command) readShow(args []string, what string) (*showOptions, error) {
	o := &showOptions{wait: -1}
	watch := false
	c.toggle(&o.utc, "show times in UTC", "utc")
	c.duration(&o.wait, "how long to wait for the end; default: not at all", "wait")
	c.toggle(&watch, "wait for the end without limit", "watch")
	words, err := c.readAll(args, fmt.Sprintf("no %s ID specified", what))
	switch {
	case err != nil:
		return nil, err
	case watch && o.wait != -1:
		return nil, usageError{errors.New("specify either --watch or --wait but not both")}
	case watch:
		o.wait = 0
	}
	o.id = words[0]
	if err := checkID(o.id, what); err != nil {
		return nil, err
	}
	o.client, err = c.client()
	return o, err
}

// limited returns a context that ends when the wait does. Zero or less is without limit.
func limited(ctx context.Context, wait time.Duration) (context.Context, context.CancelFunc) {
	if wait <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, wait)
}

func checkID(id, what string) error {
	if !regexp.MustCompile(`^` + number + `$`).MatchString(id) {
		return usageError{fmt.Errorf("%s ID %q not valid", what, id)}
	}
	return nil
}

// showTask is the command show-task.
func (p *program) showTask(ctx context.Context, args []string) error {
	set := p.aboutModel("show-task [options] ID", "Shows a task, as \"juju show-task\" does, and while it waits the task's log.", "plain", "yaml", "json")
	options, err := set.readShow(args, "task")
	if err != nil {
		return err
	}
	task, err := p.awaitTask(ctx, options)
	if err != nil {
		return err
	}
	shown, _ := screen.Task(task, options.utc)
	if set.out.format == "plain" {
		shown = map[string]any{options.id: shown}
	}
	return set.out.write(p.stdout, shown)
}

// awaitTask returns a task at once or when it has ended, depending on the options, and shows its log meanwhile.
func (p *program) awaitTask(ctx context.Context, options *showOptions) (operations.Task, error) {
	task, err := options.client.Task(ctx, options.id)
	running := task.Status == charmtest.TaskPending || task.Status == charmtest.TaskRunning
	if err != nil || options.wait < 0 || !running {
		return task, err
	}
	waiting, stop := limited(ctx, options.wait)
	defer stop()
	logged := false
	task, err = options.client.Follow(waiting, options.id, func(line charmtest.LogMessage) {
		logged = true
		fmt.Fprintln(p.stderr, screen.Line(line, options.utc))
	})
	if logged {
		fmt.Fprintln(p.stderr)
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = errors.New("maximum wait time reached")
	}
	return task, err
}

// cancelTask is the command cancel-task.
func (p *program) cancelTask(ctx context.Context, args []string) error {
	set := p.aboutModel(
		"cancel-task [options] ID…",
		"Cancels tasks, as \"juju cancel-task\" does. The process of one that runs is killed at once;\n"+
			"a migration that it has started continues.",
		"yaml", "json",
	)
	ids, err := set.read(args)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := checkID(id, "task"); err != nil {
			return err
		}
	}
	if len(ids) == 0 {
		return errors.New("no task IDs specified")
	}
	client, err := set.client()
	if err != nil {
		return err
	}
	tasks, errs := make([]operations.Task, len(ids)), make([]error, len(ids))
	for i, id := range ids {
		tasks[i], errs[i] = client.Cancel(ctx, id)
		tasks[i].ID = id
	}
	return set.out.write(p.stdout, screen.Cancelled(tasks, errs))
}
