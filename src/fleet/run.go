package fleet

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
)

// Means are what a run works with.
type Means struct {
	Tower *Tower
	Book  *Book
	// Reader may be nil: then no edges are read beside those of the plan.
	Reader Reader
	// View returns what the engine reads about one model, and what ends its
	// connections. With quiet there is no login of which JIMM would keep the
	// secret.
	View func(model string, quiet bool) (survey.JAAS, func())
	// Writer starts migrations and records models.
	Writer migration.Writer
	// Leader reports whether this unit leads its application.
	Leader func(context.Context) (bool, error)
}

// StopAfter says where a run ends by itself.
type StopAfter string

// Where a run ends by itself.
const (
	StopAfterNone   StopAfter = "none"
	StopAfterCanary StopAfter = "canary"
	StopAfterWave   StopAfter = "wave"
)

// RunOptions say what a run does.
type RunOptions struct {
	Plan Plan
	// JAAS is the UUID of the JIMM that is talked to.
	JAAS string
	// Timeout bounds the run: nothing starts that could not end within it.
	Timeout time.Duration
	// Waves are those that run; nil: all.
	Waves     map[int]bool
	StopAfter StopAfter
	// Guard names a controller whose cordon must stay; "": none.
	Guard string
	// Model are the options of each single migration, as far as they are the same
	// for all.
	Model migration.Options
	// Report is called with every event, one at a time; may be nil.
	Report func(Event)
}

// Event is something that an operator wants to see of a run.
type Event interface{ event() }

// BeganEvent says what the run is about to do.
type BeganEvent struct {
	Plan    Plan
	Already int // How many models are on their target.
}

// ModelEvent is an event of the migration of one model.
type ModelEvent struct {
	Entry  Entry
	Canary bool
	Event  migration.Event
}

// EndedEvent says that a model has ended, or stays.
type EndedEvent struct {
	Moved Moved
}

// StateEvent says how far the run has come.
type StateEvent struct {
	Counts  Counts
	To      map[string]int // In flight by target.
	Wait    Wait
	Elapsed time.Duration
	// Left is how long it takes at this rate; 0 if that is not known.
	Left time.Duration
}

// StoppedEvent says that nothing starts any more, and why.
type StoppedEvent struct {
	Why    string
	Moving int
}

func (BeganEvent) event()   {}
func (ModelEvent) event()   {}
func (EndedEvent) event()   {}
func (StateEvent) event()   {}
func (StoppedEvent) event() {}

// Moved is what became of one entry of a plan.
type Moved struct {
	Entry  Entry
	State  State
	Reason string
	// Canary tells that others waited for it.
	Canary bool
	// Result is that of the migration; its outcome is "" if none was tried.
	Result       migration.Result
	Began, Ended time.Time
}

// Counts is how many entries are in which state.
type Counts struct{ Planned, Moved, Already, Moving, Failed, Left, Waiting int }

// RunOutcome says how a run ended.
type RunOutcome string

// The outcomes of a run.
const (
	// Applied: every model of the plan is where the plan has it.
	Applied RunOutcome = "applied"
	// NothingToDo: it was so before.
	NothingToDo RunOutcome = "nothing-to-do"
	// StoppedAsTold: the run ended where it was told to.
	StoppedAsTold RunOutcome = "stopped-after"
	// RunRefused: nothing was started, since the plan does not fit.
	RunRefused RunOutcome = "refused"
	// RunPartly: the time was over, or failures were tolerated.
	RunPartly RunOutcome = "partly"
	// RunBlocked: only models are left that cannot move.
	RunBlocked RunOutcome = "blocked"
	// RunStopped: the failure policy, or somebody, stopped it.
	RunStopped RunOutcome = "stopped"
	// RunConflict: a model is in two places, or lost. Look now.
	RunConflict RunOutcome = "conflict"
	// RunUnknown: a model is in doubt.
	RunUnknown RunOutcome = "unknown"
)

