package actions

import (
	"context"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/src/fleet"
	"jimm-migrator/src/jaas"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
	"jimm-migrator/src/report"
)

// listControllers lists JIMM's controllers with the models that are recorded on each,
// and how many of them are migrating.
func listControllers(ctx context.Context, a *charm.Action, _ none) error {
	w, err := open(ctx, a)
	if err != nil {
		return err
	}
	defer w.jaas.Close()
	s, unseen := w.survey(ctx, fleet.Question{})
	if unseen != nil { // The lists are worth showing without it.
		s = w.base
		if s.Controllers, err = w.lists.Controllers(ctx); err != nil {
			return err
		}
		models, err := w.lists.Models(ctx)
		if err != nil {
			return err
		}
		s.List(models)
	}
	since, err := cordonedSince(ctx, w.jaas, s.Controllers)
	if err != nil { // All else is known.
		s.Gaps = append(s.Gaps, redact.Error(err))
	}
	return a.SetResults(ctx, report.ControllersResults(s, since, unseen))
}

// cordonedSince returns since when controllers have been cordoned, according to JIMM's
// audit log. It reads the log only if a controller is cordoned.
func cordonedSince(ctx context.Context, j *jaas.JAAS, list []facts.Controller) (map[string]time.Time, error) {
	var marked []string
	for _, c := range list {
		if fleet.CordonOf(c) == fleet.Cordoned {
			marked = append(marked, c.Name)
		}
	}
	if len(marked) == 0 {
		return nil, nil
	}
	return j.Many().CordonedSince(ctx, marked)
}
