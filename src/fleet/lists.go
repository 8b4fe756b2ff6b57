package fleet

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
)

// Lists are JIMM's lists, shared by all readers, because JIMM of July 2026 dials every controller for each list. It is
// a [survey.Fleet]; the slices that it returns are shared too, and must not be written to.
type Lists struct {
	from survey.Fleet
	// age is how old an answer may be.
	age time.Duration
	// turn is taken by the caller that asks JIMM.
	turn chan struct{}

	mu          sync.Mutex
	controllers answer[[]facts.Controller]
	models      answer[facts.ModelList]
}

// answer is the latest answer to a question, and when it was asked.
type answer[T any] struct {
	list T
	at   time.Time
}

// NewLists shares the lists of a fleet. An answer serves all callers for age.
func NewLists(from survey.Fleet, age time.Duration) *Lists {
	return &Lists{from: from, age: age, turn: make(chan struct{}, 1)}
}

// Controllers returns all controllers, ordered by name.
func (l *Lists) Controllers(ctx context.Context) ([]facts.Controller, error) {
	return l.controllersSince(ctx, time.Now().Add(-l.age))
}

// Models returns all models with the controller on record.
func (l *Lists) Models(ctx context.Context) (facts.ModelList, error) {
	return l.modelsSince(ctx, time.Now().Add(-l.age))
}

// controllersSince returns an answer that was requested after since. An answer of that very instant is requested again:
// it can lack the cordon that was set then.
func (l *Lists) controllersSince(ctx context.Context, since time.Time) ([]facts.Controller, error) {
	return listSince(ctx, l, &l.controllers, since, l.from.Controllers)
}

// modelsSince returns an answer that was requested after since.
func (l *Lists) modelsSince(ctx context.Context, since time.Time) (facts.ModelList, error) {
	return listSince(ctx, l, &l.models, since, l.from.Models)
}

// listSince returns the latest answer if it was requested after since, and asks otherwise.
func listSince[T any](ctx context.Context, l *Lists, latest *answer[T], since time.Time, ask func(context.Context) (T, error)) (T, error) {
	var none T
	fresh := func() (T, bool) {
		l.mu.Lock()
		defer l.mu.Unlock()
		return latest.list, latest.at.After(since)
	}
	if list, ok := fresh(); ok {
		return list, nil
	}
	if err := l.takeTurn(ctx); err != nil {
		return none, err
	}
	defer func() { <-l.turn }()
	if list, ok := fresh(); ok { // Another caller has asked meanwhile.
		return list, nil
	}
	at := time.Now()
	list, err := ask(ctx)
	if err != nil {
		return none, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	*latest = answer[T]{list, at}
	return list, nil
}

func (l *Lists) takeTurn(ctx context.Context) error {
	select {
	case l.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Asked is a request to move or record a model, from JIMM's audit log.
type Asked struct {
	facts.Request
	// Model is what the request names: a UUID, or owner/name.
	Model string
	// Key identifies the event.
	Key string
}

// Log reads JIMM's audit log.
type Log interface {
	// Clock returns the time by JIMM's clock; zero if the log is empty.
	Clock(ctx context.Context) (time.Time, error)
	// Asked returns the requests to move or record models since then, oldest
	// first.
	Asked(ctx context.Context, since time.Time) ([]Asked, error)
}

// Book is JIMM's audit log. It is read once from a time on, and then only what is new, without a limit on the number of
// requests. It is a [survey.Auditor].
type Book struct {
	log  Log
	age  time.Duration
	span time.Duration
	turn chan struct{}

	mu      sync.Mutex
	read    time.Time // By our clock; zero: never.
	first   time.Time // When JIMM's clock was read, by ours,
	clock   time.Time // and what it showed.
	asked   map[string]Asked
	byModel map[string][]string // keys by what the requests name, oldest first
}

// NewBook opens the log of the last span. An answer serves all callers for age.
func NewBook(log Log, span, age time.Duration) *Book {
	return &Book{log: log, span: span, age: age, turn: make(chan struct{}, 1), asked: map[string]Asked{}, byModel: map[string][]string{}}
}

// overlap is how far back the log is read again: answers are logged later than requests, and events of one moment in
// any order.
const overlap = 5 * time.Minute

// Audit returns the requests to move or record the model, oldest first.
func (b *Book) Audit(ctx context.Context, model facts.Model) (facts.Audit, error) {
	if err := b.Refresh(ctx, time.Now().Add(-b.age)); err != nil {
		return facts.Audit{}, err
	}
	return b.of(model), nil
}

// of returns what was read about the model.
func (b *Book) of(model facts.Model) facts.Audit {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := facts.Audit{Now: b.nowLocked()}
	for _, name := range []string{model.UUID, model.FullName()} {
		for _, key := range b.byModel[name] {
			out.Requests = append(out.Requests, b.asked[key].Request)
		}
	}
	facts.Sort(out.Requests, func(x, y facts.Request) int { return x.At.Compare(y.At) })
	return out
}

// Refresh reads what is new, unless a read was begun after since.
func (b *Book) Refresh(ctx context.Context, since time.Time) error {
	if b.readSince(since) {
		return nil
	}
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-b.turn }()
	if b.readSince(since) {
		return nil
	}
	at := time.Now()
	if err := b.setClock(ctx); err != nil {
		return err
	}
	from := b.Now().Add(-b.span)
	if last := b.lastRead(); !last.IsZero() {
		from = b.Now().Add(-at.Sub(last) - overlap)
	}
	asked, err := b.log.Asked(ctx, from)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.read = at
	for _, a := range asked {
		if _, known := b.asked[a.Key]; !known {
			b.byModel[a.Model] = append(b.byModel[a.Model], a.Key)
		}
		b.asked[a.Key] = a
	}
	return nil
}

func (b *Book) readSince(since time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.read.After(since)
}

// lastMoves returns when each model was last requested to migrate, by what the requests name.
func (b *Book) lastMoves() map[string]time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := map[string]time.Time{}
	for name, keys := range b.byModel {
		for _, key := range keys {
			if a := b.asked[key]; a.Kind == facts.RequestMigrate && a.At.After(out[name]) {
				out[name] = a.At
			}
		}
	}
	return out
}

// setClock reads JIMM's clock once; from then on our clock runs beside it.
func (b *Book) setClock(ctx context.Context) error {
	b.mu.Lock()
	known := !b.first.IsZero()
	b.mu.Unlock()
	if known {
		return nil
	}
	at := time.Now()
	clock, err := b.log.Clock(ctx)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.first, b.clock = at, clock
	return nil
}

// Now is the time by JIMM's clock; zero if that is not known.
func (b *Book) Now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.nowLocked()
}

