package charm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// ActionFunc handles an action. The error that it returns fails the action with one sentence; see [Dispatch] for the
// details, and for panics.
type ActionFunc func(ctx context.Context, a *Action) error

// Action is one run of an action: its parameters, progress and results.
type Action struct {
	*Unit
	name     string
	params   json.RawMessage
	progress progress
	reported bool // whether there are results
}

// Name is the action's name, such as "backup".
func (a *Action) Name() string { return a.name }

// Params decodes the parameters into a struct, by its json tags. Juju has
// validated them against actions.yaml and filled in the defaults before; a
// parameter that the struct does not know is an error anyway, because a
// misspelt option must not pass for an absent one.
func (a *Action) Params(into any) error {
	if err := decode(a.params, into, true); err != nil {
		return fmt.Errorf("cannot run action %q: parameter %w (juju run --string-args takes values as they are typed)",
			a.name, err)
	}
	return nil
}

// readParams asks Juju for the parameters, once per action.
func (a *Action) readParams(ctx context.Context) error {
	var raw json.RawMessage
	if err := a.agent.query(ctx, &raw, "action-get"); err != nil {
		return fmt.Errorf("cannot read the parameters of action %q: %w", a.name, err)
	}
	a.params = object(raw)
	return nil
}

// fail makes the action end as failed, with one sentence.
func (a *Action) fail(ctx context.Context, sentence string) error {
	sentence = oneLine(a.agent.secrets.hide(sentence), maxText)
	if sentence == "" {
		sentence = "the action failed without giving a reason"
	}
	return a.agent.report(ctx, ToolCall{Tool: "action-fail", Args: []string{"--", sentence}})
}

// StrictError makes a failed action end with exit code 1, for scripts that check only the exit code of juju run: juju
// run then exits with 1.
//
// The price is high, so that no action should do so unless asked. Juju replaces
// the sentence of action-fail by "exit status 1", and drops what the dispatch
// wrote to its state and relations (seen with Juju 3.6). Results are kept: put
// the sentence there before you return this. No action-fail is called.
type StrictError struct{ Err error }

// Error is that of the error inside.
func (e *StrictError) Error() string { return e.Err.Error() }

// Unwrap returns the error inside.
func (e *StrictError) Unwrap() error { return e.Err }

// strict reports whether an error requests exit code 1.
func strict(err error) bool {
	_, ok := errors.AsType[*StrictError](err)
	return ok
}
