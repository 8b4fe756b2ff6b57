package main

import (
	"context"
	"errors"
	"time"

	"jimm-migrator/tests/cmd/jaas-sim/operations"
	"jimm-migrator/tests/cmd/jaas-sim/screen"
)

// operationPoll is how often show-operation asks again while it waits.
const operationPoll = 100 * time.Millisecond

// showOperation is the command show-operation.
func (p *program) showOperation(ctx context.Context, args []string) error {
	set := newFlags(
		"jaas-sim show-operation [options] ID",
		"Shows an operation and its tasks, as \"juju show-operation\" does.",
	)
	var out output
	var waits waitOptions
	var state string
	var utc bool
	p.formats(set, &out, "yaml", "json")
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
	id, err := oneID(others, "operation")
	if err != nil {
		return err
	}
	client, err := dial(state)
	if err != nil {
		return err
	}
	op, err := awaitOperation(ctx, client, id, waits)
	if err != nil {
		return err
	}
	return out.write(p.stdout, screen.Operation(op, utc))
}

// awaitOperation returns an operation at once or when it has ended, depending on the options.
func awaitOperation(
	ctx context.Context, client *operations.Client, id string, waits waitOptions,
) (operations.Operation, error) {
	waiting, stop := waits.limit(ctx)
	defer stop()
	again := time.NewTicker(operationPoll)
	defer again.Stop()
	for {
		op, err := client.Operation(ctx, id)
		if err != nil || waits.wait < 0 || op.Status != "pending" && op.Status != "running" {
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
