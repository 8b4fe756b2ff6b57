package survey

import (
	"slices"
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
)

// StatusCommand is the command that shows the model as its users see it.
func (s *Survey) StatusCommand() string { return "juju status -m " + s.Model.FullName() }

// PointsElsewhere reports whether the recorded controller reports that it has moved
// the model to a controller other than the target.
func (s *Survey) PointsElsewhere() bool {
	source := s.Observation.CopyOn(s.Source)
	return !s.OnTarget() && source.State == facts.CopyMoved && source.To != "" && source.To != s.Target.UUID
}

// PointsTo returns the controller that the source reports to have migrated the model to, if it is not the target;
// unknown if there is none.
func (s *Survey) PointsTo() facts.Controller {
	if !s.PointsElsewhere() {
		return facts.Controller{}
	}
	return s.Controllers.ByUUID(s.Observation.CopyOn(s.Source).To)
}

// Placement is where the survey places the model.
func (s *Survey) Placement() judge.Placement { return judge.Place(s.Source, s.WithEntry()) }

// WithEntry is the observation with JIMM's entry of a running migration, also where it is
// not the entry of the recorded controller: then too a migration is running.
func (s *Survey) WithEntry() facts.Observation {
	o := s.Observation
	if o.Info.Kind == facts.InfoUnlisted && s.Entry.Migrating() {
		o.Info = s.Entry.Info()
	}
	return o
}

// SourceKeepsIt reports whether the recorded controller is known to host the model.
func (s *Survey) SourceKeepsIt() bool { return judge.Keeps(s.Source, s.WithEntry()) }

// TargetHasIt reports whether any answer shows that the target, which JIMM records, has the model.
func (s *Survey) TargetHasIt() bool {
	return s.SourceKeepsIt() || s.Observation.CopyOn(s.Source).Has()
}

// Age is how long the reported migration has been running, by JIMM's clock; zero if that cannot be determined.
func (s *Survey) Age() time.Duration {
	if s.Audit.Now.IsZero() || s.Observation.Info.Attempt.Start.IsZero() {
		return 0
	}
	return s.Audit.Now.Sub(s.Observation.Info.Attempt.Start)
}

// UnderWay reports whether nothing has to be started. Checks of whether a migration can start then never fail.
func (s *Survey) UnderWay() bool {
	return s.TargetKnown() && s.ModelKnown() && (s.OnTarget() || s.LeftSource() || s.Observation.Info.Migrating())
}

// OnTarget reports whether JIMM records the target.
func (s *Survey) OnTarget() bool { return s.TargetKnown() && s.Target.UUID == s.Source.UUID }

// TimeLeftToStart returns how long a migration that was requested before this run may still take to show. If that is
// not known, it counts as requested just now.
func (s *Survey) TimeLeftToStart() time.Duration {
	if s.AuditErr != nil {
		return s.timeToBegin
	}
	return s.Audit.TimeToAppear(s.Observation.Info.Attempt, s.Source.Name, s.timeToBegin)
}

// LeftSource reports whether the model seems to have left the source for the target. Either the source reports it
// itself; or it no longer describes the model, or has kept a copy of it, and JIMM's audit log has the request to
// migrate it there.
func (s *Survey) LeftSource() bool {
	var attempt facts.Attempt
	switch s.Placement() {
	case judge.Departed:
		if to := s.Observation.CopyOn(s.Source).To; to != "" {
			return to == s.Target.UUID
		}
	case judge.LeftOver:
		attempt = s.Observation.Info.Attempt
	case judge.Redirected, judge.Undescribed, judge.MovingElsewhere:
	case judge.Absent, judge.Copied, judge.Unplaced:
		// JIMM's list also leaves out models that JIMM could not ask for.
		if kind := s.Observation.Info.Kind; s.Observation.Info.Described() || kind == facts.InfoUnavailable || kind == facts.InfoNotAsked {
			return false
		}
	default:
		return false
	}
	name, certain := s.Audit.Target(attempt, s.Source.Name)
	return certain && name == s.Target.Name
}

// Holder returns the controller that hosts the model, if it is known.
func (s *Survey) Holder() facts.Controller {
	o := s.Observation
	none := facts.Controller{}
	switch s.Placement() {
	case judge.Departed:
		trail := judge.Trail(s.Source, o)
		last := s.Controllers.ByUUID(trail[len(trail)-1])
		if at := o.CopyOn(last); at.Denies() || at.State == facts.CopyImporting {
			return none
		}
		return last
	case judge.Moving:
		if s.MovesElsewhere() || facts.ParseText(o.Info.Attempt.Text).PastReturn() || o.CopyOn(s.Source).Denies() {
			return none
		}
		if o.Info.Attempt.Unshown() && !judge.Alone(s.Source, s.Controllers, o) {
			return none // It may be in use on its target already.
		}
		return s.Source
	case judge.Hosted, judge.Copied, judge.Listed:
		if !o.Info.Described() || s.ambiguous() || s.MayStillArrive() {
			return none
		}
		return s.Source
	default:
		return none
	}
}

// ambiguous reports whether JIMM's list has an entry that either of two controllers can have made.
func (s *Survey) ambiguous() bool {
	i := s.Observation.Info
	return i.Kind == facts.InfoListed && !i.Attempt.OfSource() && len(s.Holders(s.Source)) > 0
}

