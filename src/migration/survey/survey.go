package survey

import (
	"context"
	"slices"
	"strings"
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
)

// Options choose the model that is surveyed, its target, and which servers may be asked.
type Options struct {
	// Model is a UUID, "owner/name", or a bare name if it is unique.
	Model string
	// Target is JIMM's name of the controller that the model is to move to.
	Target string
	// Unit names the unit that runs this, for commands in remedies.
	Unit string
	// OwnModel is the UUID of the model that hosts the caller; it is never moved.
	OwnModel string
	// JIMMModel is the UUID of the model that hosts the JIMM that the charm uses; "" if that is not known.
	JIMMModel string
	// MoveOutOfJIMM is the UUID of the model if it may migrate to a controller on which JIMM cannot record it.
	MoveOutOfJIMM string
	// AccountsProblem is why the accounts on controllers cannot be used, and
	// AccountsRemedy the command that helps; "" if they can, or there are none.
	AccountsProblem, AccountsRemedy string
	// Probe asks the controllers themselves, without credentials.
	Probe bool
}

// Surveyor makes surveys of one model.
type Surveyor struct {
	Jaas    JAAS
	Options Options
	// TimeToBegin is how long a migration that was requested may take to show.
	TimeToBegin time.Duration
	// Inspection is when the contents of the model are read.
	Inspection Inspection
	// Host is the answer to the login to the model, if a survey has made one.
	Host facts.Host
}

// Inspection is when the contents of a model are read.
type Inspection int

// When the contents of a model are read.
const (
	// NoInspection: never.
	NoInspection Inspection = iota
	// InspectNow: with the survey.
	InspectNow
	// InspectNowAndLater: with the survey, and again after the migration. Where JIMM
	// stores the secret of each login to a model, the only login is kept for the end.
	InspectNowAndLater
)

// Survey is what is known before anything is done: one observation of everything that the checks and the plan need.
type Survey struct {
	Options     Options
	timeToBegin time.Duration
	Traits      facts.Traits
	Controllers facts.Controllers
	Models      []facts.Model
	Model       facts.Model
	ModelErr    *facts.SelectError
	Target      facts.Controller
	Source      facts.Controller
	Observation facts.Observation
	Entry       facts.Entry // The model in JIMM's list, where that is of the controllers.
	// JIMMAnswer is what JIMM itself answered about the model, before the recorded
	// controller's own answer took its place.
	JIMMAnswer facts.Info
	Audit      facts.Audit
	AuditErr   error
	Contents   Contents
	Reports    Reports
}

// ModelKnown reports whether the model is one that JIMM knows.
func (s *Survey) ModelKnown() bool { return s.ModelErr == nil }

// TargetKnown reports whether the target is one of JIMM's controllers.
func (s *Survey) TargetKnown() bool { return s.Target.Known() }

// Survey asks for everything once; or twice, if JIMM's record has changed meanwhile. An
// error means that JIMM did not list its controllers or models, and nothing is known.
func (r *Surveyor) Survey(ctx context.Context) (*Survey, error) {
	s, err := r.find(ctx)
	if err == nil && s.overtaken() {
		r.Host = facts.Host{}
		s, err = r.find(ctx)
	}
	if err != nil || !s.ModelKnown() {
		return s, err
	}
	s.describe()
	r.inspect(ctx, s)
	r.askControllers(ctx, s)
	return s, ctx.Err()
}

