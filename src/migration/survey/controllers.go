package survey

import (
	"context"

	"jimm-migrator/src/migration/facts"
)

// Reports is what administrators of source and target saw before a start.
type Reports struct {
	Why            string // Why no administrator was asked; "" if one was.
	Source, Target facts.Account

	Holdings    []facts.Holding // Of the target.
	HoldingsErr error
	Users       map[facts.ControllerUUID]facts.KnownUsers // Of both, by UUID; missing if not reported.
	Clouds      map[string][]string                       // Of the target, with their regions; nil if not reported.
	// Backends are the names of the secret backends of the source, TargetBackends those of the target, by
	// their ids, where the model needs some; nil if they were not read. ModelInfo shows no ids.
	Backends, TargetBackends map[string]string
	// Credential is the model's cloud credential on the source, TargetCredential that of the same
	// tag on the target; nil if it was not read or is not there.
	Credential, TargetCredential *facts.CloudCredential
	Prechecks                    facts.Prechecks
	PrecheckErr                  error
	// SourceItself is the source's own answer to the question whether it would accept the model that it has: it shows
	// how the source judges itself. Empty if there was no answer.
	SourceItself facts.Prechecks
	// SourceModel is the controller model of the source, read where that answer does not
	// show it: on Juju 4 there is none. It is empty if it was not read.
	SourceModel facts.Inventory
	// TargetFrozen reports that changes to the controller model of the target are known to be disabled. Only Juju 4 is
	// asked. Juju 3 asks for a block of the model itself when it gets the agent binaries of an import (/migrate/tools has
	// the state of the imported model), Juju 4 for one of the controller model, because that address names no model
	// (apiserver of 3.6, 4.0 and 4.1, tools.go and apiserver.go: the block checker of the upload handler). Nothing else
	// of a migration asks for blocks: neither Controller.InitiateMigration on the source nor MigrationTarget on the
	// target has a block checker, so that a block on the controller model of the source does not matter, and a block of
	// "remove-object" or "destroy-model" nowhere.
	TargetFrozen bool
	// DryRun is the answer of the source to a dry run; nil if the user has asked for none.
	DryRun *facts.DryRun
}

// askControllers asks source and target what they report only to their
// administrators, as long as there is something to start.
func (r *Surveyor) askControllers(ctx context.Context, s *Survey) {
	out := &s.Reports
	if out.Why = r.mayNotAsk(s); out.Why != "" {
		return
	}
	admin := r.Jaas.Controllers
	out.Users = map[facts.ControllerUUID]facts.KnownUsers{}
	out.Source, out.Target = admin.Access(ctx, s.Source), admin.Access(ctx, s.Target)
	for _, side := range []struct {
		access facts.Account
		at     facts.Controller
	}{{out.Source, s.Source}, {out.Target, s.Target}} {
		if side.access.State != facts.AccountWorks {
			continue
		}
		if people, err := admin.Users(ctx, side.at); err == nil {
			out.Users[side.at.UUID] = people
		}
	}
	moving := s.Model
	if owner, ok := s.OwnerOnSource(); ok {
		moving.Owner = owner
	}
	if out.Source.State == facts.AccountWorks {
		r.askSource(ctx, s, moving)
	}
	if out.Target.State != facts.AccountWorks {
		return
	}
	out.Holdings, out.HoldingsErr = admin.Holdings(ctx, s.Target)
	if clouds, err := admin.Clouds(ctx, s.Target); err == nil {
		out.Clouds = clouds
	}
	out.TargetFrozen = r.frozen(ctx, s.Target)
	out.Prechecks, out.PrecheckErr = admin.Prechecks(ctx, s.Target, s.Source, moving)
	if out.Source.State == facts.AccountWorks {
		out.Credential = r.readCredential(ctx, s, s.Source)
		out.TargetCredential = r.readCredential(ctx, s, s.Target)
	}
	if outside, _ := s.OutsideBackends(); len(outside) > 0 && out.Source.State == facts.AccountWorks {
		out.Backends = r.readBackends(ctx, s.Source)
		out.TargetBackends = r.readBackends(ctx, s.Target)
	}
}

