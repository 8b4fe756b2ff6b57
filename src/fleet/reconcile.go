package fleet

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"jimm-migrator/src/migration/facts"
)

// see stores the latest observation.
func (r *run) see(s Observation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.observed, r.seenAt = s, time.Now()
	r.kinds = make(map[string]string, len(r.entries))
	in := make(map[string]bool, len(r.entries))
	for _, t := range r.entries {
		in[t.Entry.Model] = true
	}
	for _, m := range s.Models {
		if in[m.UUID] {
			r.kinds[m.UUID] = m.Type
		}
	}
	r.tally.Silent = 0
}

// world is what the schedule needs to know.
func (r *run) world() World {
	w := World{Closed: map[string]string{}, Kinds: r.kinds, Pairs: r.edges}
	for _, c := range r.observed.Controllers {
		switch {
		case cordoned(c):
			w.Closed[c.Name] = "cordoned"
		case away(c):
			w.Closed[c.Name] = "not available"
		case r.refused[c.Name] >= RefusedToClose:
			w.Closed[c.Name] = fmt.Sprintf("has refused %d models in a row", RefusedToClose)
		}
	}
	for _, t := range r.entries {
		lane := t.leg.lane()
		switch {
		case !t.leg.upgrades():
		case r.refused[lane] >= RefusedToClose:
			w.Closed[lane] = fmt.Sprintf("%d models in a row were not upgraded", RefusedToClose)
		case w.Closed[t.leg.Source] == "not available":
			w.Closed[lane] = "not available"
		}
	}
	w.Moving = slices.DeleteFunc(slices.Clone(r.observed.Moving), r.landed)
	for model := range r.settle {
		w.Settling = append(w.Settling, model)
	}
	return w
}

// landed reports whether a migration that was observed is one of this run that has ended since the lists were made.
func (r *run) landed(f Flight) bool {
	return slices.ContainsFunc(r.entries, func(t tracked) bool {
		return t.Entry.Model == f.Model && f.Source == t.leg.Source && (t.State == Verifying || t.State == Well) && time.Since(t.left) < 2*listAge
	})
}

// progress returns the progress of the run.
func (r *run) progress() Progress {
	p := Progress{States: make([]State, len(r.entries)), Proved: map[string]bool{}, Alone: map[int]bool{}, Stopped: r.stopped, Waves: r.Waves}
	var took []time.Duration
	verifying := 0
	for i, t := range r.entries {
		p.States[i] = t.State
		switch {
		case t.State == Well && !t.Ended.IsZero():
			took = append(took, t.Ended.Sub(t.Began))
		case t.State == Verifying:
			verifying++
		}
		if t.alone {
			p.Alone[i] = true
		}
	}
	maps.Copy(p.Proved, r.proved)
	if len(took) > 0 {
		slices.Sort(took)
		p.Median = took[len(took)/2]
	}
	if verifying >= mostVerifying && p.Stopped == "" {
		p.Stopped = "too many are being verified"
	}
	return p
}

// reconcile compares the entries with the observation: a finished step is not repeated, and a model that other clients
// have migrated is left.
func (r *run) reconcile(ctx context.Context, s Observation) {
	find := places(s)
	var left []MoveResult
	var attach []int
	r.mu.Lock()
	for i := range r.entries {
		t := &r.entries[i]
		waits, at := t.State == Waiting, find(t.Entry.Model)
		if r.compare(t, at) && (r.Waves == nil || r.Waves[t.Entry.Wave]) {
			attach = append(attach, i)
		}
		if waits && t.State == Stayed {
			left = append(left, t.MoveResult)
		}
	}
	r.mu.Unlock()
	for _, m := range left {
		r.report(EndedEvent{m})
	}
	for _, i := range attach {
		r.launch(ctx, i)
	}
}

// place is where a model is according to JIMM.
type place struct {
	on     string // The controller, if the model is listed.
	listed bool
	gaps   bool // The list is not complete.
	flight Flight
	moves  bool // The flight is running.
}

