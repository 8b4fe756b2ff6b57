package migration

import (
	"context"
	"sort"
	"strings"
)

// LocateOptions say which models to look for.
type LocateOptions struct {
	// Model is a UUID, "owner/name", a bare name, or a glob over names. A bare
	// name that several models have is not guessed: all are located.
	Model string
	// Probe asks the controllers themselves, without credentials.
	Probe bool
	// Limit bounds the number of models that are confirmed and returned; 50 if
	// zero. Skip leaves out the first ones.
	Limit, Skip int
}

// DefaultLimit is the number of models that [Locate] confirms at most.
const DefaultLimit = 50

// State says where a model is, as far as it could be confirmed.
type State string

// The states of a located model.
const (
	// StateActive: the recorded controller has the model.
	StateActive State = "active"
	// StateMigrating: a migration runs.
	StateMigrating State = "migrating"
	// StateMoved: another controller than the recorded one has the model.
	StateMoved State = "moved"
	// StateAbsent: no controller has the model; all have answered.
	StateAbsent State = "absent"
	// StateConflict: two controllers each have the model in use.
	StateConflict State = "conflict"
	// StateUnknown: the record could not be confirmed.
	StateUnknown State = "unknown"
)

// Location is where one model is.
type Location struct {
	Model Model
	State State
	// Recorded is the controller that JIMM's record names.
	Recorded Controller
	// Holder is the controller that has the model, if it is known.
	Holder Controller
	// Copies are other controllers that say that they have a copy.
	Copies []Controller
	// Attempt is the latest migration that the recorded controller shows.
	Attempt Attempt
	// Drift tells that JIMM's record and the truth differ. It is never claimed
	// while the recorded controller could not be asked.
	Drift bool
	// Repair is the command that makes JIMM record the holder, or "".
	Repair string
	// Proof says, in one sentence without its full stop, what the state rests
	// on.
	Proof string
	// Asked and Silent count the controllers that were asked, and those of them
	// that did not tell.
	Asked  int
	Silent []Controller
}

// Complete reports whether every controller that was asked has told.
func (l Location) Complete() bool { return len(l.Silent) == 0 && l.State != StateUnknown }

// Located is what [Locate] found.
type Located struct {
	Locations []Location
	// Matches is the number of models that the selector matches; more than
	// len(Locations) if the limit cut the list.
	Matches int
	// Known is the number of models in JIMM's record.
	Known int
}

// Locate tells which controller hosts the models that the selector matches:
// JIMM's record, and the controllers' own confirmation. It changes nothing. An
// error means that JIMM did not list its controllers or models, that the
// selector is malformed, or that no model matches ([*SelectError]).
func Locate(ctx context.Context, jaas JAAS, opts LocateOptions) (Located, error) {
	list, err := jaas.Fleet.Controllers(ctx)
	if err != nil {
		return Located{}, err
	}
	models, err := jaas.Fleet.Models(ctx)
	if err != nil {
		return Located{}, err
	}
	matches, err := SelectAll(models, opts.Model)
	if err != nil {
		return Located{}, err
	}
	if len(matches) == 0 {
		return Located{}, &SelectError{Selector: opts.Model}
	}
	sort.Slice(matches, func(i, j int) bool {
		a, b := matches[i], matches[j]
		return a.FullName() < b.FullName() || a.FullName() == b.FullName() && a.UUID < b.UUID
	})
	out := Located{Matches: len(matches), Known: len(models)}
	l := locator{jaas: jaas, probe: opts.Probe, controllers: list, named: len(matches) == 1}
	out.Locations = l.all(ctx, page(matches, opts.Skip, opts.Limit))
	return out, nil
}

// page returns the part of the list that was asked for.
func page(models []Model, skip, limit int) []Model {
	if limit <= 0 {
		limit = DefaultLimit
	}
	skip = min(max(skip, 0), len(models))
	return models[skip:min(skip+limit, len(models))]
}

// locator confirms records.
type locator struct {
	jaas        JAAS
	probe       bool
	controllers controllers
	// named tells that the selector named one model: then every controller is
	// asked, and JIMM is asked about this model.
	named bool
}

