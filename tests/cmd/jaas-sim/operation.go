package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"jimm-migrator/tests/cmd/jaas-sim/operations"
	"jimm-migrator/tests/cmd/jaas-sim/screen"
)

// operationPoll is how often show-operation asks again while it waits.
const operationPoll = 100 * time.Millisecond

// showOperation is the command show-operation.
func (p *program) showOperation(ctx context.Context, args []string) error {
	set := p.aboutModel("show-operation [options] ID", "Shows an operation and its tasks, as \"juju show-operation\" does.", "yaml", "json")
	shown, err := set.readShow(args, "operation")
	if err != nil {
		return err
	}
	op, err := shown.awaitOperation(ctx)
	if err != nil {
		return err
	}
	return set.out.write(p.stdout, screen.Operation(op, shown.utc))
}

// awaitOperation returns an operation at once or when it has ended, depending on the options.
func (s *showOptions) awaitOperation(ctx context.Context) (operations.Operation, error) {
	waiting, stop := limited(ctx, s.wait)
	defer stop()
	again := time.NewTicker(operationPoll)
	defer again.Stop()
	for {
		op, err := s.client.Operation(ctx, s.id)
		if err != nil || s.wait < 0 || op.Status != "pending" && op.Status != "running" {
			return op, err
		}
		select {
		case <-again.C:
		case <-waiting.Done():
			if ctx.Err() != nil {
				return op, ctx.Err()
			}
			return op, errors.New("timeout reached")
		}
	}
}

// listOptions are the options of the command operations.
type listOptions struct {
	*command
	utc           bool
	query         operations.Query
	machines      []string
	limit, offset uint
}

// listOperations is the command operations.
func (p *program) listOperations(ctx context.Context, args []string) error {
	options, err := p.parseList(args)
	if err != nil {
		return err
	}
	client, err := options.client()
	if err != nil {
		return err
	}
	found, err := client.Operations(ctx, options.query)
	if err != nil {
		return err
	}
	if len(options.machines) > 0 && len(options.query.Units)+len(options.query.Applications) == 0 {
		found = nil // operations never have tasks on machines
	}
	begin := min(int(options.offset), len(found))
	end := min(begin+int(options.limit), len(found))
	truncated := end < len(found)
	found = found[begin:end]
	if len(found) == 0 {
		screen.Infof(p.stderr, "no matching operations")
		return nil
	}
	if options.out.format != "plain" {
		shown := map[string]any{}
		for _, op := range found {
			shown[op.ID] = screen.Operation(op, options.utc)
		}
		return options.out.write(p.stdout, shown)
	}
	if begin > 0 || truncated {
		fmt.Fprintf(p.stdout, "Displaying operation results %d to %d.\n", begin+1, end)
	}
	if truncated {
		fmt.Fprintf(p.stdout, "Run the command again with --offset=%d --limit=%d to see the next batch.\n\n",
			options.offset+options.limit, options.limit)
	}
	return options.out.with(p.stdout, func(w io.Writer) error { return screen.Table(w, found, options.utc) })
}

// parseList reads the command line of operations.
func (p *program) parseList(args []string) (o listOptions, err error) {
	set := p.aboutModel("operations [options]", "Lists operations, as \"juju operations\" does.", "plain", "yaml", "json")
	o.command, o.limit = set, 50
	set.list(&o.query.Actions, "only of these actions", "actions")
	set.list(&o.query.Applications, "only on units of these applications", "applications", "apps")
	set.number(&o.limit, "list at most this many", "limit")
	set.list(&o.machines, "only on these machines; there are none", "machines")
	set.number(&o.offset, "skip this many", "offset")
	set.list(&o.query.Status, "only with these statuses", "status")
	set.list(&o.query.Units, "only on these units", "units")
	set.toggle(&o.utc, "show times in UTC", "utc")
	others, err := set.read(args)
	if err != nil {
		return o, err
	}
	if wrong := o.wrong(); len(wrong) > 0 {
		return o, usageError{errors.New(strings.Join(wrong, "\n"))}
	}
	return o, noArguments(others)
}

// wrong lists the invalid filters.
func (o *listOptions) wrong() (texts []string) {
	check := func(values []string, format, text string) {
		for _, value := range values {
			if !regexp.MustCompile(`^` + format + `$`).MatchString(value) {
				texts = append(texts, fmt.Sprintf(text, value))
			}
		}
	}
	check(o.query.Applications, applicationName, "invalid application name %q")
	check(o.query.Units, applicationName+`/`+number, "invalid unit name %q")
	check(o.machines, number, "invalid machine id %q")
	statuses := []string{"pending", "running", "completed", "failed", "cancelled", "aborting", "aborted", "error"}
	for _, status := range o.query.Status {
		if !slices.Contains(statuses, status) {
			texts = append(texts, fmt.Sprintf("%q is not a valid task status, want one of %v", status, statuses))
		}
	}
	return texts
}
