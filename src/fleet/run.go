package fleet

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// Means are the interfaces that a run uses.
type Means struct {
	Traffic *Traffic
	Book    *Book
	// Reader may be nil: then no edges are read beside those of the plan.
	Reader Reader
	// View returns what the engine reads about one model, and a function that closes its connections. With quiet it
	// makes no login of which JIMM would store the secret.
	View func(model string, quiet bool) (survey.JAAS, func())
	// Writer starts migrations and records models.
	Writer migration.Writer
	// Upgrader upgrades agents; nil except for the goal upgrade.
	Upgrader Upgrader
	// Leader reports whether this unit leads its application.
	Leader func(context.Context) (bool, error)
}

// StopAfter is the point at which a run ends by itself.
type StopAfter string

// The points at which a run ends by itself.
const (
	StopAfterNone   StopAfter = "none"
	StopAfterCanary StopAfter = "canary"
	StopAfterWave   StopAfter = "wave"
)

// RunOptions configure a run.
type RunOptions struct {
	Plan Plan
	// JAAS is the UUID of the JIMM that is used.
	JAAS string
	// Timeout limits the run: a migration that could not end within it is not started.
	Timeout time.Duration
	// Waves are those that run; nil: all.
	Waves     map[int]bool
	StopAfter StopAfter
	// Guard names a controller that must stay cordoned; "": none.
	Guard string
	// Model are the options of each single migration that are the same for all.
	Model migration.Options
	// Report is called with every event, one at a time; may be nil.
	Report func(Event)
}

// RefusedError reports why a plan was not applied. Nothing was started.
type RefusedError struct{ Reason string }

// Error is the reason.
func (e *RefusedError) Error() string { return "cannot apply the plan: " + e.Reason }

// planAge is how old a plan may be.
const planAge = 7 * 24 * time.Hour

// listAge is how old JIMM's lists may be when something starts.
const listAge = 30 * time.Second

// runPolls is how many poll intervals of the configuration lie between two polls of one model in a run. The engine
// halves that at the end of a migration.
const runPolls = 3

// mostVerifying is how many models may wait for their agents at once.
const mostVerifying = 50

// Apply carries out a plan. Nothing is done twice: a model that is on its target
// is counted, and one that is migrating there is followed. An error is a
// [*RefusedError], or that of a JIMM that could not be read at all; nothing was
// started then.
func Apply(ctx context.Context, means Means, o RunOptions) (Done, error) {
	r := newRun(means, o)
	limited, cancel := context.WithDeadline(ctx, r.until)
	defer cancel()
	if err := r.begin(limited); err != nil {
		return Done{Outcome: RunRefused, Began: r.began, Took: time.Since(r.began)}, err
	}
	r.loop(ctx, limited)
	return r.done(), nil
}

// run is one call of [Apply].
type run struct {
	Means
	RunOptions
	began, until time.Time
	retry        time.Duration // Until a start that was held back is tried again.

	reportMu sync.Mutex
	// turns is held while the next starts are decided.
	turns chan struct{}
	// changed receives a value when an entry has changed.
	changed chan struct{}
	flying  sync.WaitGroup

	mu       sync.Mutex
	entries  []tracked
	observed Observation
	seenAt   time.Time         // Of the last observation.
	kinds    map[string]string // Of the models of the plan.
	edges    []Edge
	unread   bool
	settle   map[string]time.Time // Models with relations that have not been seen to work again, with the end of the wait.
	refused  map[string]int       // Lanes: refusals in a row.
	proved   map[string]bool      // Lanes in which a model has succeeded.
	tally    Tally
	stopped  string
	starts   int
	gaps     []string
	beats    beat
	wait     Wait
}

// tracked is an entry on its way.
type tracked struct {
	MoveResult
	retry time.Time // Not before.
	alone bool
	stay  string // Why it must not start, as was found at its turn.
	journey
	worked bool // This run has done something for it.
}

// journey is the progress of a model.
type journey struct {
	stage   stage
	leg     Entry     // Its next step, or the one under way.
	behind  int       // How many steps are behind it.
	stepped time.Time // When the last one ended, in this run.
	left    time.Time // When the model was last seen to have moved.
}

// stage is how far a run has come with a model. The zero value: the model was not seen on its route.
type stage int

// How far a run has come with a model.
const (
	// seenOnRoute: the model was seen on its route.
	seenOnRoute stage = iota + 1
	// upgradeRequested: and the upgrade of this leg was requested.
	upgradeRequested
)

func newRun(means Means, o RunOptions) *run {
	if o.Timeout <= 0 {
		o.Timeout = 2 * time.Hour
	}
	if o.Model.PollInterval <= 0 {
		o.Model.PollInterval = migration.DefaultPollInterval
	}
	retry := o.Model.PollInterval
	// JIMM keeps two rows for each request, so a run polls a model less often than an
	// action that moves a single model, and twenty models do not cost four times as many
	// polls as five.
	o.Model.PollInterval = max(runPolls*retry, time.Duration(o.Plan.Caps.Parallel)*retry/10)
	r := &run{
		Means: means, retry: retry, RunOptions: o, began: time.Now(), changed: make(chan struct{}, 1), turns: make(chan struct{}, 1),
		settle: map[string]time.Time{}, refused: map[string]int{}, proved: map[string]bool{}, beats: beat{next: 30 * time.Second},
	}
	r.until = r.began.Add(o.Timeout)
	for _, e := range o.Plan.Moves {
		leg, _, _ := e.Leg(e.Source, 0)
		r.entries = append(r.entries, tracked{MoveResult: MoveResult{Entry: e}, journey: journey{leg: leg}})
	}
	return r
}