// MovesElsewhere reports whether the reported migration may be that of a controller other than the recorded one,
// because JIMM records it too early or wrongly: its list does not name the controller that made the entry.
func (s *Survey) MovesElsewhere() bool {
	attempt := s.Observation.Info.Attempt
	brought := s.Audit.MayGoTo(attempt, s.Source.Name)
	_, asked := s.Audit.Target(attempt, s.Source.Name) // JIMM asks the recorded one.
	switch {
	case judge.Attribute(s.Source, s.Controllers, s.Observation) == judge.EntryOfRecorded, asked && !brought:
		return false
	default:
		return brought || s.OnTarget() || len(s.Holders(s.Source, s.Target)) > 0
	}
}

// Baseline is what later observations are compared with.
func (s *Survey) Baseline() judge.Baseline {
	b := judge.Baseline{Model: s.Model, Source: s.Source, Target: s.Target, AutoRecords: s.Traits.AutoRecords}
	if len(s.Holders(s.Source, s.Target)) > 0 {
		b.Others = judge.OthersHave
	}
	since := s.Audit.Now.Add(-facts.RememberRequests)
	a := s.Observation.Info.Attempt
	switch {
	case s.OnTarget():
		source, alone := s.OtherHolder()
		b.Source = source
		if alone {
			b.Others = judge.OthersDeny
		}
	case s.Observation.Info.Migrating():
		since = a.Start.Add(-facts.AskedBefore)
		name, certain := s.Audit.Target(a, s.Source.Name)
		b.TargetProved = certain && name == s.Target.Name
	case s.LeftSource():
		b.TargetProved = true
	case a.Exists():
		b.Old = a
	default:
		b.Old = s.Entry.Attempt // Of whichever controller made it.
	}
	if s.AuditErr != nil || s.Audit.RecordedByHand(s.Target.Name, since) ||
		s.OnTarget() && s.SomeSilent() && s.Audit.Recorded(s.Target.Name, since) {
		b.RecordedBy = judge.ByHand
	}
	return b
}

// SomeSilent reports whether a controller that was asked has not answered whether it has a copy. If JIMM was asked to
// record the target, even by another run of this charm, that controller can be the source, with a copy that it could
// not remove.
func (s *Survey) SomeSilent() bool {
	return s.Options.Probe && slices.ContainsFunc(s.Controllers, func(c facts.Controller) bool {
		return c.UUID != s.Target.UUID && s.Observation.CopyOn(c).State == facts.CopyUnknown
	})
}

// OtherHolder returns the controller, other than the target that JIMM records, that has a copy or has migrated it to
// the target, and whether all other controllers deny having one.
func (s *Survey) OtherHolder() (source facts.Controller, alone bool) {
	alone = true
	for _, c := range s.Controllers {
		if c.UUID == s.Target.UUID {
			continue
		}
		got := s.Observation.CopyOn(c)
		alone = alone && got.Denies()
		if got.Has() {
			return c, false
		}
		if got.State == facts.CopyMoved && got.To == s.Target.UUID {
			source = c
		}
	}
	return source, alone
}

// MayStillArrive reports whether the model may still be migrating from a third controller to the recorded one: the
// third has a copy, and JIMM's audit log does not rule out a recent request.
func (s *Survey) MayStillArrive() bool {
	third := len(s.Holders(s.Source, s.Target)) > 0
	return !s.UnderWay() && third && (s.AuditErr != nil || s.Audit.Arrived(s.Source.Name)) && !s.Observation.Info.ReapFailed()
}

// HolderForSure is Holder without those entries of JIMM's list that any controller can have made.
func (s *Survey) HolderForSure() facts.Controller {
	h := s.Holder()
	if h.UUID == s.Source.UUID && !s.Observation.Info.Migrating() && !s.SourceKeepsIt() {
		return facts.Controller{}
	}
	return h
}

// Holders returns the controllers, other than those given, that report any kind of copy of the model, ordered by name.
func (s *Survey) Holders(except ...facts.Controller) facts.Controllers {
	var out facts.Controllers
	for _, c := range s.Controllers {
		if s.Observation.CopyOn(c).Has() && !slices.ContainsFunc(except, func(e facts.Controller) bool { return e.UUID == c.UUID }) {
			out = append(out, c)
		}
	}
	return out
}

// InUseElsewhere returns the controller, other than source and target, that reports that it
// hosts the model; unknown if none does.
func (s *Survey) InUseElsewhere() facts.Controller {
	for _, c := range s.Holders(s.Source, s.Target) {
		if s.Observation.CopyOn(c).State == facts.CopyActive {
			return c
		}
	}
	return facts.Controller{}
}

// InUseTwice reports whether more than one controller reports that it hosts the
// model, and no migration explains it.
func (s *Survey) InUseTwice() bool { return s.Placement() == judge.InUseTwice }

// Unexplained reports whether one of the copies may be in use, and no migration explains it: its controller does not
// report that it is importing or migrating the model, and the recorded one does not report that it no longer has the
// model.
func (s *Survey) Unexplained(holders facts.Controllers) bool {
	return !s.UnderWay() && !s.MayStillArrive() && !s.Observation.CopyOn(s.Source).Denies() && slices.ContainsFunc(holders, func(c facts.Controller) bool {
		state := s.Observation.CopyOn(c).State
		return state == facts.CopyPresent || state == facts.CopyActive
	})
}
