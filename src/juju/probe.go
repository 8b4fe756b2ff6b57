package juju

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"jimm-migrator/src/rpc"
)

// probeTimeout is the time limit of a probe's one call.
const probeTimeout = 20 * time.Second

// ProbeState is what a controller reports about a model to an anonymous client; empty: no
// answer that proves anything.
type ProbeState string

const (
	// ProbePresent means: the controller has the model, and did not say more.
	ProbePresent ProbeState = "present"
	// ProbeIdle means: the controller has the model, and no migration moves it. It
	// is in use, or dying.
	ProbeIdle ProbeState = "idle"
	// ProbeExporting means: a migration is moving the model away from the
	// controller. Up to Juju 3.6, a controller reports the same about a copy
	// that it could not remove at the end of a migration.
	ProbeExporting ProbeState = "exporting"
	// ProbeImporting means: the controller has what a migration has imported so far,
	// running or failed.
	ProbeImporting ProbeState = "importing"
	// ProbeRedirected means: the model has moved to another controller.
	ProbeRedirected ProbeState = "redirected"
	// ProbeAbsent means: the controller does not have the model and knows of no
	// completed migration: never here, destroyed, or removed a moment ago.
	ProbeAbsent ProbeState = "absent"
)

// ProbeResult is the answer to a [Probe].
type ProbeResult struct {
	State ProbeState
	// RedirectUUID is the controller to which the model has moved, as its former
	// controller knows it. It may be empty.
	RedirectUUID string
}

// Probe asks a controller, without credentials, whether it hosts the model
// opts.ModelUUID: it logs in as Juju's anonymous user on the model's endpoint,
// asks whether a migration moves the model, and hangs up. Works on Juju 2.9 to 4.x.
//
// Only what those versions are known to answer is an answer. Everything else is
// an error, "unauthorized access" and a failure to connect among them: it must
// not be taken for the model's absence.
func Probe(ctx context.Context, opts Options) (ProbeResult, error) {
	if _, err := ModelTag(opts.ModelUUID); err != nil {
		return ProbeResult{}, fmt.Errorf("cannot probe controller: %w", err)
	}
	opts.PingInterval = -1
	if opts.CallTimeout <= 0 {
		opts.CallTimeout = probeTimeout
	}
	conn, err := Dial(ctx, opts)
	if err != nil {
		return ProbeResult{}, fmt.Errorf("cannot probe for model %q: %w", opts.ModelUUID, err)
	}
	defer conn.Close()
	_, err = conn.LoginAnonymous(ctx, "")
	if err == nil {
		return ProbeResult{State: conn.movement(ctx)}, nil
	}
	if redirect, ok := AsRedirect(err); ok {
		return ProbeResult{State: ProbeRedirected, RedirectUUID: redirect.ControllerUUID}, nil
	}
	if errors.Is(err, rpc.CodeModelNotFound) {
		return ProbeResult{State: ProbeAbsent}, nil
	}
	return ProbeResult{}, fmt.Errorf("cannot probe for model %q: %w", opts.ModelUUID, err)
}

// The answers to a call on a model that a migration moves, without a code (Juju's
// restriction of connections since 2.9; recorded with 3.6.28, 4.0.15 and 4.1-beta2).
const (
	exportingText = "model migration in progress"
	importingText = "migration in progress, model is importing"
)

// SaysImporting reports whether an error is the answer of a controller that has only a
// half-imported copy of the model.
func SaysImporting(err error) bool {
	answer, ok := errors.AsType[*rpc.Error](err)
	return ok && strings.HasSuffix(answer.Message, importingText)
}

// movement asks for the next event of a watcher that does not exist. Juju checks
// for a migration first, and for the watcher only if there is none, so every
// answer is an error. An unknown error proves nothing.
func (c *Conn) movement(ctx context.Context) ProbeState {
	err := c.Call(ctx, rpc.Request{Facade: "NotifyWatcher", Version: 1, Method: "Next", ID: "0"}, nil, nil)
	answer, ok := errors.AsType[*rpc.Error](err)
	switch {
	case !ok:
		return ProbePresent
	case SaysImporting(answer):
		return ProbeImporting
	case strings.HasSuffix(answer.Message, exportingText):
		return ProbeExporting
	case answer.Code == rpc.CodeNotFound && strings.Contains(answer.Message, "unknown watcher id"), // Juju 2.9 to 3.6
		answer.Code == rpc.CodeNotFound && strings.Contains(answer.Message, `worker "0" not found`): // Juju 4
		return ProbeIdle
	default:
		return ProbePresent
	}
}