// find finds the model in JIMM's lists, and observes it.
func (r *Surveyor) find(ctx context.Context) (*Survey, error) {
	s := &Survey{Options: r.Options, timeToBegin: r.TimeToBegin, Traits: r.Jaas.Traits}
	list, err := r.Jaas.Fleet.Controllers(ctx)
	if err != nil {
		return nil, err
	}
	s.Controllers = list
	s.Target, _ = s.Controllers.Named(r.Options.Target)
	models, err := r.Jaas.Fleet.Models(ctx)
	if err != nil {
		return nil, err
	}
	s.Models = models.Models
	s.Model, err = models.Select(r.Options.Model)
	if s.ModelErr = facts.NotSelected(err); s.ModelErr != nil {
		err = nil
	}
	if err != nil || !s.ModelKnown() {
		r.FindLost(ctx, s)
		return s, err
	}
	s.Source = s.Controllers.ByUUID(s.Model.Recorded)
	s.Audit, s.AuditErr = r.Jaas.Auditor.Audit(ctx, s.Model)
	s.Observation = r.Observe(ctx, s)
	return s, nil
}

// overtaken reports whether JIMM has changed its record since the list was read: a controller other than the one in the
// list has answered for the model.
func (s *Survey) overtaken() bool {
	var by facts.ControllerUUID
	switch {
	case s.Observation.Host.Kind == facts.HostServes:
		by = s.Observation.Host.Controller
	case s.Observation.Info.Kind == facts.InfoLive:
		by = s.Observation.Info.Controller
	}
	return by != "" && by != s.Source.UUID && s.Controllers.ByUUID(by).Name != ""
}

// describe takes from the live answer what it knows better than JIMM's list.
func (s *Survey) describe() {
	info := s.Observation.Info
	if !info.Described() {
		return
	}
	if info.Life != "" {
		s.Model.Life = info.Life
	}
	if info.AgentVersion != "" {
		s.Model.AgentVersion = info.AgentVersion
	}
	s.Model.IsController = s.Model.IsController || info.IsController
	s.Model.Users = info.Users
}

// Observe asks every controller for a copy, then the recorded one through JIMM. If that does not describe the model,
// what the recorded controller reports to an administrator counts.
//
// A JIMM that records migrations itself is never asked ModelInfo here: it deletes its row if the recorded controller
// refuses the details (JIMM of July 2026 recorded), and nothing that a client can ask first shows that the controller
// will not. Its list and a login to the model show the same: status, migration, life, version, and whether the cloud
// credential is valid.
func (r *Surveyor) Observe(ctx context.Context, s *Survey) facts.Observation {
	o := r.observe(ctx, s)
	s.JIMMAnswer = o.Info
	if own, ok := (judge.Baseline{Source: s.Source}).Own(o); ok {
		o.Info = own
	}
	return o
}

func (r *Surveyor) observe(ctx context.Context, s *Survey) facts.Observation {
	w := r.Jaas.Witness
	o := facts.Observation{Record: facts.Record{State: facts.RecordAt, Controller: s.Model.Recorded}}
	o.Destinations = Destinations(s.Source, s.Controllers, s.Audit, s.AuditErr)
	if r.Options.Probe {
		o.Copies = NewProber(w).All(ctx, s.Controllers, s.Model.UUID)
	}
	if !s.Traits.AutoRecords {
		o.Info = w.Info(ctx, s.Model.UUID)
		return o
	}
	s.Entry = s.Model.Entry
	if s.Entry.Kind == facts.InfoNotAsked {
		s.Entry = w.Summary(ctx, s.Model.UUID)
	}
	o.Info = s.Entry.Info()
	if s.unclear(o) {
		if r.Host.Kind == facts.HostNotAsked {
			r.Host = w.Host(ctx, s.Model.UUID, "")
		}
		o.Host = r.Host
	}
	report, ok := o.Host.Report(o.Info)
	ok = ok && o.Host.Controller == s.Source.UUID && !judge.ShownByOther(o.Info, s.Target, o.Host)
	switch {
	case ok:
		o.Info = report
	case o.Host.Info.Kind == facts.InfoBroken:
		o.Info = o.Host.Info
	default:
		// A controller that lists the model is not necessarily the recorded one.
		b := judge.Baseline{Source: s.Source}
		o.Info = judge.Progress{}.Observe(b, o).Read(b, o)
	}
	if !ok && s.onlyItsStatusShows(o) {
		o.Info = facts.Info{Kind: facts.InfoUnavailable, Err: o.Host.Info.Err}
	}
	return o
}

