package sim

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/jimm"
	"jimm-migrator/tests/sim/wire"
)

// check returns everything that is wrong with a world, one line each.
func (w *World) check() error {
	return errors.Join(slices.Concat(
		w.checkJIMM(), w.checkControllers(), w.checkModels(), w.checkFaults(), w.checkRules(),
	)...)
}

func problem(format string, args ...any) error {
	return fmt.Errorf("cannot make the world: "+format, args...)
}

func (w *World) checkJIMM() (problems []error) {
	if _, ok := generations()[w.JIMM.Version]; !ok {
		problems = append(problems, problem("JIMM of %q cannot be simulated; use one of %q", w.JIMM.Version,
			slices.Sorted(maps.Keys(generations()))))
	}
	if !isUUID(w.JIMM.UUID) {
		problems = append(problems, problem("%q is not the UUID of JIMM", w.JIMM.UUID))
	}
	for _, a := range w.JIMM.ServiceAccounts {
		if a.ID == "" || a.Secret == "" {
			problems = append(problems, problem("service account %q needs an id and a secret", a.ID))
		}
	}
	if w.JIMM.Cancels && w.JIMM.Version != "2024" {
		problems = append(problems, problem("JIMM of %q does not cancel its requests; remove cancels", w.JIMM.Version))
	}
	if w.Speed < 0 {
		problems = append(problems, problem("speed %v is negative", w.Speed))
	}
	return problems
}

func generations() map[string]func() jimm.Generation {
	return map[string]func() jimm.Generation{
		"2024": jimm.Generation2024, "2025": jimm.Generation2025, "2026": jimm.Generation2026,
	}
}

func isUUID(s string) bool {
	id, err := uuid.Parse(s)
	return err == nil && id.String() == s
}

func (w *World) checkControllers() (problems []error) {
	seen := map[string]bool{"": true, "jimm": true, nowhere: true}
	for _, c := range w.Controllers {
		switch {
		case seen[c.Name]:
			problems = append(problems, problem("the controller name %q is reserved, or is used twice", c.Name))
		case !isUUID(c.UUID) || !isUUID(c.ModelUUID):
			problems = append(problems, problem("%q or %q is not the UUID of controller %q", c.UUID, c.ModelUUID, c.Name))
		case c.CordonedFor < 0 || c.CordonedFor > 0 && c.Status != statusDeprecated:
			problems = append(problems, problem("controller %q: cordoned-for needs a positive time and the status deprecated", c.Name))
		}
		seen[c.Name] = true
		problems = append(problems,
			oneOf("status", c.Status, c.Name, statusAvailable, statusDeprecated, statusUnavailable),
			oneOf("redirects", c.Redirects, c.Name, redirectUsers, redirectAll))
	}
	return problems
}

func oneOf(key, value, of string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return problem("%s of %q is %q, want one of %q", key, of, value, allowed)
}

// controller finds a controller by name.
func (w *World) controller(name string) (Controller, bool) {
	i := slices.IndexFunc(w.Controllers, func(c Controller) bool { return c.Name == name })
	if i < 0 {
		return Controller{}, false
	}
	return w.Controllers[i], true
}

func (w *World) checkModels() (problems []error) {
	names, ids := map[string]bool{}, map[string]bool{}
	for _, m := range w.Models {
		full := m.Owner + "/" + m.Name
		switch {
		case m.Name == "":
			problems = append(problems, problem("a model of %q has no name", m.Owner))
		case names[full] && m.RecordedOn != nowhere, ids[m.UUID]:
			problems = append(problems, problem("model %q is listed twice", full))
		case !isUUID(m.UUID):
			problems = append(problems, problem("%q is not the UUID of model %q", m.UUID, full))
		}
		names[full] = names[full] || m.RecordedOn != nowhere // a model that JIMM does not know has a name only on its controller
		ids[m.UUID] = true
		problems = append(problems, w.checkPlaces(m, full)...)
		problems = append(problems, w.checkRecord(m, full)...)
	}
	return problems
}

// checkPlaces reports references to controllers that do not exist.
func (w *World) checkPlaces(m Model, full string) (problems []error) {
	places := append([]string{m.Controller}, m.Copies...)
	for _, past := range m.History {
		places = append(places, past.To)
		if past.Stall != "" || past.Loop != "" || past.Refuse != "" {
			problems = append(problems, problem("the history of model %q has a migration that does not end", full))
		}
	}
	for _, name := range []string{m.RecordedOn, m.MigratingTo} {
		if name != "" {
			places = append(places, name)
		}
	}
	for _, name := range places {
		if _, ok := w.controller(name); !ok && name != nowhere {
			problems = append(problems, problem("model %q names controller %q, which does not exist", full, name))
		}
	}
	if m.Controller == nowhere && (m.RecordedOn == "" || len(m.Migrations)+len(m.History) > 0 || m.MigratingTo != "") {
		problems = append(problems, problem("model %q is on no controller: it needs recorded-on, and cannot have migrations", full))
	}
	return problems
}

func (w *World) checkRecord(m Model, full string) (problems []error) {
	problems = append(problems, oneOf("mode", m.Mode, full,
		string(jimm.ModeNone), string(jimm.ModeInternal), string(jimm.ModeExporting), string(jimm.ModeImporting)))
	if generation, known := generations()[w.JIMM.Version]; m.Mode != "" && known && !generation().MigrationModes {
		problems = append(problems, problem("model %q has a mode, but JIMM of %s has no modes", full, w.JIMM.Version))
	}
	for user, access := range m.Grants {
		problems = append(problems, oneOf("grant to "+user, access, full, "read", "write", "admin"))
	}
	for _, o := range m.Migrations {
		problems = append(problems, oneOf("abort-at", string(o.AbortAt), full, "", string(controller.Quiesce),
			string(controller.Import), string(controller.ProcessRelations), string(controller.Validation)))
		if o.Stall != "" && o.Stall == strings.ToUpper(o.Stall) {
			problems = append(problems, problem("stall of %q is %q, a phase: write the beginning of a status text, such as importing", full, o.Stall))
		}
	}
	return problems
}

func (w *World) checkFaults() (problems []error) {
	actions := []string{
		string(wire.DropBefore), string(wire.DropAfter), string(wire.Delay), string(wire.DelayWork),
		string(wire.NoAnswer), string(wire.Ignore), string(wire.Refuse), string(wire.FailAfter),
		string(wire.Duplicate), string(wire.UnknownID), string(wire.Reorder),
	}
	for _, f := range w.Faults {
		if _, ok := w.controller(f.Server); !ok && f.Server != "jimm" {
			problems = append(problems, problem("a fault names server %q, which does not exist", f.Server))
		}
		problems = append(problems, oneOf("action of a fault", string(f.Action), f.Server, actions...))
	}
	return problems
}
