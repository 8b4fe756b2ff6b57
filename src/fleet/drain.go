package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

// Cordoner puts JIMM's mark "deprecated" on a controller, and takes it off.
type Cordoner interface {
	// Cordon sets or lifts the mark.
	Cordon(ctx context.Context, controller string, mark bool) error
}

// Cordon is what can be said of a controller's mark.
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

// CheckDrain says why a controller must not be drained now, or nil.
func CheckDrain(s Snapshot, controller string) error {
	c, known := s.Controller(controller)
	switch {
	case !known:
		return &RefusedError{s.Controllers.Unknown(controller)}
	case away(c):
		return &RefusedError{fmt.Sprintf("%q is not available; restore it first", controller)}
	case len(s.Gaps) > 0:
		return &RefusedError{"JIMM's list is incomplete: " + s.Gaps[0]}
	}
	if coming := arriving(s, controller); len(coming) > 0 {
		return &RefusedError{fmt.Sprintf("%s to %q: %s; wait until that has ended", facts.Count(len(coming), "model is migrating", "models are migrating"), controller, coming[0])}
	}
	return nil
}

// arriving returns the models that move to the controller.
func arriving(s Snapshot, controller string) []string {
	var out []string
	for _, f := range s.Moving {
		if f.Target == controller {
			out = append(out, f.Model)
		}
	}
	return out
}

// End is the end of a drain.
type End struct {
	// Controller is the name of the one that is drained.
	Controller string
	// Left is a plan of what is left.
	Left Plan
	// Moved is what became of the models of the runs.
	Moved []Moved
	// Probe asks the controllers themselves.
	Probe bool
}

// refused returns the models that a run has tried to move in vain: a check or Juju
// refused them. A plan knows only what JIMM lists.
func (e End) refused() map[string]string {
	out := map[string]string{}
	for _, m := range e.Moved {
		if out[m.Entry.Model] = ""; m.State == Stayed && m.Result.Outcome != "" {
			out[m.Entry.Model] = m.Reason
		}
	}
	return out
}

// Gather collects what the end of a drain rests on.
//
// A model that JIMM records elsewhere has left the controller if a run moved it from
// there, or if it was asked to move recently, by whomever, and the controller says that
// it has moved it: so a drain that was killed and is run again proves what the run
// before has moved, too.
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
			g.Stuck = append(g.Stuck, fmt.Sprintf("%s %s (%s)", m.Model, m.Name, why))
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
		case LeftControllerModel: // It goes with the controller.
		case LeftMoving:
			g.Leaving = append(g.Leaving, l.Model+" "+l.Name)
		default:
			g.Stuck = append(g.Stuck, fmt.Sprintf("%s %s (%s)", l.Model, l.Name, l.Reason))
		}
	}
	for _, m := range end.Moved {
		if m.Result.Outcome == facts.Conflict || m.Result.Outcome == facts.LostFromJIMM {
			g.Conflicts = append(g.Conflicts, m.Entry.Model+" "+m.Entry.Name)
		}
	}
	g.arriving(ctx)
	g.departed(ctx)
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
}

// arriving finds the models that may be on their way to the controller. One that
// moves to it is not known where is not, if the controller says that it does not have it.
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

// departed asks the controller where the models are that left it. Those of the log
// that it never had it does not know, which proves nothing.
func (g *gathering) departed(ctx context.Context) {
	ours, well := map[string]bool{}, map[string]bool{}
	for _, m := range g.Moved {
		if m.Entry.Source == g.controller.Name {
			ours[m.Entry.Model] = true
			well[m.Entry.Model] = m.State == Well
		}
	}
	silent := 0
	for _, m := range g.snapshot.Models {
		_, asked := g.snapshot.Moved[m.UUID]
		if m.Recorded == "" || m.Recorded == g.controller.UUID || m.IsController || !ours[m.UUID] && !asked {
			continue
		}
		said := facts.Copy{}
		if silent < silentToGiveUp {
			said = g.copyOn(ctx, g.controller, m.UUID)
		}
		if silent++; said.State != facts.CopyUnknown {
			silent = 0
		}
		switch {
		case !g.Probe && !ours[m.UUID]:
			continue
		case !g.Probe && well[m.UUID]:
			g.Unproved = append(g.Unproved, g.named(m.UUID)) // The engine has proved it, not this controller.
		case said.State == facts.CopyUnknown:
			g.Silent = append(g.Silent, g.named(m.UUID))
		case said.Has() && g.twice(ctx, m, said):
			g.Conflicts = append(g.Conflicts, g.named(m.UUID))
			continue
		case said.Has():
			g.Strangers = append(g.Strangers, g.named(m.UUID)+" (recorded elsewhere: "+said.State.String()+")")
			continue
		case said.State == facts.CopyAbsent && !ours[m.UUID]:
			continue // It was never there, as far as is known.
		case said.State != facts.CopyMoved || said.To != m.Recorded:
			g.Unproved = append(g.Unproved, g.named(m.UUID))
		}
		g.Departed = append(g.Departed, m.UUID)
	}
}

// silentToGiveUp is after how many models in a row that a controller does not answer
// about it is not asked any more: each question may take ten seconds.
const silentToGiveUp = 3

// twice reports whether a model is in use on the controller and where JIMM records it.
// The controller is asked again last: what it has released meanwhile is not in conflict.
func (g *gathering) twice(ctx context.Context, m facts.Model, said facts.Copy) bool {
	at := g.snapshot.Controllers.ByUUID(m.Recorded)
	return said.State == facts.CopyActive &&
		g.copyOn(ctx, at, m.UUID).State == facts.CopyActive &&
		g.copyOn(ctx, g.controller, m.UUID).State == facts.CopyActive
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
	own := map[string]bool{}
	for _, m := range g.snapshot.Models {
		own[m.UUID] = m.IsController
	}
	for _, h := range all {
		known := slices.ContainsFunc(slices.Concat(g.Strangers, g.Conflicts), func(line string) bool { return strings.HasPrefix(line, h.UUID) })
		ownModel := own[h.UUID] || h.Name == "controller" && h.Owner == "admin"
		if g.recorded[h.UUID] == g.controller.UUID || ownModel || known {
			continue
		}
		g.Strangers = append(g.Strangers, fmt.Sprintf("%s %s/%s (%s)", h.UUID, h.Owner, h.Name, g.kindOf(h)))
	}
}

// kindOf says what a model is that only the controller knows to be there.
func (g *gathering) kindOf(h facts.Holding) string {
	switch at, known := g.recorded[h.UUID]; {
	case h.Importing:
		return "half imported"
	case known && at != "":
		return "recorded elsewhere: left over"
	case h.Life != "" && h.Life != "alive":
		return "unknown to JIMM, " + h.Life
	default:
		return "unknown to JIMM"
	}
}

// named returns the UUID of a model with its name.
func (g *gathering) named(uuid string) string {
	for i := range g.snapshot.Models {
		if m := &g.snapshot.Models[i]; m.UUID == uuid {
			return uuid + " " + printed(m)
		}
	}
	return uuid
}
