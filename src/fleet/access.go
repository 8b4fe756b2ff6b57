package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

// Rehoster corrects which controllers JIMM's access rules name as the host of a model; the administrators of a host
// administer the model. It can change no other rule.
type Rehoster interface {
	// Hosts returns the UUIDs of the controllers that the rules name.
	Hosts(ctx context.Context, model string) ([]facts.ControllerUUID, error)
	// Rehost adds the rule that names the controller, or removes it. JIMM refuses to add a rule that exists and to
	// remove one that does not.
	Rehost(ctx context.Context, home Home, controller facts.ControllerUUID, hosts bool) error
}

// Home is the proof that a controller has a model, and which ones do not have it. Only
// [RepairAccess] makes valid ones; the zero value allows nothing.
type Home struct {
	model      string
	controller facts.ControllerUUID
	without    []facts.ControllerUUID
}

// Model is the UUID of the model.
func (h Home) Model() string { return h.model }

// Allows reports whether the rule that names the controller may be made, or removed.
func (h Home) Allows(controller facts.ControllerUUID, hosts bool) bool {
	if hosts {
		return h.controller != "" && controller == h.controller
	}
	return slices.Contains(h.without, controller)
}

// Access is the result for JIMM's access rules of the models that have been migrated.
type Access struct {
	// Repaired are the models with rules that this run has corrected, Right those with correct rules, by UUID.
	Repaired, Right []string
	// Left are the models with rules that were left as they are, each with its name and the reason.
	Left []string
}

// Stay is a model with the controller on which JIMM records it.
type Stay struct {
	Model, Name string
	Controller  facts.ControllerUUID
}

// RepairAccess corrects the rules of each model. First it adds the rule that names the model's controller; then it
// removes those that name a controller which itself reports that it does not have the model. If it is killed between
// the two, both controllers administer the model, and the next run removes the old rule. A correct rule is not written.
// A model that is migrating, or that is not proved to be where JIMM records it, is left.
func RepairAccess(ctx context.Context, jaas survey.JAAS, rules Rehoster, s Snapshot, stays []Stay) Access {
	var out Access
	for _, stay := range stays {
		changed, why := repair(ctx, jaas, rules, s, stay)
		switch {
		case why != "":
			out.Left = append(out.Left, fmt.Sprintf("%s %s (%s)", stay.Model, stay.Name, why))
		case changed:
			out.Repaired = append(out.Repaired, stay.Model)
		default:
			out.Right = append(out.Right, stay.Model)
		}
	}
	return out
}

// repair corrects the rules of one model. It returns why they were left as they are, or "".
func repair(ctx context.Context, jaas survey.JAAS, rules Rehoster, s Snapshot, stay Stay) (changed bool, why string) {
	if ctx.Err() != nil {
		return false, "the timeout expired"
	}
	hosts, err := rules.Hosts(ctx, stay.Model)
	if err != nil {
		return false, "the rules could not be read: " + redact.Error(err)
	}
	if len(hosts) == 1 && hosts[0] == stay.Controller {
		return false, ""
	}
	home, why := prove(ctx, jaas, s, stay, hosts)
	if why != "" {
		return false, why
	}
	// An error proves nothing: the request may have been carried out. The rules show it.
	var failed error
	if !slices.Contains(hosts, stay.Controller) {
		failed = rules.Rehost(ctx, home, stay.Controller, true)
		if hosts, err = rules.Hosts(ctx, stay.Model); err != nil || !slices.Contains(hosts, stay.Controller) {
			return false, "the rule could not be added: " + whyNot(failed, err)
		}
		changed = true
	}
	for _, old := range home.without {
		failed = errors.Join(failed, rules.Rehost(ctx, home, old, false))
		changed = true
	}
	hosts, err = rules.Hosts(ctx, stay.Model)
	stale := slices.DeleteFunc(hosts, func(host facts.ControllerUUID) bool { return host == stay.Controller })
	switch {
	case err != nil, slices.ContainsFunc(stale, func(host facts.ControllerUUID) bool { return slices.Contains(home.without, host) }):
		return changed, "an old rule could not be removed: " + whyNot(failed, err)
	case len(stale) > 0:
		return changed, "the rules also name " + strings.Join(names(s, stale), ", ") + ", which may have the model"
	default:
		return changed, ""
	}
}

func whyNot(failed, err error) string {
	if failed == nil {
		failed = err
	}
	if failed == nil {
		return "JIMM does not confirm it"
	}
	return redact.Error(failed)
}

// prove proves that the recorded controller has the model: the model is not migrating, the controller neither denies it
// nor is importing it, and another controller that the rules name reports that it has migrated the model there, or that
// it does not have it while the recorded one hosts it.
func prove(ctx context.Context, jaas survey.JAAS, s Snapshot, stay Stay, hosts []facts.ControllerUUID) (Home, string) {
	list := s.Controllers
	if slices.ContainsFunc(s.Moving, func(f Flight) bool { return f.Model == stay.Model }) {
		return Home{}, "it is migrating"
	}
	if at := jaas.Witness.Record(ctx, stay.Model); at.State != facts.RecordAt || at.Controller != stay.Controller {
		return Home{}, "JIMM does not confirm that it records the model on " + list.ByUUID(stay.Controller).String()
	}
	here := jaas.Witness.Copy(ctx, list.ByUUID(stay.Controller), stay.Model)
	if here.State != facts.CopyActive && here.State != facts.CopyPresent && here.State != facts.CopyUnknown {
		return Home{}, fmt.Sprintf("%s %s", list.ByUUID(stay.Controller), here.Describe())
	}
	home, released := Home{model: stay.Model, controller: stay.Controller}, here.State == facts.CopyActive
	for _, host := range hosts {
		c := list.ByUUID(host)
		if host == stay.Controller || c.Name == "" {
			continue
		}
		switch said := jaas.Witness.Copy(ctx, c, stay.Model); {
		case said.State == facts.CopyMoved && said.To == stay.Controller:
			released = true
			home.without = append(home.without, host)
		case said.State == facts.CopyMoved, said.State == facts.CopyAbsent:
			home.without = append(home.without, host)
		case said.Has():
			return Home{}, fmt.Sprintf("%s %s", c, said.Describe())
		}
	}
	if !released {
		return Home{}, "there is no proof that " + list.ByUUID(stay.Controller).String() + " has it"
	}
	return home, ""
}

// names returns JIMM's names of controllers, or their UUIDs.
func names(s Snapshot, uuids []facts.ControllerUUID) []string {
	out := make([]string, len(uuids))
	for i, uuid := range uuids {
		out[i] = s.nameOf(uuid)
	}
	return out
}

// Stays are the models of the runs that are where the plan has them, and those that left the drained controller, with
// their recorded controllers.
func Stays(s Snapshot, moved []MoveResult, departed []string) []Stay {
	wanted := map[string]string{} // The controller; "" if any is accepted.
	for _, uuid := range departed {
		wanted[uuid] = ""
	}
	for _, m := range moved {
		if m.State == Well {
			wanted[m.Entry.Model] = m.Entry.Target()
		}
	}
	var out []Stay
	for i := range s.Models {
		m := &s.Models[i]
		if target, ok := wanted[m.UUID]; ok && (target == "" || target == s.nameOf(m.Recorded)) {
			out = append(out, Stay{m.UUID, printed(m), m.Recorded})
		}
	}
	return out
}
