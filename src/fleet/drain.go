package fleet

import (
	"context"
	"fmt"
	"slices"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
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
	// CordonHidden: JIMM calls the controller unavailable, which hides the mark.
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
		return &RefusedError{fmt.Sprintf("JIMM does not know the controller %q; list-controllers shows those that it knows", controller)}
	case away(c):
		return &RefusedError{fmt.Sprintf("%q is not available; bring it back first", controller)}
	case len(s.Gaps) > 0:
		return &RefusedError{"JIMM's list is not complete: " + s.Gaps[0]}
	}
	if coming := arriving(s, controller); len(coming) > 0 {
		return &RefusedError{fmt.Sprintf("%s to %q: %s; wait until that has ended", facts.Count(len(coming), "model moves", "models move"), controller, coming[0])}
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

// Gather collects what the end of a drain rests on. The plan is one of what is
// left; departed are the models that left the controller, by UUID.
func Gather(ctx context.Context, jaas survey.JAAS, s Snapshot, left Plan, controller string, departed []string) Evidence {
	c, _ := s.Controller(controller)
	e := Evidence{Gaps: s.Gaps, Arriving: arriving(s, controller), Departed: departed}
	for _, m := range left.Moves {
		e.Movable = append(e.Movable, m.Model+" "+m.Name)
	}
	for _, l := range left.Left {
		if l.Reason == LeftControllerModel {
			continue // It goes with the controller.
		}
		e.Stuck = append(e.Stuck, fmt.Sprintf("%s %s (%s)", l.Model, l.Name, l.Reason))
	}
	recorded, own := map[string]string{}, map[string]bool{}
	for _, m := range s.Models {
		recorded[m.UUID] = m.Recorded
		own[m.UUID] = m.IsController
	}
	if jaas.Controllers != nil {
		if all, err := jaas.Controllers.Holdings(ctx, c); err == nil {
			e.Asked = true
			for _, h := range all {
				if recorded[h.UUID] == c.UUID || own[h.UUID] || h.Name == "controller" {
					continue
				}
				e.Strangers = append(e.Strangers, fmt.Sprintf("%s %s/%s (%s)", h.UUID, h.Owner, h.Name, kindOf(h, recorded)))
			}
		}
	}
	for _, uuid := range departed {
		said := jaas.Witness.Copy(ctx, c, uuid)
		switch {
		case said.State == facts.CopyUnknown:
			e.Silent = append(e.Silent, uuid)
		case said.State != facts.CopyMoved || said.To != recorded[uuid]:
			e.Unproved = append(e.Unproved, uuid)
		}
	}
	return e
}

// kindOf says what a model is that only the controller knows to be there.
func kindOf(h facts.Holding, recorded map[string]string) string {
	switch at, known := recorded[h.UUID]; {
	case h.Importing:
		return "half imported"
	case known && at != "":
		return "recorded elsewhere: left over"
	default:
		return "unknown to JIMM"
	}
}

// Departed returns the models that were asked to leave the controller lately, or
// that a run has moved, and that JIMM records elsewhere, by UUID.
func Departed(s Snapshot, controller string, moved []Moved) []string {
	c, _ := s.Controller(controller)
	var out []string
	for _, m := range moved {
		if m.Entry.Source == controller && m.State == Well {
			out = append(out, m.Entry.Model)
		}
	}
	at := map[string]string{}
	for _, m := range s.Models {
		at[m.UUID] = m.Recorded
	}
	out = slices.DeleteFunc(out, func(uuid string) bool { return at[uuid] == "" || at[uuid] == c.UUID })
	slices.Sort(out)
	return slices.Compact(out)
}