// places returns a function that finds the place of a model, by UUID.
func places(s Observation) func(model string) place {
	names, on := map[facts.ControllerUUID]string{}, make(map[string]string, len(s.Models))
	for _, c := range s.Controllers {
		names[c.UUID] = c.Name
	}
	for _, m := range s.Models {
		on[m.UUID] = cmp.Or(names[m.Recorded], string(m.Recorded))
	}
	flights := map[string]Flight{}
	for _, f := range s.Moving {
		flights[f.Model] = f
	}
	return func(model string) place {
		p := place{gaps: len(s.Gaps) > 0}
		p.on, p.listed = on[model]
		p.flight, p.moves = flights[model]
		return p
	}
}

// compare compares one entry with the place of its model, and reports whether a running migration is the next one of
// its route, and is to be watched.
func (r *run) compare(t *tracked, at place) (follow bool) {
	switch {
	case t.movedBack(at):
		r.tally.Fought = t.Entry.Name
	case t.State != Waiting, !at.listed && at.gaps:
	case !at.listed:
		t.State, t.Reason, t.Detail = Stayed, string(LeftGone), "JIMM no longer lists it"
	case t.fresh(at.on): // The list is older than its last step.
	default:
		return r.position(t, at)
	}
	return false
}

// movedBack reports whether the model has succeeded in this run, and another client has migrated it from its target
// since.
func (t *tracked) movedBack(at place) bool {
	return t.State == Well && !t.Ended.IsZero() && time.Since(t.Ended) > 4*listAge && at.listed && at.on != t.Entry.Target()
}

// position finds the place of a model on its route, and reports whether a running migration is to be watched.
func (r *run) position(t *tracked, at place) (follow bool) {
	leg, behind, onRoute := t.Entry.Leg(at.on, t.behind)
	if at.moves && onRoute {
		leg, behind = t.Entry.toward(at.flight.Target, leg, behind)
	}
	arrived := onRoute && len(leg.Route) == 0
	switch {
	case arrived && !at.moves:
		t.State, t.Reason = Well, alreadyThere
	case at.moves && onRoute && !arrived && at.flight.Target == leg.First() && !leg.upgrades():
		t.leg, t.behind = leg, behind
		return true
	case at.moves && at.flight.Target != "":
		r.movedByOthers(t, LeftMoving, fmt.Sprintf("another client is migrating it to %q", at.flight.Target))
	case !onRoute || arrived:
		r.movedByOthers(t, LeftMovedOn, fmt.Sprintf("it is on %q", at.on))
	default:
		t.stage, t.leg, t.behind = max(t.stage, seenOnRoute), leg, behind
	}
	return false
}

// movedByOthers leaves a model that other clients migrate. If this run has seen it on its route before, they work
// against the run.
func (r *run) movedByOthers(t *tracked, why Reason, detail string) {
	t.State, t.Reason, t.Detail = Stayed, string(why), detail
	if t.stage >= seenOnRoute {
		r.tally.Fought = t.Entry.Name
	}
}

// toward returns the leg on which a model migrates to the target, if that is the next move of its route.
func (e Entry) toward(target string, leg Entry, behind int) (Entry, int) {
	for i := behind; i < len(e.Route); i++ {
		if to := e.Route[i].Controller; to != "" {
			if to == target {
				leg.Route, behind = e.Route[i:i+1], i
			}
			break
		}
	}
	return leg, behind
}

// fresh reports whether the model is listed where it was before its last step, which has only just ended.
func (t *tracked) fresh(on string) bool {
	return t.behind > 0 && on == t.Entry.after(t.behind-1) && on != t.Entry.after(t.behind) && time.Since(t.stepped) < 4*listAge
}

// legs is the plan of the next step of each model.
func (r *run) legs() Plan {
	p := r.Plan
	p.Moves = make([]Entry, len(r.entries))
	for i, t := range r.entries {
		p.Moves[i] = t.leg
	}
	return p
}

// seen returns the latest observation.
func (r *run) seen() Observation {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.observed
}