// Fits refuses a plan of another JAAS, of other controllers, or that is too old.
func (p Plan) Fits(jaas string, controllers facts.Controllers, now time.Time) error {
	refuse := func(format string, args ...any) error { return &RefusedError{fmt.Sprintf(format, args...)} }
	if p.JAAS != jaas {
		return refuse("it was made for another JAAS, %s; this one is %s", p.JAAS, jaas)
	}
	uuids := map[string]facts.ControllerUUID{}
	for _, c := range controllers {
		uuids[c.Name] = c.UUID
	}
	for _, h := range p.Controllers {
		if uuids[h.Name] != h.UUID {
			return refuse("%q is not the controller of the plan, which has the UUID %s; plan again", h.Name, h.UUID)
		}
	}
	switch age := now.Sub(p.Made); {
	case age > planAge:
		return refuse("it was made %s, more than 7 days ago by JIMM's clock; plan again", p.Made.Format(time.RFC3339))
	case age < -time.Hour:
		return refuse("it was made %s, which is in the future by JIMM's clock", p.Made.Format(time.RFC3339))
	}
	return nil
}

// begin refuses a plan that does not fit what was observed.
func (r *run) begin(ctx context.Context) error {
	refuse := func(format string, args ...any) error { return &RefusedError{fmt.Sprintf(format, args...)} }
	if r.Plan.Goal == Upgrade && r.Upgrader == nil {
		return refuse("its goal is upgrade; use apply-plan")
	}
	leader, err := r.Leader(ctx)
	switch {
	case err != nil:
		return err
	case !leader:
		return refuse("this unit is not the leader; run the action on %s", facts.LeaderOf(r.Model.Unit))
	}
	observed, err := r.Traffic.Observe(ctx, 0)
	if err != nil {
		return err
	}
	if err := r.Plan.Fits(r.JAAS, observed.Controllers, observed.Now); err != nil {
		return err
	}
	r.readEdges(ctx, observed)
	r.see(observed)
	r.reconcile(ctx, observed)
	r.report(BeganEvent{r.Plan, r.counts().Already})
	return nil
}

// loop starts what may start until nothing is left to do.
func (r *run) loop(ctx, limited context.Context) {
	defer r.flying.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-r.changed:
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		if r.turn(limited) {
			return
		}
		timer.Reset(r.untilTurn())
	}
}

// pace is the time between two turns in which nothing has changed, and how old the
// lists of a turn may be.
func (r *run) pace() time.Duration { return min(2*r.Model.PollInterval, listAge) }

// untilTurn is the time until the next turn: one that was held back does not wait for
// the next lists.
func (r *run) untilTurn() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := r.pace()
	for _, t := range r.entries {
		if t.State == Deferred {
			next = min(next, max(time.Until(t.retry), time.Second))
		}
	}
	return next
}

// turn observes, decides, and starts. It returns true when the run is over.
func (r *run) turn(ctx context.Context) bool {
	r.turns <- struct{}{}
	defer func() { <-r.turns }()
	observed, err := r.Traffic.Observe(ctx, r.pace())
	if err == nil {
		r.see(observed)
		r.reconcile(ctx, observed)
		r.settleEdges(ctx, observed)
	}
	r.decide(err)
	starts, wait := r.next(err == nil)
	for _, i := range starts {
		r.launch(ctx, i)
	}
	r.beat(false)
	return r.over(wait, len(starts))
}

// over reports whether nothing is left to do.
func (r *run) over(wait Wait, started int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wait = wait
	held := false
	for _, t := range r.entries {
		switch t.State {
		case Checking, InFlight, Verifying:
			return false
		case Deferred:
			held = true
		default:
		}
	}
	switch {
	case started > 0:
		return false
	case r.stopped != "", wait == WaitTime, !time.Now().Before(r.until):
		return true
	case wait == WaitNothing:
		return !held
	case wait == WaitClosed:
		r.closeAll()
		return true
	default:
		return false
	}
}

// closeAll leaves the models for which no target accepts any more models.
func (r *run) closeAll() {
	for i := range r.entries {
		if t := &r.entries[i]; t.State == Waiting {
			t.State, t.Reason = Stayed, "target-closed"
		}
	}
}

// next asks the schedule.
func (r *run) next(seen bool) ([]int, Wait) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	for i := range r.entries {
		if t := &r.entries[i]; t.State == Deferred && !now.Before(t.retry) {
			t.State = Waiting
		}
	}
	if !seen {
		return nil, WaitSilent
	}
	return Next(r.legs(), r.world(), r.progress(), time.Until(r.until))
}

