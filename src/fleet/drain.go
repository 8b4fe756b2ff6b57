package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

// Cordoner sets and removes JIMM's mark "deprecated" on a controller.
type Cordoner interface {
	// Cordon sets or removes the mark.
	Cordon(ctx context.Context, controller string, mark bool) error
}

// Cordon is the state of a controller's mark.
type Cordon string

// The states of a cordon.
const (
	Cordoned   Cordon = "yes"
	Uncordoned Cordon = "no"
	// CordonHidden: JIMM reports the controller as unavailable, which hides the mark.
	CordonHidden Cordon = "not-visible"
)

// CordonOf returns the state of the mark as JIMM lists it.
func CordonOf(c facts.Controller) Cordon {
	switch {
	case cordoned(c):
		return Cordoned
	case away(c):
		return CordonHidden
	default:
		return Uncordoned
	}
}

// ErrWait matches a refusal that may end by itself.
var ErrWait = errors.New("wait until that has ended")

// waitError is a refusal that matches [ErrWait].
type waitError struct{ error }

// Is reports that the error is [ErrWait].
func (waitError) Is(target error) bool { return target == ErrWait }

// CheckDrain returns why a controller must not be drained now, or nil. The error matches [ErrWait] if the reason may
// end by itself.
func CheckDrain(s Snapshot, controller string) error {
	c, known := s.Controller(controller)
	switch {
	case !known:
		return fmt.Errorf("cannot drain: %w", s.Controllers.NotFound(controller))
	case away(c):
		return waitError{fmt.Errorf("cannot drain %q: it is not available; restore it first", controller)}
	case len(s.Gaps) > 0:
		return waitError{fmt.Errorf("cannot drain %q: JIMM's list is incomplete: %s", controller, s.Gaps[0])}
	}
	var coming []string
	for _, f := range s.Moving {
		if f.Target == controller {
			coming = append(coming, s.named(f.Model))
		}
	}
	switch len(coming) {
	case 0:
		return nil
	case 1:
		return waitError{fmt.Errorf("cannot drain %q: model %s is migrating to it; run the drain again when that has ended", controller, coming[0])}
	default:
		return waitError{fmt.Errorf("cannot drain %q: %d models are migrating to it, such as %s; run the drain again when that has ended", controller, len(coming), coming[0])}
	}
}

// Remaining plans the rest of a drain, as far as models can be migrated now: a target that accepts no models now is
// left out, and what is excluded may be gone. Without a target every model stays.
func Remaining(s Snapshot, p Policy) (Plan, error) {
	p.Exclude = slices.DeleteFunc(slices.Clone(p.Exclude), func(pattern string) bool {
		found, err := facts.SelectAll(s.Models, pattern)
		return err == nil && len(found) == 0
	})
	p.Targets = slices.DeleteFunc(slices.Clone(p.Targets), func(t Weighted) bool {
		c, known := s.Controller(t.Name)
		return t.Name != "*" && (!known || cordoned(c) || away(c))
	})
	m, err := newMakerWithoutTargets(s, p)
	if err != nil {
		return Plan{}, err
	}
	if m.readTargets() != nil {
		m.targets = nil
	}
	return m.make()
}

// Arrived plans the models that have arrived during a drain. A model that a run of this drain has tried to migrate is
// left to the next drain.
func Arrived(s Snapshot, p Policy, moved []MoveResult) (Plan, error) {
	plan, err := Make(s, p)
	plan.Moves = slices.DeleteFunc(plan.Moves, func(e Entry) bool {
		return slices.ContainsFunc(moved, func(m MoveResult) bool { return m.Entry.Model == e.Model && m.Result.Outcome != "" })
	})
	return plan, err
}

// End is the end of a drain.
type End struct {
	// Controller is the name of the drained controller.
	Controller string
	// Left is a plan of the models that are left.
	Left Plan
	// Moved has the results of the models of the runs.
	Moved []MoveResult
	// Probe asks the controllers themselves.
	Probe bool
}

// refused returns the models that a run has failed to migrate because a check or Juju refused them. A plan only knows
// what JIMM lists.
func (e End) refused() map[string]string {
	out := map[string]string{}
	for _, m := range e.Moved {
		if out[m.Entry.Model] = ""; m.State == Stayed && m.Result.Outcome != "" {
			out[m.Entry.Model] = m.Reason
		}
	}
	return out
}

