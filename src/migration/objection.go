package migration

import (
	"strconv"
	"time"
)

// against is why an operator's word is not enough. Its zero value is no
// objection.
type against struct {
	outcome Outcome
	cause   Cause
	detail  string
	next    string
}

// objection returns what one look has against recording the target on an
// operator's word. What nobody can say is no objection: that is what the word
// is for.
func objection(s *situation) against {
	info := s.seen.Info
	target := s.seen.copyOn(s.target)
	name := strconv.Quote(s.target.String())
	running := "a migration runs since " + info.Attempt.Start.UTC().Format(timeFormat) + " (" + Redact(info.Attempt.Text) + ")"
	switch {
	case s.usedTwice():
		return against{outcome: Conflict, detail: sayings(s.controllers, s.seen.Copies)}
	case info.migrating() && !ParseText(info.Attempt.Text).PastReturn():
		return against{Refused, CauseOtherMigration, running, s.follow()}
	case info.migrating() && s.onTarget():
		return against{Refused, CauseOtherMigration, running + ", and cannot be aborted any more: the model leaves " + name, s.follow()}
	case info.Importing(), target.State == CopyImporting:
		return against{Refused, CauseOtherMigration, "a copy of the model is still being imported", s.follow()}
	case s.pending() > 0:
		return against{Refused, CauseOtherMigration, "JIMM's audit log says that a migration was asked for a moment ago", s.follow()}
	case !s.onTarget() && s.sourceKeepsIt():
		return against{Refused, CauseHeld, strconv.Quote(s.source.String()) + " has the model in use, and JIMM records it there", ""}
	case s.pointsElsewhere() && !target.held():
		// A target that has the model may have got it from there since.
		return s.movedTo(s.source, s.seen.copyOn(s.source))
	case target.denies():
		return s.deniedByTarget(target)
	default:
		return against{}
	}
}

// follow is the command that follows a migration without starting one.
func (s *situation) follow() string {
	return "juju run " + s.options.Unit + " migration-status model=" + s.model.UUID + " follow=true --wait=65m"
}

// deniedByTarget: the controller itself says that it does not have the model.
func (s *situation) deniedByTarget(target Copy) against {
	name := strconv.Quote(s.target.String())
	if target.State == CopyAbsent {
		return against{Refused, CauseElsewhere, name + " says that it does not have the model", s.locate()}
	}
	return s.movedTo(s.target, target)
}

func (s *situation) locate() string {
	return "juju run " + s.options.Unit + " locate-model model=" + s.model.UUID
}

// movedTo: a controller says that it has moved the model to another one.
func (s *situation) movedTo(from Controller, at Copy) against {
	to := s.controllers.byUUID(at.To)
	if to.Name == "" {
		return against{Refused, CauseElsewhere, strconv.Quote(from.String()) + " says that it has moved the model to a controller that JIMM does not know", s.locate()}
	}
	return against{
		Refused, CauseElsewhere, strconv.Quote(from.String()) + " says that it has moved the model to " + strconv.Quote(to.Name),
		"juju run " + s.options.Unit + " record-model model=" + s.model.UUID + " controller=" + to.Name,
	}
}

// pointsElsewhere reports whether the recorded controller says that it has moved
// the model to another controller than the target.
func (s *situation) pointsElsewhere() bool {
	source := s.seen.copyOn(s.source)
	return !s.onTarget() && source.State == CopyMoved && source.To != "" && source.To != s.target.UUID
}

// sourceKeepsIt reports whether the recorded controller is known to have the
// model in use: it describes it with no migration that has succeeded, and does
// not say itself that it has let go.
func (s *situation) sourceKeepsIt() bool {
	info, source := s.seen.Info, s.seen.copyOn(s.source)
	own := info.Kind == InfoLive && (!info.Listed || info.Attempt.ofSource() || source.held() || s.servedBySource())
	return own && !source.denies() && !info.reapFailed() && !info.migrating()
}

// servedBySource reports whether the recorded controller has answered a login to
// the model.
func (s *situation) servedBySource() bool {
	return s.seen.Host.Kind == HostServes && s.seen.Host.Controller == s.source.UUID
}

// movement returns what the second look has against the operator's word that no
// single look can tell: JIMM's record has changed, another migration began, or
// the one that runs makes progress.
func (m *recording) movement(again *situation) against {
	before, now := m.first.seen.Info, again.seen.Info
	switch {
	case again.source.UUID != m.first.source.UUID:
		return against{Unknown, CauseChanged, "JIMM has changed its record meanwhile: it names " + strconv.Quote(again.source.String()) + " now", again.locate()}
	case again.onTarget() && !again.hasIt():
		return against{Unknown, CauseUnproved, "nobody tells whether " + strconv.Quote(again.target.String()) + " has the model, and JIMM records it there already", again.locate()}
	case !now.migrating():
		return against{}
	case !before.migrating() || !before.Attempt.same(now.Attempt):
		return against{Refused, CauseOtherMigration, "another migration has begun meanwhile", again.follow()}
	case advances(before.Attempt.Text, now.Attempt.Text):
		return against{Refused, CauseOtherMigration, "the migration makes progress: " + Redact(now.Attempt.Text), again.follow()}
	case again.age() < time.Duration(PollsToStall)*m.opts.PollInterval:
		return against{Refused, CauseOtherMigration, "the migration has succeeded and runs for too short a time to be called stalled: " + Redact(now.Attempt.Text), again.follow()}
	default:
		return against{}
	}
}

// advances reports whether the migration has come further between two looks.
// SUCCESS may loop through its texts for days (juju/juju#20286).
func advances(before, now string) bool {
	phase := ParseText(now)
	return phase > ParseText(before) || phase == PhaseLogTransfer && now != before
}

// hasIt reports whether anybody says that the target, which is on record, has
// the model.
func (s *situation) hasIt() bool {
	return s.sourceKeepsIt() || s.seen.copyOn(s.source).held()
}

// age is how long the migration on show runs, by JIMM's clock; zero if that
// cannot be read.
func (s *situation) age() time.Duration {
	if s.audit.Now.IsZero() || s.seen.Info.Attempt.Start.IsZero() {
		return 0
	}
	return s.audit.Now.Sub(s.seen.Info.Attempt.Start)
}

// words say what the look has seen, for the ground of the operator's proof.
func (s *situation) words() string {
	source, target := s.seen.copyOn(s.source), s.seen.copyOn(s.target)
	name := strconv.Quote(s.target.String())
	switch {
	case s.seen.Info.migrating():
		return "the migration had succeeded and does not go on: " + Redact(s.seen.Info.Attempt.Text)
	case s.onTarget():
		return name + " has the model, and no migration of it runs"
	case s.seen.Info.reapFailed():
		return strconv.Quote(s.source.String()) + " could not remove its copy after the migration"
	case source.State == CopyMoved:
		return strconv.Quote(s.source.String()) + " has moved the model away"
	case target.held() && source.State == CopyAbsent:
		return name + " says that it has the model, and " + strconv.Quote(s.source.String()) + " says that it does not"
	case target.held():
		return name + " says that it has the model"
	default:
		return "nobody else could tell where the model is"
	}
}
