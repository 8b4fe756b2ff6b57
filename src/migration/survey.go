package migration

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// surveyOptions say what to look at, and how.
type surveyOptions struct {
	// Model is a UUID, "owner/name", or a bare name if it is unique.
	Model string
	// Target is JIMM's name of the controller that the model shall move to.
	Target string
	// Unit names the unit that runs this, for commands in remedies.
	Unit string
	// OwnModel is the UUID of the model that hosts the caller; it is never moved.
	OwnModel string
	// JIMMModel is the UUID of the model that hosts the JIMM that is talked to; ""
	// if that is not known.
	JIMMModel string
	// AccountsProblem is why the accounts on controllers cannot be used, and
	// AccountsRemedy the command that helps; "" if they can, or there are none.
	AccountsProblem, AccountsRemedy string
	// Probe asks the controllers themselves, without credentials.
	Probe bool
	// TimeToStart is how long a migration that was asked for may take to show.
	TimeToStart time.Duration
	// Inspect looks into the model as well.
	Inspect bool
	// SaveLogin keeps the login to the model for the end of a migration, where
	// JIMM stores the secret of each.
	SaveLogin bool
}

// surveyor makes surveys of one model.
type surveyor struct {
	jaas    JAAS
	options surveyOptions
	// host is the answer to the login to the model that a survey has made.
	host Host
	// again tells that the survey is made for the second time: JIMM's record had
	// changed during the first.
	again bool
}

// situation is what is known before anything is done: one look at everything
// that the checks and the plan need.
type situation struct {
	options     surveyOptions
	traits      Traits
	controllers controllers
	models      []Model
	model       Model
	modelErr    *SelectError
	target      Controller
	targetKnown bool
	source      Controller
	seen        Observation
	listed      Info // The model in JIMM's list, where that is of the controllers.
	audit       Audit
	auditErr    error
	inside      insight
	outside     outside
}

// modelKnown reports whether the model is one that JIMM knows.
func (s *situation) modelKnown() bool { return s.modelErr == nil }

// survey asks for everything once. An error means that JIMM did not list its
// controllers or models, and nothing is known.
func (r *surveyor) survey(ctx context.Context) (*situation, error) {
	s := &situation{options: r.options, traits: r.jaas.Traits}
	list, err := r.jaas.Fleet.Controllers(ctx)
	if err != nil {
		return nil, err
	}
	s.controllers = list
	s.target, s.targetKnown = s.controllers.byName(r.options.Target)
	models, err := r.jaas.Fleet.Models(ctx)
	if err != nil && len(models) == 0 {
		return nil, err
	}
	s.models = models
	if s.model, s.modelErr, err = one(models, err, r.options.Model); err != nil || !s.modelKnown() {
		return s, err
	}
	s.source = s.controllers.byUUID(s.model.Recorded)
	s.audit, s.auditErr = r.jaas.Auditor.Audit(ctx, s.model)
	s.seen = r.firstLook(ctx, s)
	if s.overtaken() && !r.again {
		r.again, r.host = true, Host{}
		return r.survey(ctx)
	}
	s.describe()
	r.lookInside(ctx, s)
	r.askAdministrators(ctx, s)
	return s, ctx.Err()
}

// overtaken reports whether JIMM has changed its record since the list was read:
// another controller than that of the list has answered for the model.
func (s *situation) overtaken() bool {
	by := ""
	switch {
	case s.seen.Host.Kind == HostServes:
		by = s.seen.Host.Controller
	case s.seen.Info.Kind == InfoLive && !s.seen.Info.Listed:
		by = s.seen.Info.Controller
	}
	return by != "" && by != s.source.UUID && s.controllers.byUUID(by).Name != ""
}

// one selects the model. From a list that has gaps, only a UUID or a full name
// does so for certain.
func one(models []Model, gaps error, selector string) (Model, *SelectError, error) {
	m, err := Select(models, selector)
	switch {
	case gaps != nil && (err != nil || selector != m.UUID && selector != m.FullName()):
		return Model{}, nil, fmt.Errorf("cannot tell which model %q means: %w", selector, gaps)
	case err != nil:
		if selection, ok := errors.AsType[*SelectError](err); ok {
			return Model{}, selection, nil
		}
		return Model{}, nil, err
	}
	return m, nil, nil
}

// describe takes over what the live answer knows better than JIMM's list.
func (s *situation) describe() {
	info := s.seen.Info
	if info.Kind != InfoLive {
		return
	}
	if info.Life != "" {
		s.model.Life = info.Life
	}
	if info.AgentVersion != "" {
		s.model.AgentVersion = info.AgentVersion
	}
	s.model.IsController = s.model.IsController || info.IsController
	s.model.Users = info.Users
}

// firstLook asks every controller for a copy, then the recorded one through
// JIMM. Where that brings no words of its own, those count that it tells an
// administrator.
func (r *surveyor) firstLook(ctx context.Context, s *situation) Observation {
	o := r.look(ctx, s)
	if own, told := (Baseline{Source: s.source}).own(o); told {
		o.Info = own
	}
	return o
}

