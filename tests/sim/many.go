package sim

import (
	"cmp"
	"fmt"
	"slices"

	"jimm-migrator/tests/sim/controller"
)

// multiply adds the controllers and models of Many, once.
func (w *World) multiply() {
	many := w.Many
	w.Many = Many{}
	w.Controllers, w.Models = slices.Grow(w.Controllers, many.Controllers), slices.Grow(w.Models, many.Models)
	for i := range many.Controllers {
		w.Controllers = append(w.Controllers, Controller{Name: fmt.Sprintf("many-%03d", i+1), Version: many.Version})
	}
	if len(w.Controllers) == 0 {
		return
	}
	owners := cmp.Or(many.Owners, 100)
	for i := range many.Models {
		model := Model{Controller: w.Controllers[i%len(w.Controllers)].Name, CreatedHere: true}
		model.Name, model.Owner = fmt.Sprintf("model-%05d", i+1), fmt.Sprintf("user-%03d@example.com", i%owners+1)
		model.populate(many.Units)
		w.Models = append(w.Models, model)
	}
}

// populate adds an application with the given number of units, all on one machine.
func (m *Model) populate(units int) {
	if units == 0 {
		return
	}
	m.Machines = []controller.Machine{{ID: "0"}}
	app := controller.Application{Name: "app"}
	for i := range units {
		app.Units = append(app.Units, controller.Unit{Name: fmt.Sprintf("app/%d", i), Machine: "0", Leader: i == 0})
	}
	m.Applications = []controller.Application{app}
}
