package fleet

import (
	"context"
	"slices"
	"time"

	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
)

// readEdges reads the cross-model relations of the models on the controllers of
// the plan.
func (r *run) readEdges(ctx context.Context, s Observation) {
	if r.Reader == nil {
		r.unread = r.Plan.Edges == EdgesUnknown
		return
	}
	in := map[facts.ControllerUUID]bool{}
	for _, h := range r.Plan.Controllers {
		in[h.UUID] = true
	}
	var controllers []facts.Controller
	for _, c := range s.Controllers {
		if in[c.UUID] {
			controllers = append(controllers, c)
		}
	}
	edges := r.Reader.Edges(ctx, controllers, s.Models)
	r.edges, r.unread = edges.List, len(edges.Unread) > 0
	r.gaps = append(r.gaps, edges.Unread...)
}

// settleEdges checks whether the relations of migrated models work again.
func (r *run) settleEdges(ctx context.Context, s Observation) {
	r.mu.Lock()
	waiting := len(r.settle)
	r.mu.Unlock()
	if waiting == 0 || r.Reader == nil {
		return
	}
	edges := r.Reader.Edges(ctx, s.Controllers, r.offerers(s.Models))
	r.mu.Lock()
	defer r.mu.Unlock()
	for model, until := range r.settle {
		joined, shown := true, false
		for _, e := range edges.List {
			if e.Offerer == model || e.Consumer == model {
				shown, joined = true, joined && e.Joined
			}
		}
		over := !time.Now().Before(until)
		if over {
			r.gaps = append(r.gaps, "the relations of model "+model+" did not rejoin in time")
		}
		if shown && joined || over {
			delete(r.settle, model)
		}
	}
}

// offerers returns the models with offers that migrated models use or have.
func (r *run) offerers(models []facts.Model) []facts.Model {
	r.mu.Lock()
	defer r.mu.Unlock()
	in := map[string]bool{}
	for _, e := range slices.Concat(r.Plan.Pairs, r.edges) {
		_, moved := r.settle[e.Offerer]
		_, uses := r.settle[e.Consumer]
		in[e.Offerer] = in[e.Offerer] || moved || uses
	}
	return slices.DeleteFunc(slices.Clone(models), func(m facts.Model) bool { return !in[m.UUID] })
}

// relate compares the model's own status with the known relations: JIMM may leave offers out.
func (r *run) relate(t *tracked, f checks.Finding) {
	if f.Level != checks.Warn {
		return
	}
	known := slices.Concat(r.Plan.Pairs, r.edges)
	switch f.Check {
	case checks.Offers:
		if !slices.ContainsFunc(known, func(e Edge) bool { return e.Offerer == t.Entry.Model }) {
			t.stay = string(LeftConnectedOffers)
		}
		t.alone = t.alone || r.unread
	case checks.Remotes:
		if r.unread || !slices.ContainsFunc(known, func(e Edge) bool { return e.Consumer == t.Entry.Model }) {
			t.alone = true
		}
	default:
	}
}
