package fleet

import (
	"context"
	"fmt"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
)

// gate is the writer of one entry: it checks once more right before the one call that starts the migration.
type gate struct {
	run   *run
	entry int
}

// StartMigration starts the migration if nothing prevents it now.
func (g gate) StartMigration(ctx context.Context, model facts.Model, target facts.Controller) (string, error) {
	r := g.run
	job, err := r.job(ctx, model.UUID)
	r.turns <- struct{}{}
	why := r.admit(ctx, g.entry)
	switch {
	case err != nil:
		why = "JIMM did not report whether it is upgrading the model"
	case unfinished(job):
		why = "JIMM's own upgrade of the model has not finished"
		r.mu.Lock()
		r.entries[g.entry].stay = string(LeftUpgradeJob)
		r.mu.Unlock()
	case why == "":
		r.mu.Lock()
		r.entries[g.entry].State = InFlight
		r.starts++
		r.mu.Unlock()
	}
	<-r.turns
	if why != "" {
		return "", fmt.Errorf("%w: %w: %s", migration.ErrNotSent, ErrGate, why)
	}
	return r.Writer.StartMigration(ctx, model, target)
}

// job returns the state of JIMM's own upgrade job. Only a run that upgrades asks for it.
func (r *run) job(ctx context.Context, model string) (string, error) {
	if r.Upgrader == nil {
		return "", nil
	}
	return r.Upgrader.Job(ctx, model)
}

// RecordController records the model.
func (g gate) RecordController(ctx context.Context, proof judge.Proof) error {
	return g.run.Writer.RecordController(ctx, proof)
}

// admit returns why the entry must not start now, or "". It uses lists that are at most half a minute old, and all
// requests to JIMM since.
func (r *run) admit(ctx context.Context, i int) string {
	leader, err := r.Leader(ctx)
	if err != nil {
		return "the unit's agent does not report whether this unit is the leader"
	}
	if err := r.Book.Refresh(ctx, time.Now()); err != nil {
		return "JIMM's audit log could not be read"
	}
	observed, err := r.Traffic.Observe(ctx, listAge)
	if err != nil {
		return "JIMM's lists could not be read"
	}
	r.see(observed)
	r.mu.Lock()
	r.tally.NotLeader = r.tally.NotLeader || !leader
	r.mu.Unlock()
	r.decide(nil)
	r.mu.Lock()
	defer r.mu.Unlock()
	t := &r.entries[i]
	for _, f := range observed.Moving {
		if f.Model == t.Entry.Model {
			return "another request to migrate it was made"
		}
	}
	switch {
	case r.stopped != "":
		return r.stopped
	case t.stay != "":
		return t.stay
	case time.Until(r.until) < LeastLeft:
		return "too little time is left before the timeout"
	}
	p := r.progress()
	p.States[i] = Waiting
	if wait := newSchedule(r.legs(), r.world(), p).blocks(i); wait != WaitNothing {
		return string(wait)
	}
	return ""
}
