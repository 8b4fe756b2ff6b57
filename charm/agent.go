package charm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// errOver refuses tools to a handler that runs after the end of its dispatch.
var errOver = errors.New("the dispatch has ended")

// agent is the unit agent as one dispatch sees it: it runs every hook tool, and knows when the agent is gone.
type agent struct {
	env     Env
	runner  Runner
	secrets redactor
	lost    func() // called once, when the agent is found to be gone

	mu   sync.Mutex
	end  error     // why no more tools are run
	stop time.Time // when a shutdown must be over; zero before one
}

// run runs a tool, unless the agent is known to be gone.
func (a *agent) run(ctx context.Context, call ToolCall) ([]byte, error) {
	a.mu.Lock()
	end := a.end
	a.mu.Unlock()
	if end != nil {
		return nil, fmt.Errorf("cannot run %s: %w", call.Tool, end)
	}
	out, err := a.runner.Run(ctx, call)
	refused, ok := errors.AsType[*ToolError](err)
	if !ok {
		return out, err
	}
	safe := &ToolError{Tool: refused.Tool, ExitCode: refused.ExitCode, Stderr: a.secrets.hide(refused.Stderr)}
	if !safe.AgentGone() {
		return nil, safe
	}
	if a.close(ErrAgentGone) {
		a.lost()
	}
	return nil, fmt.Errorf("cannot run %s: %w: %w", call.Tool, ErrAgentGone, safe)
}

// query runs a tool that answers JSON, and decodes it. Null, which Juju prints
// for empty things, leaves into alone.
func (a *agent) query(ctx context.Context, into any, tool string, args ...string) error {
	out, err := a.run(ctx, ToolCall{Tool: tool, Args: append([]string{"--format=json"}, args...)})
	if err != nil {
		return err
	}
	if len(out) == 0 {
		return nil
	}
	if err := json.Unmarshal(out, into); err != nil {
		// What was read may be a secret: the error must not quote it.
		return fmt.Errorf("%s: unexpected answer (%T)", tool, err)
	}
	return nil
}

// report runs a tool that sends Juju something.
func (a *agent) report(ctx context.Context, call ToolCall) error {
	ctx, cancel := a.lasting(ctx)
	defer cancel()
	_, err := a.run(ctx, call)
	return err
}

// lasting returns a context for reports. The result of an interrupted run is as valuable as any other, so the end of
// ctx does not cancel it; the end of a shutdown does.
func (a *agent) lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx = context.WithoutCancel(ctx)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stop.IsZero() {
		return ctx, func() {}
	}
	return context.WithDeadline(ctx, a.stop)
}

// shutDown gives all further reports a common deadline.
func (a *agent) shutDown(stop time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stop = stop
}

// close ends the use of tools for the given reason, and says whether it was
// the first to do so.
func (a *agent) close(reason error) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.end != nil {
		return false
	}
	a.end = reason
	return true
}