// Succeeded reports whether the action completes with this outcome.
func (o RunOutcome) Succeeded() bool {
	return o == Applied || o == NothingToDo || o == StoppedAsTold
}

// Done is what a run has done.
type Done struct {
	Outcome RunOutcome
	// Stopped says why nothing started any more, or "".
	Stopped string
	Moves   []Moved
	Counts  Counts
	Gaps    []string
	Began   time.Time
	Took    time.Duration
	// Starts is how many migrations this run has asked for.
	Starts int
}

// RefusedError says why a plan was not applied. Nothing was started.
type RefusedError struct{ Reason string }

// Error is the reason.
func (e *RefusedError) Error() string { return "cannot apply the plan: " + e.Reason }

// planAge is how old a plan may be.
const planAge = 7 * 24 * time.Hour

// listAge is how old JIMM's lists may be when something starts.
const listAge = 30 * time.Second

// mostVerifying is how many models may wait for their agents at once.
const mostVerifying = 50

// Apply carries out a plan. What is done already is not done again: a model that
// is on its target is counted, one that moves there is followed. An error is a
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

	reportMu sync.Mutex
	// turns is held while it is decided what starts.
	turns chan struct{}
	// changed is told when an entry has changed.
	changed chan struct{}
	flying  sync.WaitGroup

	mu      sync.Mutex
	entries []tracked
	sight   Sight
	seenAt  time.Time // Of the last sight.
	edges   []Edge
	unread  bool
	settle  map[string]time.Time // Models whose relations are not seen joined again, with the end of the wait.
	refused map[string]int       // Targets: refusals in a row.
	tally   Tally
	stopped string
	starts  int
	gaps    []string
	beats   beat
	wait    Wait
}

// tracked is an entry on its way.
type tracked struct {
	Moved
	retry time.Time // Not before.
	alone bool
	stay  string // Why it must not start, found out at its turn.
	seen  bool   // It was seen on its source.
}

func newRun(means Means, o RunOptions) *run {
	if o.Timeout <= 0 {
		o.Timeout = 2 * time.Hour
	}
	if o.Model.PollInterval <= 0 {
		o.Model.PollInterval = migration.DefaultPollInterval
	}
	// Twenty models must not ask JIMM four times as often as five.
	o.Model.PollInterval = max(o.Model.PollInterval, time.Duration(o.Plan.Caps.Parallel)*time.Second/2)
	r := &run{
		Means: means, RunOptions: o, began: time.Now(), changed: make(chan struct{}, 1), turns: make(chan struct{}, 1),
		settle: map[string]time.Time{}, refused: map[string]int{}, beats: beat{next: 30 * time.Second},
	}
	r.until = r.began.Add(o.Timeout)
	for _, e := range o.Plan.Moves {
		r.entries = append(r.entries, tracked{Moved: Moved{Entry: e}})
	}
	return r
}

// begin refuses a plan that does not fit what is seen.
func (r *run) begin(ctx context.Context) error {
	refuse := func(format string, args ...any) error { return &RefusedError{fmt.Sprintf(format, args...)} }
	if r.Plan.JAAS != r.JAAS {
		return refuse("it is of another JAAS, %s; this one is %s", r.Plan.JAAS, r.JAAS)
	}
	for _, e := range r.Plan.Moves {
		if len(e.Route) != 1 || e.Route[0].Controller == "" {
			return refuse("the route of model %s has more than one step, which this version does not carry out", e.Model)
		}
	}
	leader, err := r.Leader(ctx)
	switch {
	case err != nil:
		return err
	case !leader:
		return refuse("this unit is not the leader; run it on the leader, with /leader in place of the number of the unit")
	}
	sight, err := r.Tower.Look(ctx, 0)
	if err != nil {
		return err
	}
	now := map[string]string{}
	for _, c := range sight.Controllers {
		now[c.Name] = c.UUID
	}
	for _, h := range r.Plan.Controllers {
		if now[h.Name] != h.UUID {
			return refuse("%q is not the controller of the plan any more, which was %s; plan again", h.Name, h.UUID)
		}
	}
	switch age := sight.Now.Sub(r.Plan.Made); {
	case age > planAge:
		return refuse("it was made %s, more than 7 days ago by JIMM's clock; plan again", r.Plan.Made.Format(time.RFC3339))
	case age < -time.Hour:
		return refuse("it was made %s, which has not come yet by JIMM's clock", r.Plan.Made.Format(time.RFC3339))
	}
	r.readEdges(ctx, sight)
	r.see(sight)
	r.reconcile(ctx, sight)
	r.report(BeganEvent{r.Plan, r.counts().Already})
	return nil
}

