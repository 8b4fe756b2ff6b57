package juju

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jimm-migrator/src/rpc"
)

// probeTimeout is the time limit of a probe's one call.
const probeTimeout = 20 * time.Second

// ProbeState is what a controller says of a model without being told who asks.
type ProbeState int

const (
	// ProbeUnknown is the zero value, no answer that means anything.
	ProbeUnknown ProbeState = iota
	// ProbePresent means: the controller holds the model. That may be the active
	// model, one that is being exported or imported, a dying one, or what a
	// failed clean-up left behind.
	ProbePresent
	// ProbeRedirected means: the model has left for another controller, for good.
	ProbeRedirected
	// ProbeAbsent means: the controller does not hold the model and knows of no
	// completed migration: never here, destroyed, or removed a moment ago.
	ProbeAbsent
)

// String returns the state in a word.
func (s ProbeState) String() string {
	switch s {
	case ProbePresent:
		return "present"
	case ProbeRedirected:
		return "redirected"
	case ProbeAbsent:
		return "absent"
	default:
		return "unknown"
	}
}

// ProbeResult is the answer to a [Probe].
type ProbeResult struct {
	State ProbeState
	// ControllerUUID is the controller that answered, known only if the model
	// is present.
	ControllerUUID string
	// RedirectUUID and RedirectAlias are the controller that the model left
	// for, as the one that it left knew it. Either may be empty.
	RedirectUUID, RedirectAlias string
}

// Probe asks a controller, without credentials, whether it hosts the model
// opts.ModelUUID: it logs in as Juju's anonymous user on the model's endpoint,
// and hangs up. Works on Juju 2.9 to 4.x.
//
// An answer is only what those versions are known to say. Everything else is
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
	login, err := conn.LoginAnonymous(ctx, "")
	if err == nil {
		return ProbeResult{State: ProbePresent, ControllerUUID: login.ControllerUUID()}, nil
	}
	if redirect, ok := AsRedirect(err); ok {
		return ProbeResult{
			State:         ProbeRedirected,
			RedirectUUID:  redirect.ControllerUUID,
			RedirectAlias: redirect.ControllerAlias,
		}, nil
	}
	if errors.Is(err, rpc.CodeModelNotFound) {
		return ProbeResult{State: ProbeAbsent}, nil
	}
	return ProbeResult{}, fmt.Errorf("cannot probe for model %q: %w", opts.ModelUUID, err)
}
