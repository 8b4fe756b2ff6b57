package migration_test

import (
	"context"
	"errors"
	"slices"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
)

// blow is what happens to one call of a process.
type blow string

const (
	unharmed    blow = ""
	killBefore  blow = "killed before the call"
	killAfter   blow = "killed after the call"
	lostBefore  blow = "question lost"
	lostAfter   blow = "answer lost"
	neverBefore blow = "never asked, never answered"
	neverAfter  blow = "never answered"
)

// point is where a process is when it makes a call.
type point struct {
	step  string // check, start, watch, record or verify
	phase string // actual phase of the migration
	call  string
}

// process is one of our processes: the engine's interfaces over a simulated state.
type process struct {
	w      *oracle
	strike func(point) blow // nil: nothing ever happens
	died   chan struct{}    // closed when it is killed
	gone   chan struct{}    // closed when no one needs it any more

	planned, asked, recorded bool
	confirmed                bool // the user has confirmed it
	dead                     bool
	points                   []point              // where it made calls, each once
	hosts                    int                  // Logins to the model.
	login                    facts.ControllerUUID // The controllers that have answered the open logins.
}

func newProcess(w *oracle, strike func(point) blow) *process {
	return &process{w: w, strike: strike, died: make(chan struct{}), gone: make(chan struct{})}
}

// report follows the steps of the engine.
func (p *process) report(e migration.Event) {
	if _, ok := e.(migration.FindingEvent); ok {
		p.planned = true
	}
}

func (p *process) step(call string) string {
	switch {
	case call == "MigrateModel":
		return "start"
	case call == "UpdateMigratedModel":
		return "record"
	case !p.planned:
		return "check"
	case p.recorded:
		return "verify"
	default:
		return "watch"
	}
}

var errNoAnswer = errors.New("connection lost")

// call makes a call that changes something, unless a strike prevents it. An error is not an answer.
// limit is how long a client waits for the answer.
func (p *process) call(ctx context.Context, name string, limit time.Duration, do func(now time.Time)) error {
	p.w.mu.Lock()
	now := time.Now()
	if p.dead {
		p.w.mu.Unlock()
		<-p.gone
		return errNoAnswer
	}
	p.w.poll(now)
	at := point{p.step(name), p.w.scene(now).phase, name}
	hit := unharmed
	if p.strike != nil {
		hit = p.strike(at)
	}
	if !slices.Contains(p.points, at) {
		p.points = append(p.points, at)
	}
	if hit == unharmed || hit == killAfter || hit == lostAfter || hit == neverAfter {
		do(now)
	}
	p.w.unasked = p.w.unasked || name == "probe" && hit != unharmed
	p.asked, p.recorded = p.asked || name == "MigrateModel", p.recorded || name == "UpdateMigratedModel"
	if hit == killBefore || hit == killAfter {
		p.dead = true
		close(p.died)
	}
	p.w.mu.Unlock()
	switch hit {
	case unharmed:
		return nil
	case killBefore, killAfter:
		<-p.gone
	case neverBefore, neverAfter:
		timer := time.NewTimer(limit)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		case <-p.gone:
		}
	default:
	}
	return errNoAnswer
}

// How long clients wait for answers.
const (
	callLimit  = time.Minute
	probeLimit = 10 * time.Second
	startLimit = 3 * time.Minute
	// recordLimit is how long the engine asks JIMM to record a controller.
	recordLimit = 3 * time.Minute
)

// Controllers lists the three.
func (p *process) Controllers(ctx context.Context) ([]facts.Controller, error) {
	if err := p.call(ctx, "ListControllers", callLimit, func(time.Time) {}); err != nil {
		return nil, err
	}
	source := west()
	if p.w.probe == probeSilent {
		source.AgentVersion = "4.0.15"
	}
	return []facts.Controller{east(), north(), source}, nil
}