func (r *surveyor) look(ctx context.Context, s *situation) Observation {
	w := r.jaas.Witness
	o := Observation{Record: Record{State: RecordAt, Controller: s.model.Recorded}}
	if r.options.Probe {
		o.Copies = newAsker(w).all(ctx, s.controllers, s.model.UUID)
	}
	if !s.traits.Completes {
		o.Info = w.Info(ctx, s.model.UUID)
		return o
	}
	o.Info = s.model.Live
	if o.Info.Kind == InfoNotAsked {
		o.Info = w.Summary(ctx, s.model.UUID)
	}
	s.listed = o.Info
	source := o.copyOn(s.source)
	if s.unclear(source) {
		if r.host.Kind == HostNotAsked {
			r.host = w.Host(ctx, s.model.UUID)
		}
		o.Host = r.host
	}
	// A controller that lists the model need not be the recorded one.
	b := Baseline{Source: s.source}
	o.Info = Progress{}.Observe(b, o).read(b, o)
	serves := o.Host.Kind == HostServes && o.Host.Controller == s.source.UUID
	if !mayAskDetails(o.Info, source, serves) && !s.whoseLeftOver(o, serves) {
		return o
	}
	// A refusal is news; a failure to ask is none, unless nobody else tells whose
	// entry the list has.
	if full := w.Info(ctx, s.model.UUID); full.Kind != InfoUnavailable || s.onlyDetailsTell(o) {
		if full.Kind == InfoLive && !full.Attempt.Exists() && !s.whoseLeftOver(o, serves) {
			// Juju's details leave out what its list shows of a model that has
			// been away.
			full.Attempt = o.Info.Attempt
		}
		o.Info = full
	}
	return o
}

// onlyDetailsTell reports whether the entry of the list can be that of another
// controller, although the recorded one has a copy.
func (s *situation) onlyDetailsTell(o Observation) bool {
	return o.Info.Listed && !o.Info.Attempt.ofSource() && (s.othersHold(o) || o.copyOn(s.source).State == CopyUnknown)
}

// whoseLeftOver reports whether JIMM's list says that a copy could not be removed,
// and not which. Nothing is forgotten over the question, as the recorded controller
// has one.
func (s *situation) whoseLeftOver(o Observation, serves bool) bool {
	source := o.copyOn(s.source)
	open := s.othersHold(o) || source.State == CopyUnknown
	return o.Info.Listed && o.Info.reapFailed() && open && (source.held() || !source.denies() && serves)
}

// othersHold reports whether a controller besides the recorded one has a copy.
func (s *situation) othersHold(o Observation) bool {
	for uuid, c := range o.Copies {
		if uuid != s.source.UUID && c.held() {
			return true
		}
	}
	return false
}

// unclear reports whether it cannot be told which controller has listed the
// model. What migrates is followed, whoever it is.
func (s *situation) unclear(source Copy) bool {
	listed := s.listed.Kind == InfoLive && s.listed.Listed && source.State == CopyUnknown
	return listed && (s.onTarget() || !s.listed.migrating())
}

// mayAskDetails reports whether a JIMM that completes migrations may be asked
// for the details of a model: if its recorded controller is known to hold it,
// with no migration running. Otherwise the question could change the record, or
// make JIMM forget the model.
func mayAskDetails(listed Info, source Copy, serves bool) bool {
	held := source.held() || !source.denies() && serves
	return held && listed.Kind == InfoLive && !listed.migrating() && !listed.reapFailed()
}

// holders returns the controllers, other than those given, that say that they
// have the model in some form, ordered by name.
func (s *situation) holders(except ...Controller) controllers {
	var out controllers
	for _, c := range s.controllers {
		if s.seen.copyOn(c).held() && !slices.ContainsFunc(except, func(e Controller) bool { return e.UUID == c.UUID }) {
			out = append(out, c)
		}
	}
	return out
}

// usedTwice reports whether more than one controller says that it has the model
// in use, and no migration explains it.
func (s *situation) usedTwice() bool {
	return inUse(s.seen, s.source.UUID) > 1 && !s.seen.Info.migrating()
}

// contested looks a second time if more than one controller has the model in use,
// and reports whether that stays so.
func (r *run) contested(ctx context.Context, s *situation) bool {
	if !s.modelKnown() || !s.usedTwice() || !sleep(ctx, r.opts.PollInterval) {
		return false
	}
	s.model.Live = Info{} // The list is read anew.
	s.seen = r.firstLook(ctx, s)
	return s.usedTwice()
}

// conflict ends a run in which nothing was done.
func (s *situation) conflict(res *Result) {
	res.Outcome, res.Cause, res.Plan = Conflict, CauseNone, PlanNone
	res.Holder, res.Detail = Controller{}, sayings(s.controllers, s.seen.Copies)
}

// sayings tell what each controller says that has the model in some form.
func sayings(list controllers, copies map[string]Copy) string {
	var out []string
	for _, c := range list {
		if got := copies[c.UUID]; got.held() {
			out = append(out, strconv.Quote(c.String())+" "+got.words())
		}
	}
	return strings.Join(out, "; ")
}