// launch carries out one step of an entry, concurrently with the others.
func (r *run) launch(ctx context.Context, i int) {
	r.mu.Lock()
	t := &r.entries[i]
	t.State = Checking
	if t.stepped.IsZero() { // The first step of this run.
		t.Began = time.Now()
	}
	t.Canary = r.Plan.Rules.Canary && !r.proved[t.leg.lane()]
	leg, canary := t.leg, t.Canary
	r.mu.Unlock()
	r.flying.Go(func() {
		if leg.upgrades() {
			end, detail := r.upgrade(ctx, i, leg)
			r.ended(i, end, detail, migration.Result{})
		} else {
			result, err := r.migrate(ctx, i, leg, canary)
			end := Classify(result)
			if err != nil {
				end = Ended{State: Waiting} // JIMM did not list; nothing was done.
			}
			r.ended(i, end, "", result)
		}
		r.wake()
	})
}

// wake begins the next turn.
func (r *run) wake() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

func (r *run) migrate(ctx context.Context, i int, entry Entry, canary bool) (migration.Result, error) {
	jaas, end := r.View(entry.Model, !canary)
	defer end()
	defer r.Traffic.follow(entry.Model, false) // A watch that ends because of its limit has not seen the end of the migration.
	opts := r.Model
	opts.Model, opts.Target = entry.Model, entry.First()
	opts.Timeout = max(min(r.Plan.Rules.ModelTimeout, time.Until(r.until)), time.Nanosecond)
	opts.Report = func(e migration.Event) {
		r.heard(i, e)
		r.report(ModelEvent{entry, canary, e})
	}
	return migration.Migrate(ctx, jaas, gate{r, i}, opts)
}

// heard updates the state of the entry from an event.
func (r *run) heard(i int, e migration.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := &r.entries[i]
	switch e := e.(type) {
	case migration.FindingEvent:
		r.relate(t, e.Finding)
	case migration.StartEvent:
		t.State = InFlight
		r.Traffic.follow(t.Entry.Model, true)
		r.wake() // Its source can be asked again.
	case migration.AttachEvent, migration.WaitEvent:
		t.State = InFlight
	case migration.EndEvent:
		r.Traffic.follow(t.Entry.Model, false)
		if e.Outcome.Succeeded() {
			t.State, t.left = Verifying, time.Now()
			if len(graphOf(slices.Concat(r.Plan.Pairs, r.edges))[t.Entry.Model]) > 0 {
				r.settle[t.Entry.Model] = time.Now().Add(max(migration.TimeToResolve, migration.LeastPolls*r.Model.PollInterval))
			}
			r.wake()
		}
	default:
	}
}

// ended updates the state of the entry from the end of a step.
func (r *run) ended(i int, end Ended, detail string, result migration.Result) {
	r.mu.Lock()
	t := &r.entries[i]
	if end.State == Waiting && t.stay != "" {
		end = Ended{State: Stayed, Reason: t.stay}
	}
	if end.State == Waiting {
		t.State, t.retry = Deferred, time.Now().Add(r.retry)
		r.mu.Unlock()
		return
	}
	lane := t.leg.lane()
	switch end.State {
	case Failed:
		r.tally.Failures++
		delete(r.settle, t.Entry.Model)
	case Stayed:
		r.refused[lane]++
	default:
		r.refused[lane], r.proved[lane] = 0, true
	}
	t.worked = t.worked || end.Reason != alreadyThere
	if end.State == Well && t.behind+1 < len(t.Entry.Route) {
		step := MoveResult{Entry: t.leg, State: Well, Canary: t.Canary, Result: result, Began: t.Began, Ended: time.Now()}
		t.behind, t.stepped, t.stage = t.behind+1, time.Now(), min(t.stage, seenOnRoute)
		t.leg, _, _ = t.Entry.Leg(t.Entry.after(t.behind), t.behind)
		t.State, t.retry = Deferred, time.Now().Add(r.pace()+time.Second) // By then, no list is older.
		r.mu.Unlock()
		if end.Reason == "" {
			r.report(StepEvent{step})
		}
		return
	}
	if end.State == Well {
		t.behind++
		if t.worked {
			end.Reason = ""
		}
	}
	t.State, t.Reason, t.Detail, t.Result, t.Ended = end.State, end.Reason, detail, result, time.Now()
	if end.State == Well && t.leg.upgrades() {
		t.Version = t.leg.Route[0].Version
	}
	if end.Grave {
		r.tally.Grave = cmp.Or(r.tally.Grave, fmt.Sprintf("model %s ended as %s", t.Entry.Name, result.Outcome))
	}
	r.tally.Closed = r.allClosed()
	moved := t.MoveResult
	r.mu.Unlock()
	if end.Reason != alreadyThere {
		r.report(EndedEvent{moved})
	}
	if end.State == Failed {
		r.beat(true)
	}
}

// allClosed reports whether every target has refused too often.
func (r *run) allClosed() bool {
	for _, t := range r.entries {
		if r.refused[t.leg.lane()] < RefusedToClose {
			return false
		}
	}
	return len(r.Plan.Moves) > 0
}
