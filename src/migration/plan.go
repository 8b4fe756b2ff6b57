package migration

import (
	"slices"
	"time"
)

// Plan is what the situation calls for.
type Plan string

// The plans.
const (
	// PlanNone: a check forbids to go on.
	PlanNone Plan = ""
	// PlanVerify: JIMM records the target already; see that it is true.
	PlanVerify Plan = "verify"
	// PlanRecord: the model has left the source, and JIMM does not record it
	// yet.
	PlanRecord Plan = "record"
	// PlanFollow: a migration runs.
	PlanFollow Plan = "follow"
	// PlanWait: a migration was asked for a moment ago and may be about to
	// begin; if it does not, start one.
	PlanWait Plan = "wait"
	// PlanStart: nothing runs.
	PlanStart Plan = "start"
)

// plan decides what the situation calls for.
func (s *situation) plan(findings []Finding) Plan {
	for _, f := range findings {
		if f.Blocks() {
			return PlanNone
		}
	}
	switch {
	case s.onTarget():
		return PlanVerify
	case s.leftSource():
		return PlanRecord
	case s.seen.Info.migrating():
		return PlanFollow
	case s.pending() > 0:
		return PlanWait
	default:
		return PlanStart
	}
}

// underWay reports whether nothing has to be started any more: checks that ask
// whether a migration can start then forbid nothing.
func (s *situation) underWay() bool {
	return s.targetKnown && s.modelKnown() && (s.onTarget() || s.leftSource() || s.seen.Info.migrating())
}

// onTarget reports whether JIMM records the target.
func (s *situation) onTarget() bool { return s.targetKnown && s.target.UUID == s.source.UUID }

// pending returns how long a migration may still take to show that was asked
// for before this run. As long as nobody knows, one was asked for just now.
func (s *situation) pending() time.Duration {
	if s.auditErr != nil {
		return s.options.TimeToStart
	}
	return s.audit.pending(s.seen.Info.Attempt, s.source.Name, s.options.TimeToStart)
}

// leftSource reports whether the model seems to have left the source for the
// target: the source says so itself, or it does not describe the model any
// more, or has kept a copy of it, and JIMM's audit log has the request to move
// it there.
func (s *situation) leftSource() bool {
	source := s.seen.copyOn(s.source)
	if source.State == CopyMoved && source.To != "" {
		return source.To == s.target.UUID
	}
	var attempt Attempt
	switch kind := s.seen.Info.Kind; {
	case s.seen.Info.reapFailed():
		attempt = s.seen.Info.Attempt
	case source.State == CopyMoved, kind == InfoRedirected, kind == InfoDenied, kind == InfoBroken, kind == InfoUnlisted, kind == InfoRefused:
	default:
		return false
	}
	name, certain := s.audit.target(attempt, s.source.Name)
	return certain && name == s.target.Name
}

// holder returns the controller that has the model in use, if it is known.
func (s *situation) holder() Controller {
	source := s.seen.copyOn(s.source)
	switch {
	case source.State == CopyMoved && source.To != "":
		return s.controllers.byUUID(source.To)
	case s.seen.Info.Kind != InfoLive, s.seen.Info.Importing(), s.seen.Info.reapFailed(), source.denies(), s.ambiguous():
		return Controller{}
	case s.seen.Info.migrating() && (s.anothers() || ParseText(s.seen.Info.Attempt.Text).PastReturn()):
		return Controller{}
	default:
		return s.source
	}
}

// ambiguous reports whether JIMM's list has an entry that either of two
// controllers can have made.
func (s *situation) ambiguous() bool {
	i := s.seen.Info
	return i.Listed && !i.Attempt.ofSource() && len(s.holders(s.source)) > 0
}

// anothers reports whether the migration on show may be that of another
// controller than the recorded one, which JIMM records too early or wrongly: its
// list does not tell who has made the entry.
func (s *situation) anothers() bool {
	attempt := s.seen.Info.Attempt
	brought := s.audit.brings(attempt, s.source.Name)
	_, asked := s.audit.target(attempt, s.source.Name) // JIMM asks the recorded one.
	alone := s.seen.copyOn(s.source).held() && len(s.holders(s.source)) == 0
	switch {
	case !s.seen.Info.Listed, alone, asked && !brought:
		return false
	default:
		return brought || s.onTarget() || len(s.holders(s.source, s.target)) > 0
	}
}

// baseline is what later looks are compared with.
func (s *situation) baseline() Baseline {
	b := Baseline{Model: s.model, Source: s.source, Target: s.target, Completes: s.traits.Completes}
	b.Third = len(s.holders(s.source, s.target)) > 0
	since := s.audit.Now.Add(-rememberRequests)
	a := s.seen.Info.Attempt
	switch {
	case s.onTarget():
		b.Source, b.Alone = s.elsewhere()
	case s.seen.Info.migrating():
		since = a.Start.Add(-askedBefore)
		name, certain := s.audit.target(a, s.source.Name)
		b.TargetProved = certain && name == s.target.Name
	case s.leftSource():
		b.TargetProved = true
	case a.Exists():
		b.Old = a
	default:
		b.Old = s.listed.Attempt // Whoever has listed it.
	}
	b.RecordedByHand = s.auditErr != nil || s.audit.recordedByHand(s.target.Name, since) ||
		s.onTarget() && s.silence() && s.audit.recorded(s.target.Name, since)
	return b
}

// silence reports whether a controller that was asked has not told whether it has
// a copy. If JIMM was told to record the target, be it by another run of this
// charm, that can be the source, with a copy that it could not remove.
func (s *situation) silence() bool {
	return s.options.Probe && slices.ContainsFunc(s.controllers, func(c Controller) bool {
		return c.UUID != s.target.UUID && s.seen.copyOn(c).State == CopyUnknown
	})
}

// elsewhere returns the controller, other than the target that JIMM records,
// that has a copy or has moved it to the target, and whether all others have
// said that they have none.
func (s *situation) elsewhere() (source Controller, alone bool) {
	alone = true
	for _, c := range s.controllers {
		if c.UUID == s.target.UUID {
			continue
		}
		got := s.seen.copyOn(c)
		alone = alone && got.denies()
		if got.held() {
			return c, false
		}
		if got.State == CopyMoved && got.To == s.target.UUID {
			source = c
		}
	}
	return source, alone
}
