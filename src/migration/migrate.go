package migration

import (
	"cmp"
	"context"
	"errors"
	"time"

	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
)

// Options say what is migrated and how.
type Options struct {
	// Options say which model is migrated where, and who may be asked. The unit is
	// "jimm-migrator/0" if empty.
	survey.Options
	// Ignore names the checks whose failure the user accepts.
	Ignore []checks.ID
	// PollInterval is the time between two polls; 5 s if zero. The waits of the
	// engine do not depend on it, but for a floor of [LeastPolls] polls.
	PollInterval time.Duration
	// Spread, from 0 to less than 1, is the part of the first pause that is left
	// out, so that runs that begin together do not ask JIMM together.
	Spread float64
	// Timeout bounds the whole run; 60 min if zero. It ends the watching,
	// never the migration.
	Timeout time.Duration
	// Until is how far the migration is watched.
	Until Until
	// StopOnStall ends the watching of a migration that makes no progress. The
	// migration itself is not ended by that, and has not failed.
	StopOnStall bool
	// Report is called with every event, from one goroutine; may be nil.
	Report func(Event)
}

// Until reports how far a migration is watched.
type Until int

// How far a migration is watched.
const (
	// UntilVerified: to the end, and until the model's agents have connected.
	UntilVerified Until = iota
	// UntilRecorded: to the end, without inspecting the model or waiting for its
	// agents: for hooks, which have to end soon.
	UntilRecorded
	// UntilRunning: only until it is seen to run.
	UntilRunning
)

// inspection returns when the contents of the model are read.
func (u Until) inspection() survey.Inspection {
	switch u {
	case UntilRecorded:
		return survey.NoInspection
	case UntilRunning:
		return survey.InspectNow
	default:
		return survey.InspectNowAndLater
	}
}

// The defaults of [Options].
const (
	DefaultPollInterval = 5 * time.Second
	DefaultTimeout      = 60 * time.Minute
)

// Errors of [Starter] that the engine distinguishes.
var (
	// ErrNotSent means that the call was not sent: only then is it certain that
	// nothing was changed.
	ErrNotSent = errors.New("nothing was sent")
	// ErrMigrating is the source's refusal because a migration runs already.
	ErrMigrating = errors.New("the model is migrating already")
	// ErrMarked is JIMM's own refusal because it believes that a migration
	// runs. It can be wrong, and then stays so until a client tells it again
	// where the model is (JIMM of August 2025 and newer).
	ErrMarked = errors.New("JIMM has marked the model as migrating")
	// ErrStartRefused matches any other error that JIMM has answered: its text gives the reason.
	ErrStartRefused = errors.New("JIMM refuses to start the migration")
)

// Starter makes the call that starts a migration.
type Starter interface {
	// StartMigration asks JIMM to move the model and returns the id that the
	// source gave the migration. An error proves nothing: the source may have
	// accepted anyway. It is never repeated.
	StartMigration(ctx context.Context, model facts.Model, target facts.Controller) (id string, err error)
}

// ErrRecordRefused matches the error of a record that JIMM has answered with a refusal.
var ErrRecordRefused = errors.New("JIMM refuses to record the controller")

// Recorder makes the call that changes JIMM's record.
type Recorder interface {
	// RecordController tells JIMM which controller hosts the model. It must
	// refuse a proof that is not valid. It may be repeated. An error proves nothing; it
	// matches [ErrRecordRefused] if it is JIMM's own answer.
	RecordController(ctx context.Context, proof judge.Proof) error
}

// Writer makes both calls. Only [Migrate] gets one.
type Writer interface {
	Starter
	Recorder
}

// run is one call of [Check], [Migrate], [RecordModel] or [RemoveLeftOver].
type run struct {
	*survey.Surveyor
	opts Options
}

func newRun(jaas survey.JAAS, opts Options) *run {
	if opts.PollInterval <= 0 {
		opts.PollInterval = DefaultPollInterval
	}
	if opts.Timeout <= 0 {
		opts.Timeout = DefaultTimeout
	}
	opts.Unit = cmp.Or(opts.Unit, "jimm-migrator/0")
	r := &run{opts: opts}
	r.Surveyor = &survey.Surveyor{Jaas: jaas, Options: opts.Options, TimeToBegin: r.wait(TimeToBegin)}
	return r
}

func (r *run) report(e Event) {
	if r.opts.Report != nil {
		r.opts.Report(e)
	}
}

// Migrate moves a model to the target: it checks, starts, watches, records and
// verifies. What is done already is not done again: a migration that runs to
// the target is followed, one that has ended is recorded. The outcome says how
// it ended, also when an error is returned: an error means that JIMM did not
// list its controllers or models, and that nothing was done.
func Migrate(ctx context.Context, jaas survey.JAAS, w Writer, opts Options) (Result, error) {
	return migrate(ctx, jaas, w, w, opts)
}

// Finish follows or records a migration that was requested before, as [Migrate] does,
// and starts none: where none runs or has run the outcome is [facts.NotStarted].
func Finish(ctx context.Context, jaas survey.JAAS, recorder Recorder, opts Options) (Result, error) {
	return migrate(ctx, jaas, nil, recorder, opts)
}

// migrate needs no starter where nothing is to be started.
func migrate(ctx context.Context, jaas survey.JAAS, starter Starter, recorder Recorder, opts Options) (Result, error) {
	r := newRun(jaas, opts)
	r.Inspection = opts.Until.inspection()
	began := time.Now()
	limited, cancel := context.WithDeadline(ctx, began.Add(r.opts.Timeout))
	defer cancel()
	s, res, err := r.examine(limited)
	if err != nil || res.Outcome != "" {
		return res, err
	}
	w := newWatcher(r, s, recorder, &res, began)
	w.starter = starter
	w.watch(ctx, limited)
	return res, nil
}