// all locates the models side by side, a bounded number at a time.
func (l locator) all(ctx context.Context, models []Model) []Location {
	out := make([]Location, len(models))
	done := make(chan struct{})
	free := make(chan struct{}, copiesAtOnce)
	go func() {
		defer close(done)
		for i := range models {
			free <- struct{}{}
			go func() {
				defer func() { <-free }()
				out[i] = l.one(ctx, models[i])
			}()
		}
		for range copiesAtOnce {
			free <- struct{}{}
		}
	}()
	<-done
	return out
}

// one locates a model.
func (l locator) one(ctx context.Context, m Model) Location {
	loc := Location{Model: m, State: StateUnknown, Recorded: l.controllers.byUUID(m.Recorded)}
	info := m.Live
	copies := map[string]Copy{}
	if l.probe {
		first := l.controllers
		if !l.named {
			first = controllers{loc.Recorded}
		}
		copies = askCopies(ctx, l.jaas.Witness, first, m.UUID)
		if !l.named && !copies[m.Recorded].held() {
			copies = askCopies(ctx, l.jaas.Witness, l.controllers, m.UUID)
		}
	}
	if l.named && info.Kind == InfoNotAsked && !l.jaas.Traits.Completes {
		info = l.jaas.Witness.Info(ctx, m.UUID)
	}
	loc.Attempt = info.Attempt
	loc.Attempt.Text = Redact(loc.Attempt.Text)
	l.count(&loc, copies)
	l.judge(ctx, &loc, info, copies)
	return loc
}

// count notes who was asked, who did not tell, and who else has a copy.
func (l locator) count(loc *Location, copies map[string]Copy) {
	loc.Asked = len(copies)
	for _, c := range l.controllers {
		got, asked := copies[c.UUID]
		switch {
		case asked && got.State == CopyUnknown:
			loc.Silent = append(loc.Silent, c)
		case got.held() && c.UUID != loc.Recorded.UUID:
			loc.Copies = append(loc.Copies, c)
		}
	}
}

// judge decides the state from the record, the source's words through JIMM and
// the controllers' own.
func (l locator) judge(ctx context.Context, loc *Location, info Info, copies map[string]Copy) {
	recorded := copies[loc.Recorded.UUID]
	name := quote(loc.Recorded.String())
	active := activeCopies(copies)
	switch {
	case active > 1 && !info.Attempt.Running():
		loc.State, loc.Proof = StateConflict, "more than one controller has the model in use"
	case recorded.State == CopyMoved:
		l.followRedirect(loc, recorded, copies)
	case info.Kind == InfoLive && info.Attempt.Running():
		loc.State, loc.Holder = StateMigrating, loc.Recorded
		loc.Proof = name + " says that a migration runs: " + loc.Attempt.Text
	case info.Kind == InfoLive && ParseText(info.Attempt.Text) == PhaseReapFailed && len(loc.Copies) == 1:
		l.moved(loc, loc.Copies[0], name+" says that it could not remove its copy after the migration; "+quote(loc.Copies[0].Name)+" has the model")
	case recorded.held():
		l.present(loc, info)
	case recorded.State == CopyAbsent:
		l.notThere(loc)
	case info.Kind == InfoLive && !info.Importing():
		loc.State, loc.Holder = StateActive, loc.Recorded
		loc.Proof = name + " describes the model through JIMM"
	case info.Kind == InfoRedirected:
		loc.State, loc.Drift = StateUnknown, true
		loc.Proof = name + " says through JIMM that it has moved the model, but not where to"
	case l.named:
		l.askHost(ctx, loc, recorded)
	default:
		loc.Proof = "JIMM's record names " + name + "; it was not confirmed: " + copyAnswer(recorded, l.probe)
	}
}

func activeCopies(copies map[string]Copy) int {
	n := 0
	for _, c := range copies {
		if c.State == CopyActive {
			n++
		}
	}
	return n
}