// onlyItsStatusShows reports whether the entry of the list can be another controller's, although the recorded one has a
// copy.
func (s *Survey) onlyItsStatusShows(o facts.Observation) bool {
	serves := o.Host.Kind == facts.HostServes && o.Host.Controller == s.Source.UUID
	return serves && o.Info.Kind == facts.InfoListed && !o.Info.Attempt.OfSource() && (s.othersHold(o) || o.CopyOn(s.Source).State == facts.CopyUnknown)
}

// othersHold reports whether a controller besides the recorded one has a copy.
func (s *Survey) othersHold(o facts.Observation) bool {
	for uuid, c := range o.Copies {
		if uuid != s.Source.UUID && c.Has() {
			return true
		}
	}
	return false
}

// unclear reports whether it is not known which controller made the entry of JIMM's list, or what kind of copy the
// recorded one has: a login to the model answers both. A model that is migrating is watched in either case.
func (s *Survey) unclear(o facts.Observation) bool {
	source := o.CopyOn(s.Source)
	switch {
	case s.Entry.Kind != facts.InfoListed, source.Info.Kind == facts.InfoLive, !s.OnTarget() && s.Entry.Migrating():
		return false
	case source.State == facts.CopyUnknown, source.State == facts.CopyPresent, source.State == facts.CopyExporting:
		return true
	default:
		return source.State == facts.CopyActive && s.Entry.Info().ReapFailed() && s.othersHold(o)
	}
}

// FindLost asks every controller about a model that JIMM does not know, if its UUID was given: JIMM may have forgotten
// the model.
func (r *Surveyor) FindLost(ctx context.Context, s *Survey) {
	if s.ModelKnown() || s.ModelErr.UUID() == "" {
		return
	}
	if !r.Options.Probe {
		s.ModelErr.Unasked = true
		return
	}
	s.Model.UUID = s.ModelErr.UUID()
	s.Observation.Record = r.Jaas.Witness.Record(ctx, s.Model.UUID)
	s.Observation.Copies = NewProber(r.Jaas.Witness).All(ctx, s.Controllers, s.Model.UUID)
	at := s.Observation.Copies[s.LostHolder().UUID]
	s.Model.Owner, s.Model.Life = OwnerIn(at), at.Info.Life
}

// OwnerIn returns the owner of a copy that its controller has described to its administrator, if JIMM can use that
// owner: not a local user; "" otherwise.
func OwnerIn(c facts.Copy) string {
	if owner := c.Info.Owner; strings.Contains(owner, "@") {
		return owner
	}
	return ""
}

// Lost reports whether a controller has a model that JIMM does not know. That a list which may be incomplete lacks it
// is not a proof.
func (s *Survey) Lost() bool {
	state := s.Observation.Record.State
	return !s.ModelKnown() && (state == facts.RecordLost || state == facts.RecordUnlisted) && len(s.Holders()) > 0
}

// LostHolder returns the controller that has a model which JIMM does not know: the only one that hosts it, or else the
// only one that has a copy.
func (s *Survey) LostHolder() facts.Controller {
	return OnlyHolder(s.Controllers, s.Observation.Copies)
}

// OnlyHolder returns the only controller that hosts a model or, if none reports that, the only one with a copy that may
// be in use; unknown otherwise.
func OnlyHolder(list facts.Controllers, copies map[facts.ControllerUUID]facts.Copy) facts.Controller {
	for _, states := range [][]facts.CopyState{{facts.CopyActive}, {facts.CopyPresent, facts.CopyExporting}} {
		var found facts.Controllers
		for _, c := range list {
			if slices.Contains(states, copies[c.UUID].State) {
				found = append(found, c)
			}
		}
		switch len(found) {
		case 0:
		case 1:
			return found[0]
		default:
			return facts.Controller{}
		}
	}
	return facts.Controller{}
}