// readEdges reads the cross-model relations of the models on the controllers of
// the plan.
func (r *run) readEdges(ctx context.Context, s Sight) {
	if r.Reader == nil {
		r.unread = r.Plan.Edges == EdgesUnknown
		return
	}
	in := map[string]bool{}
	for _, h := range r.Plan.Controllers {
		in[h.UUID] = true
	}
	var controllers []facts.Controller
	for _, c := range s.Controllers {
		if in[c.UUID] {
			controllers = append(controllers, c)
		}
	}
	edges := r.Reader.Edges(ctx, controllers, s.Models)
	r.edges, r.unread = edges.List, len(edges.Unread) > 0
	r.gaps = append(r.gaps, edges.Unread...)
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
		timer.Reset(r.pace())
	}
}

// pace is the time between two turns in which nothing has changed.
func (r *run) pace() time.Duration { return max(2*r.Model.PollInterval, 5*time.Second) }

// turn looks, decides, and starts. It returns true when the run is over.
func (r *run) turn(ctx context.Context) bool {
	r.turns <- struct{}{}
	defer func() { <-r.turns }()
	sight, err := r.Tower.Look(ctx, r.Model.PollInterval)
	if err == nil {
		r.see(sight)
		r.reconcile(ctx, sight)
		r.settleEdges(ctx, sight)
	}
	r.decide()
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
		case Held:
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

// closeAll leaves the models whose targets take nothing any more.
func (r *run) closeAll() {
	for i := range r.entries {
		if t := &r.entries[i]; t.State == Waiting {
			t.State, t.Reason = Stayed, "target-closed"
		}
	}
}

// see takes over what was seen.
func (r *run) see(s Sight) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sight, r.seenAt = s, time.Now()
	r.tally.Silent = 0
}

// world is what the schedule has to know.
func (r *run) world() World {
	w := World{Recorded: map[string]string{}, Closed: map[string]string{}, Kinds: map[string]string{}, Pairs: r.edges}
	for _, c := range r.sight.Controllers {
		switch {
		case cordoned(c):
			w.Closed[c.Name] = "cordoned"
		case away(c):
			w.Closed[c.Name] = "not available"
		case r.refused[c.Name] >= RefusedToClose:
			w.Closed[c.Name] = fmt.Sprintf("has refused %d models in a row", RefusedToClose)
		}
	}
	for _, m := range r.sight.Models {
		w.Kinds[m.UUID] = m.Type
	}
	w.Moving = r.sight.Moving
	for model := range r.settle {
		w.Settling = append(w.Settling, model)
	}
	return w
}

// progress is how far the run has come.
func (r *run) progress() Progress {
	p := Progress{States: make([]State, len(r.entries)), Proved: map[string]bool{}, Alone: map[int]bool{}, Stopped: r.stopped, Waves: r.Waves}
	var took []time.Duration
	verifying := 0
	for i, t := range r.entries {
		p.States[i] = t.State
		switch {
		case t.State == Well && !t.Ended.IsZero():
			p.Proved[t.Entry.First()] = true
			took = append(took, t.Ended.Sub(t.Began))
		case t.State == Verifying:
			verifying++
		}
		if t.alone {
			p.Alone[i] = true
		}
	}
	if len(took) > 0 {
		slices.Sort(took)
		p.Median = took[len(took)/2]
	}
	if verifying >= mostVerifying && p.Stopped == "" {
		p.Stopped = "too many are being verified"
	}
	return p
}