// frozen reports whether changes to the controller model of a controller of Juju 4 are known to be disabled.
func (r *Surveyor) frozen(ctx context.Context, at facts.Controller) bool {
	if r.Jaas.Imports == nil || !at.Juju4() {
		return false
	}
	disabled, err := r.Jaas.Imports.ChangesDisabled(ctx, at)
	return err == nil && disabled
}

// readBackends reads the secret backends of a controller; nil if it does not list them.
func (r *Surveyor) readBackends(ctx context.Context, at facts.Controller) map[string]string {
	if r.Jaas.Imports == nil {
		return nil
	}
	got, err := r.Jaas.Imports.SecretBackends(ctx, at)
	if err != nil {
		return nil
	}
	return got
}

// readCredential reads the model's cloud credential on a controller; nil if that shows none.
func (r *Surveyor) readCredential(ctx context.Context, s *Survey, at facts.Controller) *facts.CloudCredential {
	own := s.Observation.CopyOn(s.Source).Info
	if own.CredentialTag == "" || r.Jaas.Imports == nil {
		return nil
	}
	got, found, err := r.Jaas.Imports.Credential(ctx, at, own.CredentialTag)
	if err != nil || !found {
		return nil
	}
	return &got
}

// OutsideBackends returns the secret backends with secrets of the model that the target needs too,
// and whether the source reports them at all.
func (s *Survey) OutsideBackends() (outside []facts.Backend, reported bool) {
	info := s.BackendsInfo()
	for _, b := range info.Backends {
		if !b.BuiltIn() && b.Secrets > 0 {
			outside = append(outside, b)
		}
	}
	return outside, info.BackendsReported
}

// BackendsInfo is the answer that has the secret backends of the model: of an account on the source
// rather than of JIMM, which does not pass on every list.
func (s *Survey) BackendsInfo() facts.Info {
	if own := s.Observation.CopyOn(s.Source).Info; own.BackendsReported {
		return own
	}
	return s.Observation.Info
}

// AskDryRun asks the source for a dry run, if there are accounts on both controllers. The
// caller has found nothing that forbids the start.
func (r *Surveyor) AskDryRun(ctx context.Context, s *Survey) {
	if reports := &s.Reports; reports.Why == "" && reports.Source.State == facts.AccountWorks && reports.Target.State == facts.AccountWorks {
		answer := r.Jaas.DryRunner.DryRun(ctx, s.Source, s.Target, s.Model.UUID)
		reports.DryRun = &answer
	}
}

// askSource asks whether the source itself is ready to migrate the model.
func (r *Surveyor) askSource(ctx context.Context, s *Survey, moving facts.Model) {
	out := &s.Reports
	if itself, err := r.Jaas.Controllers.Prechecks(ctx, s.Source, s.Source, moving); err == nil {
		out.SourceItself = itself
	}
	if out.SourceItself.RefusesAsItIs() || out.SourceItself.HasModel() || r.Jaas.ControllerModels == nil {
		return
	}
	if own, err := r.Jaas.ControllerModels.ControllerModel(ctx, s.Source); err == nil {
		out.SourceModel = own
	}
}

// OwnerOnSource returns the owner of the model on the source, or its qualifier on Juju 4. The owner in JIMM can differ:
// models that were imported into JIMM got a new owner there.
func (s *Survey) OwnerOnSource() (owner string, ok bool) {
	own := s.Observation.CopyOn(s.Source).Info
	return own.Owner, own.Kind == facts.InfoLive && own.Owner != ""
}

// mayNotAsk returns why administrators are not asked, or "".
func (r *Surveyor) mayNotAsk(s *Survey) string {
	switch {
	case r.Inspection == NoInspection || r.Jaas.Controllers == nil:
		return "it was not inspected"
	case !r.Options.Probe:
		return "controllers are not asked (probe-controllers=false)"
	case !s.TargetKnown():
		return "the target is not known"
	case s.OnTarget():
		return onTarget
	case s.UnderWay(), s.TimeLeftToStart() > 0:
		return "a migration is running, is about to begin, or has run"
	default:
		return ""
	}
}
