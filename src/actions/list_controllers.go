package actions

import (
	"context"

	"jimm-migrator/charm"
	"jimm-migrator/src/fleet"
	"jimm-migrator/src/redact"
	"jimm-migrator/src/report"
)

// listControllers lists JIMM's controllers with the models that are recorded on each,
// and how many move.
func listControllers(ctx context.Context, a *charm.Action) error {
	if err := a.Params(&struct{}{}); err != nil {
		return err
	}
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
		if s.Models, err = w.lists.Models(ctx); err != nil {
			if len(s.Models) == 0 {
				return err
			}
			s.Gaps = []string{redact.Error(err)}
		}
	}
	return a.SetResults(ctx, report.ControllersResults(s, unseen))
}