// next asks the schedule.
func (r *run) next(seen bool) ([]int, Wait) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	for i := range r.entries {
		if t := &r.entries[i]; t.State == Held && !now.Before(t.retry) {
			t.State = Waiting
		}
	}
	if !seen {
		return nil, WaitSilent
	}
	return Next(r.Plan, r.world(), r.progress(), time.Until(r.until))
}

// decide stops the run where the policy says so.
func (r *run) decide() {
	r.mu.Lock()
	r.tally.Silent = time.Since(r.seenAt)
	for _, c := range r.sight.Controllers {
		if c.Name == r.Guard && c.Status == "available" {
			r.tally.Lifted = c.Name
		}
	}
	r.tally.Told = r.told()
	why := Stop(r.Plan.Rules, r.tally)
	fresh := why != "" && r.stopped == ""
	if fresh {
		r.stopped = why
	}
	moving := 0
	for _, t := range r.entries {
		if t.State == Checking || t.State == InFlight {
			moving++
		}
	}
	r.mu.Unlock()
	if fresh {
		r.report(StoppedEvent{why, moving})
	}
}

// told says that the run has come to where it was told to end.
func (r *run) told() string {
	if r.StopAfter != StopAfterCanary && r.StopAfter != StopAfterWave {
		return ""
	}
	wave, proved, open := 0, map[string]bool{}, map[string]bool{}
	for _, t := range r.entries {
		if r.Waves != nil && !r.Waves[t.Entry.Wave] {
			continue
		}
		if t.Ended.IsZero() && (t.State == Well || t.State == Stayed) {
			continue // Before this run.
		}
		if wave == 0 {
			wave = t.Entry.Wave
		}
		over := t.State == Well || t.State == Failed || t.State == Stayed
		if !over && (r.StopAfter == StopAfterCanary || t.Entry.Wave == wave) {
			open[t.Entry.First()] = true
		}
		if t.State == Well {
			proved[t.Entry.First()] = true
		}
	}
	for target := range open {
		if r.StopAfter == StopAfterWave || !proved[target] {
			return ""
		}
	}
	return "stop-after=" + string(r.StopAfter)
}

// reconcile compares the entries with what is seen: what is done is not done
// again, and what others have moved on is left.
func (r *run) reconcile(ctx context.Context, s Sight) {
	names, at := map[string]string{}, make(map[string]string, len(s.Models))
	for _, c := range s.Controllers {
		names[c.UUID] = c.Name
	}
	for _, m := range s.Models {
		at[m.UUID] = cmp.Or(names[m.Recorded], m.Recorded)
	}
	flights := map[string]Flight{}
	for _, f := range s.Moving {
		flights[f.Model] = f
	}
	var attach []int
	r.mu.Lock()
	var ended []Moved
	for i := range r.entries {
		t := &r.entries[i]
		on, known := at[t.Entry.Model]
		f, moves := flights[t.Entry.Model]
		switch {
		case t.State == Well && !t.Ended.IsZero() && time.Since(t.Ended) > 4*listAge && known && on != t.Entry.Target():
			r.tally.Fought = t.Entry.Name
		case t.State != Waiting:
		case !known && len(s.Gaps) > 0:
		case !known:
			t.State, t.Reason = Stayed, "gone"
			ended = append(ended, t.Moved)
		case on == t.Entry.Target() && !moves:
			t.State, t.Reason = Well, "already-there"
		case moves && f.Target == t.Entry.First() && on == t.Entry.Source:
			attach = append(attach, i)
		case moves && f.Target != "" && f.Target != t.Entry.First():
			t.State, t.Reason = Stayed, string(LeftMoving)
			ended = append(ended, t.Moved)
		case on != t.Entry.Source:
			t.State, t.Reason = Stayed, string(LeftMovedOn)
			ended = append(ended, t.Moved)
			if t.seen {
				r.tally.Fought = t.Entry.Name
			}
		default:
			t.seen = true
		}
	}
	inWaves := func(i int) bool { return r.Waves == nil || r.Waves[r.entries[i].Entry.Wave] }
	attach = slices.DeleteFunc(attach, func(i int) bool { return !inWaves(i) })
	r.mu.Unlock()
	for _, m := range ended {
		r.report(EndedEvent{m})
	}
	for _, i := range attach {
		r.launch(ctx, i)
	}
}

