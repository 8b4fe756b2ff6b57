package locate

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
)

// Options say which models to look for.
type Options struct {
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

// State reports where a model is, as far as it could be confirmed.
type State string

// The states of a located model.
const (
	// StateActive: the recorded controller has the model.
	StateActive State = "active"
	// StateMigrating: a migration runs.
	StateMigrating State = "migrating"
	// StateMoved: a controller other than the recorded one has the model.
	StateMoved State = "moved"
	// StateAbsent: no controller has the model; all have answered.
	StateAbsent State = "absent"
	// StateLost: JIMM does not know the model, and a controller has it.
	StateLost State = "lost"
	// StateConflict: two controllers each host the model.
	StateConflict State = "conflict"
	// StateUnknown: the record could not be confirmed.
	StateUnknown State = "unknown"
)

// Location is where one model is.
type Location struct {
	Model facts.Model
	State State
	// Recorded is the controller that JIMM's record names.
	Recorded facts.Controller
	// Holder is the controller that hosts the model, if it is known.
	Holder facts.Controller
	// Copies are other controllers that say that they have a copy.
	Copies []facts.Controller
	// Attempt is the latest migration that the recorded controller shows; its
	// text is redacted.
	Attempt facts.Attempt
	// Drift reports that JIMM's record and the truth differ. It is never claimed
	// while the recorded controller could not be asked.
	Drift bool
	// Repair is the command that makes JIMM record the holder, or "".
	Repair string
	// Proof says, in one sentence without its full stop, what the state rests
	// on. It is redacted.
	Proof string
	// Asked and Silent count the controllers that were asked, and those of them
	// that did not answer.
	Asked  int
	Silent []facts.Controller
}

// Complete reports whether every controller that was asked has answered.
func (l Location) Complete() bool { return len(l.Silent) == 0 && l.State != StateUnknown }

// Found is what [Locate] found.
type Found struct {
	Locations []Location
	// Matches is the number of models that the selector matches; more than
	// len(Locations) if the limit cut the list.
	Matches int
	// Known is the number of models in JIMM's record.
	Known int
	// Gaps is why JIMM's list of models is not complete; nil if it is.
	Gaps error
}

// Locate returns which controller hosts the models that the selector matches:
// JIMM's record, and the controllers' own confirmation. It changes nothing. An
// error means that JIMM did not list its controllers or models, that the
// selector is malformed, or that no model matches ([*facts.SelectError]).
func Locate(ctx context.Context, jaas survey.JAAS, opts Options) (Found, error) {
	list, listed, err := lists(ctx, jaas, opts)
	if err != nil {
		return Found{}, err
	}
	models, gaps := listed.Models, listed.Gaps
	matches, err := facts.SelectAll(models, opts.Model)
	switch {
	case err != nil:
		return Found{}, err
	case len(matches) == 0 && gaps != nil:
		return Found{}, gaps
	case len(matches) == 0:
		return lost(ctx, jaas, opts, list, facts.NoModel(models, opts.Model, nil))
	}
	facts.Sort(matches, func(a, b facts.Model) int {
		return cmp.Or(cmp.Compare(a.FullName(), b.FullName()), cmp.Compare(a.UUID, b.UUID))
	})
	l := locator{
		jaas: jaas, selector: opts.Model, probe: opts.Probe, controllers: list,
		named: len(matches) == 1, prober: survey.NewProber(jaas.Witness),
	}
	found := l.all(ctx, page(matches, opts.Skip, opts.Limit))
	l.rereadRecords(ctx, found)
	return Found{Locations: found, Matches: len(matches), Known: len(models), Gaps: gaps}, ctx.Err()
}

// lists asks JIMM for its controllers and its models at once.
func lists(ctx context.Context, jaas survey.JAAS, opts Options) (facts.Controllers, facts.ModelList, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var (
		wg     sync.WaitGroup
		models facts.ModelList
		err    error
	)
	wg.Go(func() { models, err = listModels(ctx, jaas, opts) })
	controllers, failed := jaas.Fleet.Controllers(ctx)
	if failed != nil {
		stop()
	}
	wg.Wait()
	return controllers, models, cmp.Or(failed, err)
}

// TimeForList is how long JIMM's list is waited for where JIMM's record can be asked for alone. JIMM
// since December 2024 asks every controller for its models, and waits two minutes for one that hangs.
const TimeForList = 10 * time.Second

// errNoList is why nothing but the record is known of a model.
var errNoList = fmt.Errorf("JIMM did not list its models within %v; only its record of this model was read", TimeForList)

// listModels is JIMM's list. For a UUID JIMM's record of that model stands in for a list that does
// not come: the probes show the rest. The call for the list is over when listModels returns.
func listModels(ctx context.Context, jaas survey.JAAS, opts Options) (facts.ModelList, error) {
	uuid := facts.SelectedUUID(opts.Model)
	if uuid == "" || !opts.Probe {
		return jaas.Fleet.Models(ctx)
	}
	listing, stop := context.WithCancel(ctx)
	var (
		wg   sync.WaitGroup
		list facts.ModelList
		err  error
	)
	done := make(chan struct{})
	wg.Go(func() {
		defer close(done)
		list, err = jaas.Fleet.Models(listing)
	})
	defer wg.Wait()
	defer stop()
	select {
	case <-done:
		return list, err
	case <-time.After(TimeForList):
	}
	found := make(chan facts.ControllerUUID, 1)
	wg.Go(func() {
		if at := recordedAt(listing, jaas, uuid); at != "" {
			found <- at
		}
	})
	select {
	case <-done:
		return list, err
	case at := <-found:
		return facts.ModelList{Models: []facts.Model{{UUID: uuid, Recorded: at}}, Gaps: errNoList}, nil
	}
}

// recordedAt is the controller that JIMM records for one model, "" if JIMM does not say it
// without its list. JIMM of January 2026 and newer has a call for it. Before, the recorded controller
// answers what JIMM passes on: where JIMM records migrations by itself only a login to the
// model, because ModelInfo can make such a JIMM forget the model.
func recordedAt(ctx context.Context, jaas survey.JAAS, uuid string) facts.ControllerUUID {
	if !jaas.Traits.AutoRecords {
		if info := jaas.Witness.Info(ctx, uuid); info.Kind == facts.InfoLive {
			return info.Controller
		}
		return ""
	}
	asked, cancel := context.WithTimeout(ctx, TimeForList)
	defer cancel()
	if record := jaas.Witness.Record(asked, uuid); record.State != facts.RecordUnknown {
		return record.Controller
	}
	if host := jaas.Witness.Host(ctx, uuid, ""); host.Kind == facts.HostServes {
		return host.Controller
	}
	return ""
}

// page returns the part of the list that was requested.
func page(models []facts.Model, skip, limit int) []facts.Model {
	if limit <= 0 {
		limit = DefaultLimit
	}
	skip = min(max(skip, 0), len(models))
	return models[skip:min(skip+limit, len(models))]
}

// locator confirms records.
type locator struct {
	jaas        survey.JAAS
	selector    string
	probe       bool
	controllers facts.Controllers
	prober      *survey.Prober
	// named reports that the selector named one model: then every controller is
	// asked, and JIMM is asked about this model.
	named bool
}

// all locates the models side by side.
func (l locator) all(ctx context.Context, models []facts.Model) []Location {
	out := make([]Location, len(models))
	var wg sync.WaitGroup
	for i := range models {
		wg.Go(func() { out[i] = l.locate(ctx, models[i]) })
	}
	wg.Wait()
	return out
}

// locate locates a model.
func (l locator) locate(ctx context.Context, m facts.Model) Location {
	info := m.Entry.Info()
	var wg sync.WaitGroup
	if l.named && info.Kind == facts.InfoNotAsked && !l.jaas.Traits.AutoRecords {
		wg.Go(func() { info = l.jaas.Witness.Info(ctx, m.UUID) })
	}
	copies := l.copies(ctx, m)
	wg.Wait()
	if l.named && l.needLogin(m, copies) {
		host := l.login(ctx, m, copies[m.Recorded])
		if report, ok := host.Report(info); ok && host.Controller == m.Recorded {
			info = report
		}
	}
	o := facts.Observation{Info: info, Copies: copies}
	if own, ok := (judge.Baseline{Source: l.controllers.ByUUID(m.Recorded)}).Own(o); ok {
		info = own
	}
	if info.Described() && info.Controller != "" {
		// JIMM's record when the question was put, which is later.
		m.Recorded = info.Controller
	}
	loc := Location{Model: m, State: StateUnknown, Recorded: l.controllers.ByUUID(m.Recorded), Attempt: info.Attempt.Redacted()}
	f := decision{locator: l, loc: &loc, info: info, copies: copies, name: strconv.Quote(loc.Recorded.String())}
	f.findDestinations(ctx)
	l.count(&loc, copies)
	f.judge(ctx)
	return loc
}

// findDestinations reads JIMM's audit log if only the controllers that the model was to move to know whether it is still
// on the recorded one, and asks those that were not asked yet. If all others have answered, none is needed.
func (f *decision) findDestinations(ctx context.Context) {
	at := f.loc.Recorded
	f.destinations = survey.Others(at, f.controllers)
	if len(judge.Open(at, f.seen())) == 0 {
		return
	}
	log, err := f.jaas.Auditor.Audit(ctx, f.loc.Model)
	f.destinations, f.unread = survey.Destinations(at, f.controllers, log, err), err
	for _, to := range judge.Open(at, f.seen()) {
		if _, asked := f.copies[to]; f.probe && !asked {
			maps.Copy(f.copies, f.prober.All(ctx, facts.Controllers{f.controllers.ByUUID(to)}, f.loc.Model.UUID))
		}
	}
}

// needLogin reports whether a login to the model has to say which of two copies has left
// the trace of a migration that is over: JIMM's list does not.
func (l locator) needLogin(m facts.Model, copies map[facts.ControllerUUID]facts.Copy) bool {
	others := 0
	for uuid, c := range copies {
		if uuid != m.Recorded && c.Has() {
			others++
		}
	}
	over := m.Entry.Attempt.OfSource() && !m.Entry.Migrating()
	return m.Entry.Kind == facts.InfoListed && over && copies[m.Recorded].Has() && others > 0
}

// TimeOfBegin is longer than a copy that begins to be imported says that it is available:
// about 50 ms (recorded on Juju 3.6.28).
const TimeOfBegin = time.Second

// login logs in to the model through JIMM. What says that it is at rest is asked twice,
// because a copy that begins to be imported says it too, unless the controller itself has
// said that its copy is in use.
func (l locator) login(ctx context.Context, m facts.Model, own facts.Copy) facts.Host {
	host := l.jaas.Witness.Host(ctx, m.UUID, m.Recorded)
	report, ok := host.Report(m.Entry.Info())
	if !ok || report.Attempt.Exists() || report.Importing() || own.State == facts.CopyActive {
		return host
	}
	select {
	case <-ctx.Done():
		return facts.Host{Kind: facts.HostUnavailable, Err: ctx.Err()}
	case <-time.After(TimeOfBegin):
		return l.jaas.Witness.Host(ctx, m.UUID, m.Recorded)
	}
}

// copies asks the controllers. Of many models, the others are only asked about
// those that the recorded controller does not clearly have.
func (l locator) copies(ctx context.Context, m facts.Model) map[facts.ControllerUUID]facts.Copy {
	switch {
	case !l.probe:
		return map[facts.ControllerUUID]facts.Copy{}
	case l.named:
		return l.prober.All(ctx, l.controllers, m.UUID)
	}
	recorded := l.controllers.ByUUID(m.Recorded)
	copies := l.prober.All(ctx, facts.Controllers{recorded}, m.UUID)
	got := copies[recorded.UUID]
	doubtful := m.Entry.Kind == facts.InfoUnlisted || m.Entry.Kind == facts.InfoListed && m.Entry.Migrating() || got.State == facts.CopyImporting
	if got.State == facts.CopyUnknown || got.Has() && !doubtful {
		return copies
	}
	var others facts.Controllers
	for _, c := range l.controllers {
		if c.UUID != recorded.UUID {
			others = append(others, c)
		}
	}
	maps.Copy(copies, l.prober.All(ctx, others, m.UUID))
	return copies
}

// count notes who was asked, who did not answer, and who else has a copy.
func (l locator) count(loc *Location, copies map[facts.ControllerUUID]facts.Copy) {
	loc.Asked = len(copies)
	for _, c := range l.controllers {
		got, asked := copies[c.UUID]
		switch {
		case asked && got.State == facts.CopyUnknown:
			loc.Silent = append(loc.Silent, c)
		case got.Has() && c.UUID != loc.Recorded.UUID:
			loc.Copies = append(loc.Copies, c)
		}
	}
}

// rereadRecords reads JIMM's records once more if one seemed wrong: JIMM itself or
// another client may have corrected it since it was read.
func (l locator) rereadRecords(ctx context.Context, found []Location) {
	if !slices.ContainsFunc(found, func(loc Location) bool { return loc.Drift }) {
		return
	}
	listed, err := listModels(ctx, l.jaas, Options{Model: l.selector, Probe: l.probe})
	if err != nil {
		return
	}
	now := make(map[string]facts.ControllerUUID, len(listed.Models))
	for _, m := range listed.Models {
		now[m.UUID] = m.Recorded
	}
	for i := range found {
		loc := &found[i]
		recorded, listed := now[loc.Model.UUID]
		if !loc.Drift || !listed || recorded == loc.Recorded.UUID {
			continue
		}
		loc.Recorded, loc.Drift, loc.Repair = l.controllers.ByUUID(recorded), false, ""
		loc.Proof += "; JIMM has since changed its record to " + strconv.Quote(loc.Recorded.String())
		loc.State = StateUnknown
		if loc.Holder.UUID == recorded {
			loc.State = StateActive
		} else {
			loc.Holder = facts.Controller{}
		}
	}
}

// UnknownToJIMM begins the proof of a model that is lost.
const UnknownToJIMM = "JIMM does not know it, and "

// lost asks every controller about a model that JIMM does not know, if its UUID was
// given. The error is returned where that returns nothing.
func lost(ctx context.Context, jaas survey.JAAS, opts Options, list facts.Controllers, unknown *facts.SelectError) (Found, error) {
	uuid := unknown.UUID()
	if uuid == "" || !opts.Probe {
		unknown.Unasked = uuid != ""
		return Found{}, unknown
	}
	record := jaas.Witness.Record(ctx, uuid)
	copies := survey.NewProber(jaas.Witness).All(ctx, list, uuid)
	said := facts.DescribeCopies(list, copies)
	if said == "" || record.State != facts.RecordLost && record.State != facts.RecordUnlisted {
		return Found{}, unknown
	}
	loc := Location{Model: facts.Model{UUID: uuid}, State: StateLost, Holder: survey.OnlyHolder(list, copies), Proof: UnknownToJIMM + said}
	loc.Model.Life = copies[loc.Holder.UUID].Info.Life
	locator{controllers: list}.count(&loc, copies)
	if judge.InUse(facts.Observation{Copies: copies}, "") > 1 {
		loc.State, loc.Proof = StateConflict, "JIMM does not know it, and more than one controller hosts it: "+said
	}
	loc.Copies = slices.DeleteFunc(loc.Copies, func(c facts.Controller) bool { return c.UUID == loc.Holder.UUID })
	if loc.Holder.Known() && facts.Alive(loc.Model.Life) {
		loc.Repair = facts.ImportCommand(jaas.Traits.CLI, loc.Holder.Name, uuid, survey.OwnerIn(copies[loc.Holder.UUID]))
	}
	return Found{Locations: []Location{loc}, Matches: 1}, ctx.Err()
}