// Gather collects the evidence for the end of a drain.
//
// A model that JIMM records on another controller has left the drained one if a run migrated it from there; or if any
// client requested a migration recently and the controller reports that it has migrated the model. So a drain that was
// killed and is repeated also proves what the run before has migrated.
func Gather(ctx context.Context, jaas survey.JAAS, s Snapshot, end End) Evidence {
	c, _ := s.Controller(end.Controller)
	g := gathering{End: end, jaas: jaas, snapshot: s, controller: c, recorded: map[string]facts.ControllerUUID{}}
	for _, m := range s.Models {
		g.recorded[m.UUID] = m.Recorded
	}
	g.Gaps = s.Gaps
	refused := end.refused()
	for _, m := range end.Left.Moves {
		if why := refused[m.Model]; why != "" {
			g.Stuck = append(g.Stuck, Left{Reason: Reason(why), Model: m.Model, Name: m.Name})
			continue
		}
		if slices.ContainsFunc(s.Moving, func(f Flight) bool { return f.Model == m.Model }) {
			g.Leaving = append(g.Leaving, m.Model+" "+m.Name)
			continue
		}
		g.Movable = append(g.Movable, m.Model+" "+m.Name)
	}
	for _, l := range end.Left.Left {
		switch l.Reason {
		case LeftControllerModel: // It is removed with the controller.
		case LeftMoving:
			g.Leaving = append(g.Leaving, l.Model+" "+l.Name)
		default:
			g.Stuck = append(g.Stuck, l)
		}
	}
	for _, m := range end.Moved {
		if m.Result.Outcome == facts.Conflict || m.Result.Outcome == facts.LostFromJIMM {
			g.Conflicts = append(g.Conflicts, m.Entry.Model+" "+m.Entry.Name)
		}
	}
	g.arriving(ctx)
	g.departed(ctx)
	g.forgotten(ctx)
	g.holdings(ctx)
	return g.Evidence
}

// gathering is one call of [Gather].
type gathering struct {
	End
	Evidence
	jaas       survey.JAAS
	snapshot   Snapshot
	controller facts.Controller
	recorded   map[string]facts.ControllerUUID // Controllers by model.
	silent     int                             // How many questions in a row got no answer.
}

// arriving finds the models that may be migrating to the controller. A model with a request to migrate there is not
// among them if the controller reports that it does not have it.
func (g *gathering) arriving(ctx context.Context) {
	for _, f := range g.snapshot.Moving {
		switch {
		case f.Target == g.controller.Name:
			g.Arriving = append(g.Arriving, g.named(f.Model))
		case f.Target == "" && f.Source != g.controller.Name && g.copyOn(ctx, g.controller, f.Model).State != facts.CopyAbsent:
			g.Arriving = append(g.Arriving, g.named(f.Model)+" (its target is not known)")
		}
	}
}

// departed asks the controller about the models that have left it. It does not know a model of the log that it never
// had, which proves nothing.
func (g *gathering) departed(ctx context.Context) {
	ours, well := map[string]bool{}, map[string]bool{}
	for _, m := range g.Moved {
		if m.Entry.Source == g.controller.Name {
			ours[m.Entry.Model] = true
			well[m.Entry.Model] = m.State == Well
		}
	}
	for _, m := range g.snapshot.Models {
		_, asked := g.snapshot.Requested[m.UUID]
		if m.Recorded == "" || m.Recorded == g.controller.UUID || m.IsController || !ours[m.UUID] && !asked {
			continue
		}
		said := g.said(ctx, m.UUID)
		switch {
		case !g.Probe && !ours[m.UUID]:
			continue
		case !g.Probe && well[m.UUID]:
			g.Unproved = append(g.Unproved, g.named(m.UUID)) // The engine has proved it, not this controller.
		case said.State == facts.CopyUnknown:
			g.Silent = append(g.Silent, g.named(m.UUID))
		case said.Has():
			g.resident(ctx, &m, said)
			continue
		case said.State == facts.CopyAbsent && !ours[m.UUID]:
			continue // No answer shows that it was ever there.
		case said.State != facts.CopyMoved || said.To != m.Recorded:
			g.Unproved = append(g.Unproved, g.named(m.UUID))
		}
		g.Departed = append(g.Departed, m.UUID)
	}
}

// forgotten finds models with a recent migration request that JIMM no longer lists and that the controller has: JIMM of
// 2026 can forget a model that it migrates, and then only its log still names it.
func (g *gathering) forgotten(ctx context.Context) {
	for _, uuid := range g.snapshot.Unlisted {
		if said := g.said(ctx, uuid); said.Has() {
			g.Strangers = append(g.Strangers, Left{LeftUnknownToJIMM, uuid, "", "JIMM's audit log has a request to migrate it"})
		}
	}
}

// said asks the controller about a model, unless it has stopped answering.
func (g *gathering) said(ctx context.Context, model string) facts.Copy {
	if g.silent >= silentToGiveUp {
		return facts.Copy{}
	}
	said := g.copyOn(ctx, g.controller, model)
	if g.silent++; said.State != facts.CopyUnknown {
		g.silent = 0
	}
	return said
}