// settleEdges looks whether the relations of models that have moved work again.
func (r *run) settleEdges(ctx context.Context, s Sight) {
	r.mu.Lock()
	waiting := len(r.settle)
	r.mu.Unlock()
	if waiting == 0 || r.Reader == nil {
		return
	}
	edges := r.Reader.Edges(ctx, s.Controllers, s.Models)
	r.mu.Lock()
	defer r.mu.Unlock()
	for model, until := range r.settle {
		joined, shown := true, false
		for _, e := range edges.List {
			if e.Offerer == model || e.Consumer == model {
				shown, joined = true, joined && e.Joined
			}
		}
		over := !time.Now().Before(until)
		if over {
			r.gaps = append(r.gaps, "the relations of model "+model+" were not seen joined again in time")
		}
		if shown && joined || over {
			delete(r.settle, model)
		}
	}
}

// launch carries one entry to its end, beside the others.
func (r *run) launch(ctx context.Context, i int) {
	r.mu.Lock()
	t := &r.entries[i]
	t.State, t.Began = Checking, time.Now()
	proved := false
	for _, other := range r.entries {
		proved = proved || other.State == Well && !other.Ended.IsZero() && other.Entry.First() == t.Entry.First()
	}
	t.Canary = r.Plan.Rules.Canary && !proved
	entry, canary := t.Entry, t.Canary
	r.mu.Unlock()
	r.flying.Go(func() {
		result, err := r.migrate(ctx, i, entry, canary)
		r.ended(i, result, err)
		select {
		case r.changed <- struct{}{}:
		default:
		}
	})
}

func (r *run) migrate(ctx context.Context, i int, entry Entry, canary bool) (migration.Result, error) {
	jaas, end := r.View(entry.Model, !canary)
	defer end()
	opts := r.Model
	opts.Model, opts.Target = entry.Model, entry.First()
	opts.Timeout = max(min(r.Plan.Rules.ModelTimeout, time.Until(r.until)), time.Nanosecond)
	opts.Report = func(e migration.Event) {
		r.heard(i, e)
		r.report(ModelEvent{entry, canary, e})
	}
	return migration.Migrate(ctx, jaas, gate{r, i}, opts)
}

// heard takes over what an event says about the state of the entry.
func (r *run) heard(i int, e migration.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := &r.entries[i]
	switch e := e.(type) {
	case migration.FindingEvent:
		r.relate(t, e.Finding)
	case migration.StartEvent:
		t.State = InFlight
	case migration.AttachEvent, migration.WaitEvent:
		t.State = InFlight
	case migration.EndEvent:
		if e.Outcome.Succeeded() {
			t.State = Verifying
			if len(graphOf(slices.Concat(r.Plan.Pairs, r.edges))[t.Entry.Model]) > 0 {
				r.settle[t.Entry.Model] = time.Now().Add(max(migration.TimeToResolve, migration.LeastPolls*r.Model.PollInterval))
			}
			select {
			case r.changed <- struct{}{}:
			default:
			}
		}
	default:
	}
}

