package fleet

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// The checks that a plan was made with.
const (
	// ChecksRecords are those that JIMM's lists can answer.
	ChecksRecords = "records"
	// ChecksFull also include those of migrate-model, which read the model and the controllers.
	ChecksFull = "full"
)

// fullAtOnce is how many models are checked at the same time.
const fullAtOnce = 8

// fullTimeout bounds the checks of one model.
const fullTimeout = 10 * time.Minute

// FullChecks makes the checks of migrate-model for the moves of a plan. It has
// no interface that writes.
type FullChecks struct {
	// View returns what the engine reads about one model, as in [Means].
	View func(model string, quiet bool) (survey.JAAS, func())
	// Model are the options of each check that are the same for all models.
	Model migration.Options
	// Report is called at the beginning and after each model, never concurrently, with the number of models that are
	// done and of all that are checked; may be nil.
	Report func(done, all int)

	checked map[pair]FullCheck
}

// pair is a model, by its UUID, and JIMM's name of a controller.
type pair struct{ model, target string }

// FullCheck is what the checks of one model found for one target.
type FullCheck struct {
	Entry    Entry
	Findings []checks.Finding
	// Refusal is the finding that prevents the migration; nil if none does.
	Refusal *checks.Finding
}

// Plan plans, checks each move, and plans again without the targets that a check refuses, until each move has passed. A
// model that is upgraded first, or that is already migrating, is not checked. An error of the checks means that JIMM
// did not list.
func (f *FullChecks) Plan(ctx context.Context, s Snapshot, plan func(Snapshot) (Plan, error)) (Plan, error) {
	f.checked = map[pair]FullCheck{}
	s.Refused = map[string]map[facts.ControllerUUID]checks.Finding{}
	for {
		p, err := plan(s)
		if err != nil {
			return p, err
		}
		todo := f.unchecked(s, p)
		if len(todo) == 0 {
			p.Checks = ChecksFull
			return p, nil
		}
		if err := f.check(ctx, todo); err != nil {
			return p, err
		}
		for _, e := range todo {
			if c := f.checked[pair{e.Model, e.First()}]; c.Refusal != nil {
				s.refuse(e.Model, e.First(), *c.Refusal)
			}
		}
	}
}

// Passed returns the checks of the moves of the plan, in its order.
func (f *FullChecks) Passed(p Plan) []FullCheck {
	var out []FullCheck
	for _, e := range p.Moves {
		if c, ok := f.checked[pair{e.Model, e.First()}]; ok && !e.upgrades() {
			out = append(out, c)
		}
	}
	return out
}

// Refused returns the checks that prevent a move, by the model's name.
func (f *FullChecks) Refused() []FullCheck {
	var out []FullCheck
	for _, c := range f.checked {
		if c.Refusal != nil {
			out = append(out, c)
		}
	}
	facts.Sort(out, func(a, b FullCheck) int {
		return cmp.Or(cmp.Compare(a.Entry.Name, b.Entry.Name), cmp.Compare(a.Entry.Model, b.Entry.Model), cmp.Compare(a.Entry.First(), b.Entry.First()))
	})
	return out
}

// unchecked are the moves of a plan that were not checked yet.
func (f *FullChecks) unchecked(s Snapshot, p Plan) []Entry {
	moving := map[string]bool{}
	for _, flight := range s.Moving {
		moving[flight.Model] = true
	}
	var out []Entry
	for _, e := range p.Moves {
		if _, known := f.checked[pair{e.Model, e.First()}]; !known && !e.upgrades() && !moving[e.Model] {
			out = append(out, e)
		}
	}
	return out
}

// check makes the checks of the entries, some at a time.
func (f *FullChecks) check(ctx context.Context, entries []Entry) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		mu    sync.Mutex
		group sync.WaitGroup
		slots = make(chan struct{}, fullAtOnce)
		all   = len(f.checked) + len(entries)
	)
	f.report(all)
	for _, e := range entries {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			c, err := f.checkEntry(ctx, e)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				cancel(fmt.Errorf("cannot check %s: %w", e.Name, err))
				return
			}
			f.checked[pair{e.Model, e.First()}] = c
			f.report(all)
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

func (f *FullChecks) report(all int) {
	if f.Report != nil {
		f.Report(len(f.checked), all)
	}
}

// checkEntry makes the checks of one entry.
func (f *FullChecks) checkEntry(ctx context.Context, e Entry) (FullCheck, error) {
	if err := context.Cause(ctx); err != nil {
		return FullCheck{}, err
	}
	jaas, end := f.View(e.Model, true)
	defer end()
	opts := f.Model
	opts.Model, opts.Target, opts.Timeout = e.Model, e.First(), fullTimeout
	result, err := migration.Check(ctx, jaas, opts)
	if err != nil {
		return FullCheck{}, err
	}
	return FullCheck{Entry: e, Findings: result.Findings, Refusal: forbidding(result)}, nil
}

// forbidding is the finding that prevents a start; nil if none does.
func forbidding(r migration.Result) *checks.Finding {
	for _, f := range r.Findings {
		if f.Blocks() {
			return &f
		}
	}
	switch r.Outcome {
	case facts.ChecksPassed, facts.AlreadyThere:
		return nil
	case facts.Conflict:
		return &checks.Finding{Check: checks.Conflict, Level: checks.Fail, Evidence: r.Detail}
	default:
		return &checks.Finding{Check: checks.Model, Level: checks.Fail, Evidence: cmp.Or(r.Detail, "it ended as "+string(r.Outcome))}
	}
}

// refuse records that a check prevents a migration of the model to the controller.
func (s *Snapshot) refuse(model, target string, why checks.Finding) {
	c, _ := s.Controller(target)
	of := maps.Clone(s.Refused[model])
	if of == nil {
		of = map[facts.ControllerUUID]checks.Finding{}
	}
	of[c.UUID] = why
	s.Refused[model] = of
}