// present: the recorded controller says that it has a copy.
func (l locator) present(loc *Location, info Info) {
	name := quote(loc.Recorded.String())
	loc.State, loc.Holder = StateActive, loc.Recorded
	loc.Proof = name + " itself says that it has the model"
	switch {
	case len(loc.Copies) == 0:
	case info.Kind == InfoLive && !info.Importing():
		loc.Proof += " and describes it as in use; a second copy is on " + controllers(loc.Copies).names() + ", left over from a migration or brought in by one"
	default:
		loc.State, loc.Holder = StateUnknown, Controller{}
		loc.Proof += ", and so does " + controllers(loc.Copies).names() + ": a migration runs, or one copy is left over"
	}
}

// notThere: the recorded controller says that it does not have the model.
func (l locator) notThere(loc *Location) {
	name := quote(loc.Recorded.String())
	switch {
	case len(loc.Copies) == 1:
		l.moved(loc, loc.Copies[0], name+" itself says that it does not have the model; "+quote(loc.Copies[0].Name)+" says that it has")
	case len(loc.Copies) > 1:
		loc.Drift = true
		loc.Proof = name + " itself says that it does not have the model; " + controllers(loc.Copies).names() + " say that they have"
	case len(loc.Silent) > 0 || loc.Asked < len(l.controllers):
		loc.Drift = true
		loc.Proof = name + " itself says that it does not have the model; not every other controller could be asked"
	default:
		loc.State, loc.Drift = StateAbsent, true
		loc.Proof = "every controller says that it does not have the model"
	}
}

// hops bounds how many redirects are followed.
const hops = 5

// followRedirect follows the recorded controller's word to where the model is.
func (l locator) followRedirect(loc *Location, at Copy, copies map[string]Copy) {
	trail := []string{loc.Recorded.String()}
	seen := map[string]bool{loc.Recorded.UUID: true}
	for range hops {
		to := l.controllers.byUUID(at.To)
		trail = append(trail, to.String())
		if at.To == "" || to.Name == "" || seen[at.To] {
			break
		}
		seen[at.To] = true
		next := copies[at.To]
		if next.State == CopyMoved {
			at = next
			continue
		}
		proof := strings.Join(trail, " redirects to ")
		if next.held() {
			l.moved(loc, to, proof+", which says that it has the model")
			return
		}
		loc.Drift, loc.Proof = true, proof+", which did not confirm it"
		return
	}
	loc.Drift = true
	loc.Proof = strings.Join(trail, " redirects to ") + ": JIMM does not know where that leads"
}

// moved: another controller than the recorded one has the model.
func (l locator) moved(loc *Location, to Controller, proof string) {
	loc.State, loc.Holder, loc.Drift, loc.Proof = StateMoved, to, true, proof
	loc.Repair = l.jaas.Traits.UpdateCommand(to, loc.Model.UUID)
	loc.Copies = nil
}

// askHost logs in to the model through JIMM: the last witness, asked once.
func (l locator) askHost(ctx context.Context, loc *Location, recorded Copy) {
	host := l.jaas.Witness.Host(ctx, loc.Model.UUID)
	name := quote(loc.Recorded.String())
	switch {
	case host.Kind == HostServes && host.Controller == loc.Recorded.UUID:
		loc.State, loc.Holder = StateActive, loc.Recorded
		loc.Proof = "a login to the model through JIMM was answered by " + name
	case host.Kind == HostServes:
		l.moved(loc, l.controllers.byUUID(host.Controller), "a login to the model through JIMM was answered by "+quote(l.controllers.byUUID(host.Controller).String()))
	case host.Kind == HostRefused:
		loc.Proof = "JIMM's record names " + name + ", which refuses logins to the model: it may have moved"
	default:
		loc.Proof = "JIMM's record names " + name + "; it was not confirmed: " + copyAnswer(recorded, l.probe)
	}
}

func copyAnswer(c Copy, probe bool) string {
	if !probe {
		return "controllers are not asked (probe-controllers=false)"
	}
	return "the controller did not tell: " + errText(c.Err)
}