// silentToGiveUp is the number of models in a row for which a controller may fail to answer before it is no longer
// asked: each question may take ten seconds.
const silentToGiveUp = 3

// resident returns why a model that JIMM records on another controller is on this one. Each model is judged once.
func (g *gathering) resident(ctx context.Context, m *facts.Model, said facts.Copy) {
	at := g.snapshot.Controllers.ByUUID(m.Recorded)
	there := g.copyOn(ctx, at, m.UUID)
	stranger := Left{LeftDrift, m.UUID, printed(m), "JIMM records it on " + g.snapshot.nameOf(m.Recorded)}
	switch {
	case g.comes(m.UUID):
		return // It is among the arriving models.
	case said.State == facts.CopyImporting && there.State == facts.CopyExporting:
		g.Arriving = append(g.Arriving, g.named(m.UUID))
		return
	case said.State == facts.CopyActive && there.State == facts.CopyActive && g.copyOn(ctx, g.controller, m.UUID).State == facts.CopyActive:
		// The controller is asked again last: a model that it has released meanwhile is not in conflict.
		g.Conflicts = append(g.Conflicts, g.named(m.UUID))
		return
	case said.State == facts.CopyImporting:
		stranger.Reason = LeftHalfImported
	case said.State == facts.CopyExporting:
		stranger.Reason = LeftOver
	case there.State == facts.CopyAbsent:
		stranger.Detail += ", which does not have it"
	}
	g.Strangers = append(g.Strangers, stranger)
}

// comes reports whether a model is among the arriving ones.
func (g *gathering) comes(model string) bool {
	return slices.ContainsFunc(g.Arriving, func(line string) bool { return strings.HasPrefix(line, model) })
}

// copyOn asks a controller about a model, if controllers are asked.
func (g *gathering) copyOn(ctx context.Context, c facts.Controller, model string) facts.Copy {
	if !g.Probe {
		return facts.Copy{}
	}
	return g.jaas.Witness.Copy(ctx, c, model)
}

// holdings asks the controller for all its models, if there is an account.
func (g *gathering) holdings(ctx context.Context) {
	switch {
	case !g.Probe:
		g.NotAsked = "probe-controllers is false"
		return
	case g.jaas.Controllers == nil:
		g.NotAsked = "controller-credentials has no account for this controller"
		return
	}
	all, err := g.jaas.Controllers.Holdings(ctx, g.controller)
	if err != nil {
		g.NotAsked = redact.Error(err)
		return
	}
	g.Asked = true
	if checks.HidesImports(g.controller) {
		g.Hidden = checks.ImportsHidden
	}
	own := map[string]bool{}
	for _, m := range g.snapshot.Models {
		own[m.UUID] = m.IsController
	}
	listed := map[string]*facts.Model{}
	for i := range g.snapshot.Models {
		listed[g.snapshot.Models[i].UUID] = &g.snapshot.Models[i]
	}
	for _, h := range all {
		same := func(l Left) bool { return l.Model == h.UUID }
		known := slices.ContainsFunc(g.Strangers, same) || slices.ContainsFunc(g.Conflicts, func(line string) bool { return strings.HasPrefix(line, h.UUID) })
		ownModel := own[h.UUID] || h.Name == "controller" && h.Owner == "admin"
		switch m := listed[h.UUID]; {
		case known, ownModel, g.recorded[h.UUID] == g.controller.UUID:
		case m == nil || m.Recorded == "":
			g.Strangers = append(g.Strangers, unknown(h))
		default:
			g.resident(ctx, m, g.held(ctx, h))
		}
	}
}

// held returns the state of a model that the controller lists. One that is being removed is not in use, although the
// controller reports it as such to any client.
func (g *gathering) held(ctx context.Context, h facts.Holding) facts.Copy {
	said := g.said(ctx, h.UUID)
	switch {
	case h.Importing:
		said.State = facts.CopyImporting
	case h.Life != "" && h.Life != "alive" && said.State == facts.CopyActive:
		said.State = facts.CopyExporting
	case said.State == facts.CopyMoved: // It redirects, and lists it.
		said.State = facts.CopyExporting
	case !said.Has():
		said.State = facts.CopyPresent
	}
	return said
}

// unknown returns the finding for a model that JIMM does not know.
func unknown(h facts.Holding) Left {
	out := Left{LeftUnknownToJIMM, h.UUID, h.Owner + "/" + h.Name, ""}
	switch {
	case h.Importing:
		out.Detail = "half imported"
	case h.Life != "alive":
		out.Detail = h.Life
	}
	return out
}

// named returns the UUID of a model with its name.
func (g *gathering) named(uuid string) string { return g.snapshot.named(uuid) }
