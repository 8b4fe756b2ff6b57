package jimm

import (
	"context"
	"fmt"
	"time"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
)

// ListModelSummaries returns the models that we may read, all of them for a
// JIMM administrator (ModelManager ListModelSummaries, 9 or 10, as JIMM serves
// it). It never changes a record.
//
// The controller of each is JIMM's own uuid, until
// [Client.DisableControllerUUIDMasking] makes it the recorded controller. JIMM
// of 2024 answers from its database: status and life may be stale, and there
// is no migration. JIMM of 2025 and newer asks every controller; a model that
// its recorded controller does not list has the status "unavailable" and no
// type: its record is wrong, or the controller does not answer.
//
// If JIMM reports an error for single models the others are returned along
// with the error.
func (c *Client) ListModelSummaries(ctx context.Context) ([]juju.ModelSummary, error) {
	models, err := c.modelManager(summariesTimeout)
	if err != nil {
		return nil, fmt.Errorf("cannot list models: %w", err)
	}
	// JIMM ignores both arguments; this is what Juju's own client sends.
	return models.ListModelSummaries(ctx, juju.UserTag(c.session.identity), true)
}

// ModelInfo returns what JIMM and the recorded controller report about the
// model with that uuid (ModelManager ModelInfo, 9 or 10, as JIMM serves it).
// Status, life, machines and migration are live, from the controller that JIMM
// has recorded; owner and users are JIMM's; the controller is JIMM's own uuid
// until [Client.DisableControllerUUIDMasking] makes it the recorded one.
//
// The error is the controller's or JIMM's, with its code; [ReadAnswer] reads
// what it means for the model. JIMM gives up on a silent controller after 60 s
// and says so, which this call waits for.
//
// In JIMM of 2025 and newer this is not only a question. If the model is being
// migrated by JIMM and its source redirects, the record moves to the target and
// the target answers. If JIMM does not consider the model to be migrating and
// the controller denies it, JIMM deletes its record. Request it only for a
// model that is known to be where it is recorded, or that JIMM is known to be
// migrating.
func (c *Client) ModelInfo(ctx context.Context, uuid string) (juju.ModelInfo, error) {
	models, err := c.modelManager(modelInfoTimeout)
	if err == nil {
		err = checkModelUUID(uuid)
	}
	if err != nil {
		return juju.ModelInfo{}, fmt.Errorf("cannot read info of model %q: %w", uuid, err)
	}
	return models.ModelInfo(ctx, uuid)
}

// modelManager returns a client of the highest version of the facade that both
// sides know. Its calls have at least that time limit.
func (c *Client) modelManager(atLeast time.Duration) (*juju.ModelManager, error) {
	version, ok := c.session.facades.Best("ModelManager", 9, 10)
	if !ok {
		return nil, &argumentError{reason: fmt.Sprintf("JIMM offers ModelManager %v, but this client knows only 9 and 10",
			c.session.facades["ModelManager"])}
	}
	caller := &patientCaller{caller: c.conn, limit: c.opts.timeLimit(atLeast)}
	return juju.NewModelManager(caller, version), nil
}

// patientCaller gives calls that have no time limit of their own a longer one
// than the connection's.
type patientCaller struct {
	caller rpc.Caller
	limit  time.Duration
}

var _ rpc.Caller = (*patientCaller)(nil)

// Call calls with the limit.
func (p *patientCaller) Call(ctx context.Context, req rpc.Request, params, reply any) error {
	if req.Timeout == 0 {
		req.Timeout = p.limit
	}
	return p.caller.Call(ctx, req, params, reply)
}
