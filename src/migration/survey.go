package migration

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// situation is what is known before anything is done: one look at everything
// that the checks and the plan need.
type situation struct {
	options     Options
	traits      Traits
	controllers controllers
	model       Model
	modelErr    *SelectError
	target      Controller
	targetKnown bool
	source      Controller
	seen        Observation
	audit       Audit
	auditErr    error
}

// modelKnown reports whether the model is one that JIMM knows.
func (s *situation) modelKnown() bool { return s.modelErr == nil }

// survey asks for everything once. An error means that JIMM did not list its
// controllers or models, and nothing is known.
func (r *run) survey(ctx context.Context) (*situation, error) {
	s := &situation{options: r.opts, traits: r.jaas.Traits}
	list, err := r.jaas.Fleet.Controllers(ctx)
	if err != nil {
		return nil, err
	}
	s.controllers = list
	s.target, s.targetKnown = s.controllers.byName(r.opts.Target)
	models, err := r.jaas.Fleet.Models(ctx)
	if err != nil {
		return nil, err
	}
	if s.model, err = Select(models, r.opts.Model); err != nil {
		if !errors.As(err, &s.modelErr) {
			return nil, err
		}
		return s, nil
	}
	s.source = s.controllers.byUUID(s.model.Recorded)
	s.seen = r.firstLook(ctx, s)
	s.describe()
	s.audit, s.auditErr = r.jaas.Auditor.Audit(ctx, s.model)
	return s, nil
}

// describe takes over what the live answer knows better than JIMM's list.
func (s *situation) describe() {
	info := s.seen.Info
	if info.Kind != InfoLive {
		return
	}
	if info.Life != "" {
		s.model.Life = info.Life
	}
	if info.AgentVersion != "" {
		s.model.AgentVersion = info.AgentVersion
	}
	s.model.IsController = s.model.IsController || info.IsController
	s.model.Users = info.Users
}

// firstLook asks every controller for a copy, then the recorded one through
// JIMM. A JIMM that completes migrations is asked for details only about a
// model that its recorded controller is known to hold, with no migration
// running: otherwise the question could change the record.
func (r *run) firstLook(ctx context.Context, s *situation) Observation {
	o := Observation{Record: Record{State: RecordAt, Controller: s.model.Recorded}}
	if r.opts.Probe {
		o.Copies = r.askCopies(ctx, s.controllers, s.model.UUID)
	}
	if !s.traits.Completes {
		o.Info = r.jaas.Witness.Info(ctx, s.model.UUID)
		return o
	}
	o.Info = s.model.Live
	if o.Info.Kind == InfoNotAsked {
		o.Info = r.jaas.Witness.Summary(ctx, s.model.UUID)
	}
	settled := o.Info.Kind == InfoLive && !o.Info.Attempt.Running() && !gone(o.copyOn(s.source))
	if settled {
		if full := r.jaas.Witness.Info(ctx, s.model.UUID); full.Kind == InfoLive {
			o.Info = full
		}
	}
	return o
}

// copiesAtOnce bounds how many controllers are asked at the same time.
const copiesAtOnce = 16

// askCopies asks each controller whether it has the model.
func (r *run) askCopies(ctx context.Context, cs []Controller, model string) map[string]Copy {
	return askCopies(ctx, r.jaas.Witness, cs, model)
}

func askCopies(ctx context.Context, w Witness, cs []Controller, model string) map[string]Copy {
	out := make(map[string]Copy, len(cs))
	var (
		mu   sync.Mutex
		wg   sync.WaitGroup
		free = make(chan struct{}, copiesAtOnce)
	)
	for _, c := range cs {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			got := w.Copy(ctx, c, model)
			mu.Lock()
			defer mu.Unlock()
			out[c.UUID] = got
		})
	}
	wg.Wait()
	return out
}

// holders returns the controllers, other than those given, that say that they
// have the model in some form, ordered by name.
func (s *situation) holders(except ...Controller) controllers {
	var out controllers
	for _, c := range s.controllers {
		if s.seen.copyOn(c).held() && !slices.ContainsFunc(except, func(e Controller) bool { return e.UUID == c.UUID }) {
			out = append(out, c)
		}
	}
	return out
}

const (
	// clockMargin is how far the clocks of JIMM and a controller may differ
	// before a request is not matched to its migration.
	clockMargin = 15 * time.Minute
	// rememberRequests is how long a request may explain what is seen now.
	rememberRequests = 24 * time.Hour
)

// requestedTarget returns the name of the controller that the latest migration
// was asked to go to. certain is false if the audit log names several: it does
// not tell which of them was accepted. An empty name means that it names none.
func (s *situation) requestedTarget(running Attempt) (name string, certain bool) {
	var moves []Request
	for _, q := range s.audit.Requests {
		if q.Kind == RequestMigrate {
			moves = append(moves, q)
		}
	}
	if len(moves) == 0 {
		return "", false
	}
	last := moves[len(moves)-1]
	since := last.At.Add(-rememberRequests)
	if !running.Start.IsZero() {
		since = running.Start.Add(-clockMargin)
	}
	for _, q := range moves {
		if q.Target != last.Target && !q.At.Before(since) {
			return last.Target, false
		}
	}
	return last.Target, true
}

// recordedByHand reports whether somebody else has lately told JIMM that the
// target hosts the model.
func (s *situation) recordedByHand() bool {
	for _, q := range s.audit.Requests {
		if q.Kind == RequestRecord && !q.Own && q.Target == s.target.Name && s.audit.Now.Sub(q.At) < rememberRequests {
			return true
		}
	}
	return false
}

// pending reports whether a migration was asked for so lately, by JIMM's own
// clock, that it may not be on show yet.
func (s *situation) pending(wait time.Duration) bool {
	for _, q := range s.audit.Requests {
		if q.Kind != RequestMigrate || s.audit.Now.Sub(q.At) >= wait {
			continue
		}
		shown := s.seen.Info.Attempt
		if shown.Start.IsZero() || shown.Start.Before(q.At.Add(-clockMargin)) {
			return true
		}
	}
	return false
}
