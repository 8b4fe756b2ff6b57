package survey

import (
	"context"
	"strconv"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
)

// Contents is what is known of the contents of a model before the migration.
type Contents struct {
	facts.Inventory

	Known bool
	Why   string // Why they are not known.
	// Targets are the UUIDs of the controllers that JIMM would let the model migrate to; nil: not
	// known.
	Targets []facts.ControllerUUID
	// Consumers are the UUIDs of the models that use the offers, by the name of the offer, as far as JIMM reports them.
	Consumers map[string][]string
}

// inspect inspects the model while the source has it, and asks JIMM which targets it may migrate to.
func (r *Surveyor) inspect(ctx context.Context, s *Survey) {
	if why := r.mayNotInspect(s); why != "" {
		s.Contents.Why = why
		return
	}
	if s.Traits.AutoRecords { // Older releases have no such list.
		if targets, err := r.Jaas.Inspector.Targets(ctx, s.Model.UUID); err == nil {
			s.Contents.Targets = append([]facts.ControllerUUID{}, targets...) // Known, and so not nil, even if empty.
		}
	}
	if r.saveLogin(ctx, s) {
		s.Contents.Why = "this JIMM stores the secret of each login to a model, so migrate-model logs in only once, after the migration; check-migration makes these checks"
		return
	}
	inventory, err := r.Jaas.Inspector.Inventory(ctx, facts.InventoryRequest{Model: s.Model.UUID, Controller: s.Source.UUID, Obstacles: true})
	switch {
	case err != nil:
		s.Contents.Why = "the model could not be inspected: " + redact.Error(err)
	case inventory.Controller != s.Source.UUID:
		s.Contents.Why = "controller " + string(inventory.Controller) + " answered for the model instead of " + strconv.Quote(s.Source.String())
	case removing(inventory, s.Observation.Info.Migrating()):
		s.Contents.Why = "the source is removing the model, or will do so in a moment"
	default:
		s.Contents.Inventory, s.Contents.Known = inventory, true
		if len(facts.SortedNames(inventory.Offers, facts.Offer.Connected)) > 0 {
			s.Contents.Consumers, _ = r.Jaas.Inspector.Consumers(ctx, s.Model) // They are only named.
		}
	}
}

// removing reports whether a source that migrates the model may have removed a part of it: from SUCCESS on,
// or if even the status of the model is gone.
func removing(i facts.Inventory, migrating bool) bool {
	return facts.ParseText(i.StatusText).PastReturn() || migrating && i.Status == ""
}

// onTarget is why there is nothing to examine before a migration: it is over, or was never needed.
const onTarget = "JIMM already records the model on the target"

// mayNotInspect returns why there is nothing to inspect, or "".
func (r *Surveyor) mayNotInspect(s *Survey) string {
	switch {
	case r.Inspection == NoInspection || r.Jaas.Inspector == nil:
		return "the model was not inspected"
	case !s.TargetKnown():
		return "the target is not known"
	case s.OnTarget():
		return onTarget
	case s.LeftSource(), s.Observation.Info.ReapFailed():
		return "the model has left its source"
	case s.Observation.Info.Importing():
		return "the model is being imported"
	case !s.Observation.Info.Described():
		return "the source does not describe the model"
	default:
		return ""
	}
}

// saveLogin reports whether the one login to the model that a run may make is saved for its end. That is not necessary
// if an account on the source serves the beginning, or one on the target the end.
func (r *Surveyor) saveLogin(ctx context.Context, s *Survey) bool {
	one := r.Jaas.Traits.LogsSecrets && r.Inspection == InspectNowAndLater
	if !one || !r.Options.Probe || r.Jaas.Controllers == nil {
		return one
	}
	works := func(c facts.Controller) bool { return r.Jaas.Controllers.Access(ctx, c).State == facts.AccountWorks }
	return !works(s.Source) && !works(s.Target)
}