// relate compares the model's own status with the relations that are known: JIMM
// can leave offers out.
func (r *run) relate(t *tracked, f checks.Finding) {
	if f.Level != checks.Warn {
		return
	}
	known := slices.Concat(r.Plan.Pairs, r.edges)
	switch f.Check {
	case checks.Offers:
		if !slices.ContainsFunc(known, func(e Edge) bool { return e.Offerer == t.Entry.Model }) {
			t.stay = string(LeftConnectedOffers)
		}
		t.alone = t.alone || r.unread
	case checks.Remotes:
		if r.unread || !slices.ContainsFunc(known, func(e Edge) bool { return e.Consumer == t.Entry.Model }) {
			t.alone = true
		}
	default:
	}
}

// ended takes over how an entry has ended.
func (r *run) ended(i int, result migration.Result, err error) {
	r.mu.Lock()
	t := &r.entries[i]
	end := Classify(result)
	if err != nil {
		end = Ended{State: Waiting} // JIMM did not list; nothing was done.
	}
	if end.State == Waiting && t.stay != "" {
		end = Ended{State: Stayed, Reason: t.stay}
	}
	if end.State == Waiting {
		t.State, t.retry = Held, time.Now().Add(r.Model.PollInterval)
		r.mu.Unlock()
		return
	}
	t.State, t.Reason, t.Result, t.Ended = end.State, end.Reason, result, time.Now()
	target := t.Entry.First()
	switch end.State {
	case Failed:
		r.tally.Failures++
		delete(r.settle, t.Entry.Model)
	case Stayed:
		r.refused[target]++
	default:
		r.refused[target] = 0
	}
	if end.Grave {
		r.tally.Grave = cmp.Or(r.tally.Grave, fmt.Sprintf("model %s ended as %s", t.Entry.Name, result.Outcome))
	}
	r.tally.Closed = r.allClosed()
	moved := t.Moved
	r.mu.Unlock()
	r.report(EndedEvent{moved})
	if end.State == Failed {
		r.beat(true)
	}
}

// allClosed reports whether every target has refused too often.
func (r *run) allClosed() bool {
	for _, e := range r.Plan.Moves {
		if r.refused[e.First()] < RefusedToClose {
			return false
		}
	}
	return len(r.Plan.Moves) > 0
}

// gate is the writer of one entry: it looks once more right before the one call
// that starts.
type gate struct {
	run   *run
	entry int
}

// StartMigration starts the migration if nothing speaks against it now.
func (g gate) StartMigration(ctx context.Context, model facts.Model, target facts.Controller) (string, error) {
	r := g.run
	r.turns <- struct{}{}
	why := r.admit(ctx, g.entry)
	if why == "" {
		r.mu.Lock()
		r.entries[g.entry].State = InFlight
		r.starts++
		r.mu.Unlock()
	}
	<-r.turns
	if why != "" {
		return "", fmt.Errorf("%w: %w: %s", migration.ErrNotSent, ErrGate, why)
	}
	return r.Writer.StartMigration(ctx, model, target)
}

// RecordController records the model.
func (g gate) RecordController(ctx context.Context, proof judge.Proof) error {
	return g.run.Writer.RecordController(ctx, proof)
}

// admit says why the entry must not start now, or "". It looks at lists that are
// half a minute old at most, and at everything that was asked of JIMM since.
func (r *run) admit(ctx context.Context, i int) string {
	leader, err := r.Leader(ctx)
	if err != nil {
		return "the unit's agent does not say who leads"
	}
	if err := r.Book.Refresh(ctx, time.Now()); err != nil {
		return "JIMM did not show its log"
	}
	sight, err := r.Tower.Look(ctx, listAge)
	if err != nil {
		return "JIMM did not list"
	}
	r.see(sight)
	r.mu.Lock()
	r.tally.NotLeader = r.tally.NotLeader || !leader
	r.mu.Unlock()
	r.decide()
	r.mu.Lock()
	defer r.mu.Unlock()
	t := &r.entries[i]
	for _, f := range sight.Moving {
		if f.Model == t.Entry.Model {
			return "another has asked to move it"
		}
	}
	switch {
	case r.stopped != "":
		return r.stopped
	case t.stay != "":
		return t.stay
	case time.Until(r.until) < leastLeft:
		return "the time is over"
	}
	p := r.progress()
	p.States[i] = Waiting
	if wait := newSchedule(r.Plan, r.world(), p).blocks(i); wait != WaitNothing {
		return string(wait)
	}
	return ""
}

