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

// waitOptions set how long to wait for a task or an operation.
type waitOptions struct {
	wait  time.Duration // negative: not at all; 0: without limit
	watch bool
}

// add adds the options.
func (w *waitOptions) add(set *flags) {
	w.wait = -1
	set.duration(&w.wait, "how long to wait for the end; default: not at all", "wait")
	set.toggle(&w.watch, "wait for the end without limit", "watch")
}

// check refuses both options together.
func (w *waitOptions) check() error {
	if w.watch && w.wait != -1 {
		return usageError{errors.New("specify either --watch or --wait but not both")}
	}
	if w.watch {
		w.wait = 0
	}
	return nil
}

// limit returns a context that ends when the wait does.
func (w *waitOptions) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if w.wait <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, w.wait)
}

// oneID reads the argument of a command that shows one task or operation.
func oneID(args []string, what string) (string, error) {
	if len(args) == 0 {
		return "", usageError{fmt.Errorf("no %s ID specified", what)}
	}
	if err := checkID(args[0], what); err != nil {
		return "", err
	}
	return args[0], noArguments(args[1:])
}

func checkID(id, what string) error {
	if !regexp.MustCompile(`^` + number + `$`).MatchString(id) {
		return usageError{fmt.Errorf("%s ID %q not valid", what, id)}
	}
	return nil
}

// showTask is the command show-task.
func (p *program) showTask(ctx context.Context, args []string) error {
	set := newFlags(
		"jaas-sim show-task [options] ID",
		"Shows a task, as \"juju show-task\" does, and while it waits the task's log.",
	)
	var out output
	var waits waitOptions
	var state string
	var utc bool
	p.formats(set, &out, "plain", "yaml", "json")
	modelFlags(set, &state)
	set.toggle(&utc, "show times in UTC", "utc")
	waits.add(set)
	others, err := p.parse(set, args)
	if err == nil {
		err = waits.check()
	}
	if err != nil {
		return err
	}
	id, err := oneID(others, "task")
	if err != nil {
		return err
	}
	client, err := dial(state)
	if err != nil {
		return err
	}
	task, err := p.awaitTask(ctx, client, id, waits, utc)
	if err != nil {
		return err
	}
	shown, _ := screen.Task(task, utc)
	if out.format == "plain" {
		shown = map[string]any{id: shown}
	}
	return out.write(p.stdout, shown)
}

// awaitTask returns a task at once or when it has ended, depending on the options, and shows its log meanwhile.
func (p *program) awaitTask(
	ctx context.Context, client *operations.Client, id string, waits waitOptions, utc bool,
) (operations.Task, error) {
	task, err := client.Task(ctx, id)
	running := task.Status == charmtest.TaskPending || task.Status == charmtest.TaskRunning
	if err != nil || waits.wait < 0 || !running {
		return task, err
	}
	waiting, stop := waits.limit(ctx)
	defer stop()
	logged := false
	task, err = client.Follow(waiting, id, func(line charmtest.LogMessage) {
		logged = true
		fmt.Fprintln(p.stderr, screen.Line(line, utc))
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
	set := newFlags(
		"jaas-sim cancel-task [options] ID…",
		"Cancels tasks, as \"juju cancel-task\" does. The process of one that runs is killed at once;\n"+
			"a migration that it has started continues.",
	)
	var out output
	var state string
	p.formats(set, &out, "yaml", "json")
	modelFlags(set, &state)
	ids, err := p.parse(set, args)
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
	client, err := dial(state)
	if err != nil {
		return err
	}
	tasks, errs := make([]operations.Task, len(ids)), make([]error, len(ids))
	for i, id := range ids {
		tasks[i], errs[i] = client.Cancel(ctx, id)
		tasks[i].ID = id
	}
	return out.write(p.stdout, screen.Cancelled(tasks, errs))
}