// Models lists the model.
func (p *process) Models(ctx context.Context) (list facts.ModelList, err error) {
	err = p.call(ctx, "ListModelSummaries", callLimit, func(now time.Time) {
		if p.w.record == "" {
			return
		}
		m := facts.Model{UUID: modelUUID, Name: "prod", Owner: "alice@example.com", Type: "iaas", Life: "alive", AgentVersion: "3.6.14", Recorded: byName(p.w.record).UUID}
		if p.w.jimm.completes() {
			m.Entry = p.w.summary(now)
		}
		list.Models = []facts.Model{m}
	})
	return list, err
}

// Record reads JIMM's row.
func (p *process) Record(ctx context.Context, _ string) (r facts.Record) {
	if r.Err = p.call(ctx, "ModelControllerInfo", callLimit, func(time.Time) {
		r.State, r.Controller = facts.RecordAt, byName(p.w.record).UUID
		if p.w.record == "" {
			r.State = facts.RecordLost
		}
	}); r.Err != nil {
		return facts.Record{Err: r.Err}
	}
	return r
}

// Info asks ModelInfo.
func (p *process) Info(ctx context.Context, _ string) (i facts.Info) {
	if err := p.call(ctx, "ModelInfo", callLimit, func(now time.Time) { i = p.w.info(us, now) }); err != nil {
		return facts.Info{Kind: facts.InfoUnavailable, Err: err}
	}
	return i
}

// Summary asks ListModelSummaries.
func (p *process) Summary(ctx context.Context, _ string) (e facts.Entry) {
	if err := p.call(ctx, "ListModelSummaries", callLimit, func(now time.Time) {
		if p.w.jimm.completes() {
			e = p.w.summary(now)
		}
	}); err != nil {
		return facts.Entry{Kind: facts.InfoUnavailable, Err: err}
	}
	return e
}

// Host logs in to the model.
func (p *process) Host(ctx context.Context, _ string, kept facts.ControllerUUID) (h facts.Host) {
	if kept == "" || kept != p.login {
		p.hosts++
	}
	defer func() { p.login = h.Controller }()
	if err := p.call(ctx, "login to the model", callLimit, func(now time.Time) { h = p.w.host(now) }); err != nil {
		return facts.Host{Kind: facts.HostUnavailable, Err: err}
	}
	return h
}

// Copy asks a controller.
func (p *process) Copy(ctx context.Context, c facts.Controller, _ string) (got facts.Copy) {
	if err := p.call(ctx, "probe", probeLimit, func(now time.Time) { got = p.w.copyOn(c.Name, now) }); err != nil {
		return facts.Copy{Unreachable: true, Err: err}
	}
	return got
}

// Audit reads JIMM's log.
func (p *process) Audit(ctx context.Context, _ facts.Model) (a facts.Audit, err error) {
	err = p.call(ctx, "FindAuditEvents", callLimit, func(now time.Time) {
		a = facts.Audit{Now: now, Requests: slices.Clone(p.w.requests)}
	})
	if err != nil {
		return facts.Audit{}, err
	}
	return a, nil
}

// StartMigration asks MigrateModel.
func (p *process) StartMigration(ctx context.Context, _ facts.Model, target facts.Controller) (id string, err error) {
	var refused error
	again := p.asked
	if err = p.call(ctx, "MigrateModel", startLimit, func(now time.Time) {
		if again {
			p.w.violate("I3: MigrateModel a second time in one run")
		}
		id, refused = p.w.migrate(target.Name, now)
	}); err != nil {
		return "", err
	}
	return id, refused
}

// RecordController asks UpdateMigratedModel.
func (p *process) RecordController(ctx context.Context, proof judge.Proof) error {
	var refused error
	if err := p.call(ctx, "UpdateMigratedModel", recordLimit, func(now time.Time) {
		if !proof.Valid() || proof.Model().UUID != modelUUID {
			p.w.violate("I1: UpdateMigratedModel without a proof")
			return
		}
		refused = p.w.recordAt(proof.Controller().Name, p.confirmed, now)
	}); err != nil {
		return err
	}
	return refused
}