// report reports an event, one at a time.
func (r *run) report(e Event) {
	if r.Report == nil {
		return
	}
	r.reportMu.Lock()
	defer r.reportMu.Unlock()
	r.Report(e)
}

// counts returns how many entries are in which state.
func (r *run) counts() Counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.countsLocked()
}

func (r *run) countsLocked() Counts {
	c := Counts{Planned: len(r.entries)}
	for _, t := range r.entries {
		switch t.State {
		case Checking, InFlight:
			c.Moving++
		case Verifying, Well:
			if t.Reason == "already-there" {
				c.Already++
			} else {
				c.Moved++
			}
		case Failed:
			c.Failed++
		case Stayed:
			c.Left++
		default:
			c.Waiting++
		}
	}
	return c
}

// beat is when the state was last reported.
type beat struct {
	last time.Time
	next time.Duration
}

// longestBeat is the longest time between two states that are reported.
const longestBeat = 10 * time.Minute

// beat reports the state: after half a minute, then after times that double, and
// at each failure.
func (r *run) beat(now bool) {
	r.mu.Lock()
	last := r.beats.last
	if last.IsZero() {
		last = r.began
	}
	if !now && time.Since(last) < r.beats.next {
		r.mu.Unlock()
		return
	}
	r.beats.last = time.Now()
	if !now {
		r.beats.next = min(2*r.beats.next, longestBeat)
	}
	e := StateEvent{Counts: r.countsLocked(), To: map[string]int{}, Wait: r.wait, Elapsed: time.Since(r.began)}
	for _, t := range r.entries {
		if t.State == Checking || t.State == InFlight {
			e.To[t.Entry.First()]++
		}
	}
	// An estimate needs some models that have moved.
	if n := e.Counts.Moved; n >= leastToEstimate {
		e.Left = time.Duration(float64(e.Elapsed) / float64(n) * float64(e.Counts.Waiting+e.Counts.Moving))
	}
	r.mu.Unlock()
	r.report(e)
}

// leastToEstimate is how many models must have moved before a time is estimated.
const leastToEstimate = 10

// done is what the run has done.
func (r *run) done() Done {
	r.mu.Lock()
	defer r.mu.Unlock()
	d := Done{Stopped: r.stopped, Counts: r.countsLocked(), Began: r.began, Took: time.Since(r.began), Starts: r.starts}
	d.Gaps = slices.Concat(r.gaps, r.sight.Gaps)
	conflict, stays := false, false
	for _, t := range r.entries {
		d.Moves = append(d.Moves, t.Moved)
		conflict = conflict || t.Result.Outcome == facts.Conflict || t.Result.Outcome == facts.LostFromJIMM
		stays = stays || t.State == Stayed && t.Reason != string(LeftMovedOn) && t.Reason != "gone"
	}
	switch c := d.Counts; {
	case conflict:
		d.Outcome = RunConflict
	case r.tally.Grave != "":
		d.Outcome = RunUnknown
	case strings.HasPrefix(r.stopped, "stop-after="):
		d.Outcome = StoppedAsTold
	case r.stopped != "":
		d.Outcome = RunStopped
	case c.Failed > 0, r.waits() > 0:
		d.Outcome = RunPartly
	case stays:
		d.Outcome = RunBlocked
	case c.Moved == 0:
		d.Outcome = NothingToDo
	default:
		d.Outcome = Applied
	}
	return d
}

// waits counts the entries of the waves of this run that have not ended.
func (r *run) waits() int {
	n := 0
	for _, t := range r.entries {
		over := t.State == Well || t.State == Failed || t.State == Stayed
		if !over && (r.Waves == nil || r.Waves[t.Entry.Wave]) {
			n++
		}
	}
	return n
}