func (b *Book) nowLocked() time.Time {
	if b.clock.IsZero() {
		return time.Time{}
	}
	return b.clock.Add(time.Since(b.first))
}

func (b *Book) lastRead() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.read
}

// TrafficOptions are options of a [Traffic].
type TrafficOptions struct {
	// Poll is the time between polls.
	Poll time.Duration
	// Probe reports that controllers may be asked themselves.
	Probe bool
}

// Traffic finds the models that are migrating, for any client.
type Traffic struct {
	lists   *Lists
	book    *Book
	witness survey.Witness
	TrafficOptions

	mu   sync.Mutex
	over map[string]time.Time // Models that were asked about and are not migrating, with the time of their request.
	// followed are models that are migrating and watched by their own migration: no other question about them is
	// needed.
	followed map[string]bool
}

// NewTraffic reads the lists and the log.
func NewTraffic(lists *Lists, book *Book, witness survey.Witness, opts TrafficOptions) *Traffic {
	return &Traffic{lists: lists, book: book, witness: witness, TrafficOptions: opts, over: map[string]time.Time{}, followed: map[string]bool{}}
}

// Observation is what is observed at one moment.
type Observation struct {
	Controllers []facts.Controller
	Models      []facts.Model
	Moving      []Flight
	// Requested is when each model was last requested to migrate; Unlisted are those that JIMM does not list, by UUID.
	Requested map[string]time.Time
	Unlisted  []string
	Now       time.Time
	Gaps      []string
}

// Observe lists controllers and models, at most age old, and finds the models that are migrating: those that JIMM's
// list shows as migrating and, where it shows none, those with a request that has not ended. An error means that JIMM
// did not list, or did not return its log.
func (t *Traffic) Observe(ctx context.Context, age time.Duration) (Observation, error) {
	since := time.Now().Add(-age)
	var out Observation
	var err error
	if out.Controllers, err = t.lists.controllersSince(ctx, since); err != nil {
		return out, err
	}
	models, err := t.lists.modelsSince(ctx, since)
	if err != nil {
		return out, err
	}
	out.Models, out.Gaps = models.Models, gapsOf(models)
	if err := t.book.Refresh(ctx, since); err != nil {
		return out, err
	}
	out.Now, out.Requested = t.book.Now(), map[string]time.Time{}
	controllers, asked := facts.Controllers(out.Controllers), t.book.lastMoves()
	for i := range out.Models {
		m := &out.Models[i]
		last := asked[m.UUID]
		if byName := asked[m.FullName()]; byName.After(last) {
			last = byName
		}
		if !last.IsZero() {
			out.Requested[m.UUID] = last
		}
		if f, moves := t.flight(ctx, m, controllers, last); moves {
			out.Moving = append(out.Moving, f)
		}
		delete(asked, m.UUID)
	}
	for _, name := range slices.Sorted(maps.Keys(asked)) { // UUIDs, and names, which other models may have.
		if facts.SelectedUUID(name) == name {
			out.Unlisted = append(out.Unlisted, name)
		}
	}
	return out, ctx.Err()
}

