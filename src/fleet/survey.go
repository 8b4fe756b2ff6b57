package fleet

import (
	"context"
	"errors"

	"jimm-migrator/src/migration/facts"
)

// Reader reads what the lists do not contain.
type Reader interface {
	// Edges reads the cross-model relations of the models, from the offers of each
	// controller.
	Edges(ctx context.Context, controllers []facts.Controller, models []facts.Model) Edges
	// Eligible returns the UUIDs of the controllers that JIMM would let the model migrate to. An error that matches
	// [survey.ErrNotOffered] means that this JIMM does not report them.
	Eligible(ctx context.Context, model string) ([]facts.ControllerUUID, error)
}

// Question describes what a survey asks besides the lists.
type Question struct {
	// Base has what is copied to the snapshot: JAAS, Traits, Unit, OwnModel and JIMMModel.
	Base Snapshot
	// Classes selects the models for which JIMM is asked where they may migrate; nil: none.
	Classes func(facts.Model) bool
	// Edges reports that the cross-model relations are read.
	Edges bool
}

// Survey makes a snapshot. An error means that JIMM did not list, or did not return its log.
func Survey(ctx context.Context, t *Traffic, r Reader, q Question) (Snapshot, error) {
	s := q.Base
	seen, err := t.Observe(ctx, 0)
	if err != nil {
		return s, err
	}
	if seen.Now.IsZero() {
		return s, errors.New("cannot plan: JIMM's time is not known, because its audit log is empty")
	}
	s.Controllers, s.Models, s.Moving, s.Requested, s.Unlisted, s.Now, s.Gaps = seen.Controllers, seen.Models, seen.Moving, seen.Requested, seen.Unlisted, seen.Now, seen.Gaps
	if q.Edges {
		s.Edges = r.Edges(ctx, s.Controllers, s.Models)
	} else {
		s.Edges.Unread = []string{"the offers were not read"}
	}
	if q.Classes != nil && s.Traits.AutoRecords { // Older releases have no such list.
		s.Eligible = map[Class][]facts.ControllerUUID{}
		for _, m := range s.Models {
			class := ClassOf(m)
			if _, known := s.Eligible[class]; known || !q.Classes(m) {
				continue
			}
			if targets, err := r.Eligible(ctx, m.UUID); err == nil {
				s.Eligible[class] = append([]facts.ControllerUUID{}, targets...)
			}
		}
	}
	return s, ctx.Err()
}
