package actions

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"jimm-migrator/charm"
	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/report"
)

// listModelsParams are the parameters of list-models.
type listModelsParams struct {
	Controller string       `json:"controller"`
	Model      string       `json:"model"`
	Migratable answer       `json:"migratable"`
	Page       charm.Number `json:"page"`
}

// answer is a parameter that is yes, no or another word. "juju run" reads yes and no as
// booleans.
type answer string

// UnmarshalJSON accepts "yes", true, and words.
func (a *answer) UnmarshalJSON(raw []byte) error {
	switch string(raw) {
	case "true":
		*a = answer(fleet.Eligible)
	case "false":
		*a = answer(fleet.NotEligible)
	default:
		return json.Unmarshal(raw, (*string)(a))
	}
	return nil
}

// everyVerdict is the value of migratable that leaves no model out.
const everyVerdict = "all"

// listModels lists models with their sizes, and whether any controller can take
// them, from JIMM's lists alone.
func listModels(ctx context.Context, a *charm.Action, p listModelsParams) error {
	w, err := open(ctx, a)
	if err != nil {
		return err
	}
	defer w.jaas.Close()
	s, err := w.survey(ctx, fleet.Question{})
	if err != nil {
		return err
	}
	named, err := facts.SelectAll(s.Models, cmp.Or(p.Model, "*"))
	if err != nil {
		return err
	}
	models := named
	if p.Controller != "" {
		at, known := s.Controllers.Named(p.Controller)
		if !known {
			return fmt.Errorf("cannot list models: %w", s.Controllers.NotFound(p.Controller))
		}
		models = slices.DeleteFunc(slices.Clone(models), func(m facts.Model) bool { return m.Recorded != at.UUID })
	}
	migratable := fleet.Migratable(s)
	list := make([]report.ListedModel, 0, len(models))
	for _, m := range models {
		verdict, reasons := migratable(m)
		if p.Migratable == "" || p.Migratable == everyVerdict || p.Migratable == answer(verdict) {
			list = append(list, report.ListedModel{Model: m, Migratable: verdict, Reasons: reasons})
		}
	}
	facts.Sort(list, func(x, y report.ListedModel) int {
		return cmp.Or(cmp.Compare(x.Model.FullName(), y.Model.FullName()), cmp.Compare(x.Model.UUID, y.Model.UUID))
	})
	results := report.ModelsResults(s, list, max(int(p.Page), 1))
	if len(named) == 0 && p.Model != "" {
		unknown := facts.NoModel(s.Models, p.Model, nil)
		report.NothingFound(results, unknown)
		setNext(results, a, unknown)
	}
	return a.SetResults(ctx, results)
}