// flight reports whether a model is migrating.
func (t *Traffic) flight(ctx context.Context, m *facts.Model, controllers facts.Controllers, last time.Time) (Flight, bool) {
	source := controllers.ByUUID(m.Recorded)
	f := Flight{Model: m.UUID, Source: source.Name, Agents: m.Agents()}
	shown := m.Entry.Kind == facts.InfoListed && m.Entry.Attempt.Exists() && m.Entry.Attempt.End.IsZero()
	if last.IsZero() && !shown {
		return f, false
	}
	audit := t.book.of(*m)
	target := ""
	for _, q := range audit.Requests {
		switch q.Kind {
		case facts.RequestMigrate:
			target = q.Target
		case facts.RequestRecord:
			if q.Target != target {
				target = ""
			}
		}
	}
	if target != source.Name {
		f.Target = target
	}
	switch {
	case shown:
		return f, true
	case target == "" || target == source.Name:
		return f, false // It is where it was asked to go, or recorded since.
	case m.Entry.Kind != facts.InfoNotAsked && !source.ShowsMigrations() && t.Probe:
		return f, t.probe(ctx, m, source, controllers, audit, last)
	case m.Entry.Kind != facts.InfoNotAsked && t.mayBegin(audit, m.Entry.Attempt, source.Name):
		return f, true
	case m.Entry.Kind != facts.InfoNotAsked:
		// JIMM's list shows migrations, but not this one. A model that has left its source and is not recorded is not
		// listed.
		return f, m.Entry.Kind == facts.InfoUnlisted && audit.Now.Sub(last) < rested
	default:
		return f, t.ask(ctx, m, source.Name, audit, last)
	}
}

// follow reports that a model is migrating and watched, or is no longer watched.
func (t *Traffic) follow(model string, watched bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if watched {
		t.followed[model] = true
	} else {
		delete(t.followed, model)
	}
}

// mayBegin reports whether a migration that was requested may still begin: the one that is shown is another.
func (t *Traffic) mayBegin(audit facts.Audit, shown facts.Attempt, source string) bool {
	return audit.TimeToAppear(shown, source, max(migration.TimeToBegin, migration.LeastPolls*t.Poll)) > 0
}

// probe asks the source about a model that was requested to migrate. Juju 4.0.0 and later show no migration in any
// list, but report that one is running as soon as they have accepted it (4.0.15 observed). The answer that none is
// running is valid until the next request.
func (t *Traffic) probe(ctx context.Context, m *facts.Model, source facts.Controller, controllers facts.Controllers, audit facts.Audit, last time.Time) bool {
	if over, followed := t.settled(m.UUID, last); over || followed {
		return followed
	}
	switch said := t.witness.Copy(ctx, source, m.UUID); said.State {
	case facts.CopyActive:
		open := slices.ContainsFunc(audit.Requests, func(q facts.Request) bool { return q.Kind == facts.RequestMigrate && !q.Answered })
		if open && t.mayBegin(audit, facts.Attempt{}, source.Name) {
			return true
		}
		if t.undecided(ctx, m, source, controllers, audit, said) {
			return true
		}
		t.end(m.UUID, last)
		return false
	case facts.CopyMoved, facts.CopyAbsent: // It has left, and is not recorded.
		return audit.Now.Sub(last) < rested
	default:
		return true // It moves, or nothing is known.
	}
}

// undecided reports whether the model may have been migrated to a controller that does not answer, although the source
// has a copy and is idle.
func (t *Traffic) undecided(ctx context.Context, m *facts.Model, source facts.Controller, list facts.Controllers, audit facts.Audit, said facts.Copy) bool {
	o := facts.Observation{Destinations: audit.Destinations(source, list), Copies: map[facts.ControllerUUID]facts.Copy{source.UUID: said}}
	for _, to := range judge.Open(source, o) {
		o.Copies[to] = t.witness.Copy(ctx, list.ByUUID(to), m.UUID)
	}
	return len(judge.Open(source, o)) > 0
}

// settled reports whether a model is known not to be migrating since that request, and whether it is watched by its own
// migration.
func (t *Traffic) settled(model string, last time.Time) (over, followed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.over[model].Equal(last), t.followed[model]
}

// end records that a model is not migrating since that request.
func (t *Traffic) end(model string, last time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over[model] = last
}

// ask asks about a model that was requested to migrate, through a JIMM that lists no migrations (2024; the question
// changes nothing there). The answer that it is not migrating is valid until the next request.
func (t *Traffic) ask(ctx context.Context, m *facts.Model, source string, audit facts.Audit, last time.Time) bool {
	if over, followed := t.settled(m.UUID, last); over || followed {
		return followed
	}
	info := t.witness.Info(ctx, m.UUID)
	if info.Kind == facts.InfoLive && t.mayBegin(audit, info.Attempt, source) {
		return true
	}
	if info.Kind == facts.InfoLive && (!info.Attempt.Exists() || !info.Attempt.End.IsZero()) {
		t.end(m.UUID, last)
		return false
	}
	return true // It moves, has left its record behind, or nothing is known.
}
