// Package engine runs the charm's engine over a JAAS, for tests that are outside of this module. Everything that they
// need of src is here, so that a change of src that breaks them does not compile.
package engine

import (
	"context"
	"fmt"
	"time"

	"jimm-migrator/src/config"
	"jimm-migrator/src/jaas"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/juju"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/locate"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/report"
)

// JAAS is the JAAS that the engine runs over.
type JAAS struct {
	URL                    string // of JIMM
	ClientID, ClientSecret string // of a service account that administers JIMM
	// Accounts are the engine's own on controllers, by name; nil: it has none.
	Accounts map[string]juju.Credentials
}

// Request is one run of the engine. Model and Target are required.
type Request struct {
	Model, Target string
	// Poll is the time between two observations; 300 ms if zero.
	Poll time.Duration
	// Timeout bounds the run; a minute if zero.
	Timeout time.Duration
	// Ignore names checks that may fail.
	Ignore []string
	// Blind leaves the controllers alone: only JIMM is asked.
	Blind bool
	// Progress gets each line of progress, from one goroutine; may be nil.
	Progress func(line string)
	// Observed is called after each observation of the migration, from the same goroutine; may be nil.
	Observed func()
}

// Finding is the verdict of a check that did not pass.
type Finding struct {
	Check, Evidence string
}

// String is the finding as one line.
func (f Finding) String() string { return f.Check + ": " + f.Evidence }

// Report is how a run ended.
type Report struct {
	Outcome, Cause, Detail string
	Summary                string // the last sentence of the action
	Next                   string // the command to run next, or ""
	Running                bool   // a migration ran at the last observation
	Failed, Warned         []Finding
	Progress               []string
}

// Check is the engine's check of a migration.
func (j JAAS) Check(ctx context.Context, r Request) (Report, error) {
	opened, opts, summarise, err := j.open(ctx, r)
	if err != nil {
		return Report{}, err
	}
	defer opened.Close()
	res, err := migration.Check(ctx, opened.Engine, opts)
	return summarise(res), err
}

// Migrate is the engine's migration of a model.
func (j JAAS) Migrate(ctx context.Context, r Request) (Report, error) {
	opened, opts, summarise, err := j.open(ctx, r)
	if err != nil {
		return Report{}, err
	}
	defer opened.Close()
	res, err := migration.Migrate(ctx, opened.Engine, opened.Writer(), opts)
	return summarise(res), err
}

// RemoveLeftOver is the engine's removal of the half-imported copy on the target, confirmed with the model as it is named.
func (j JAAS) RemoveLeftOver(ctx context.Context, r Request) (Report, error) {
	opened, opts, summarise, err := j.open(ctx, r)
	if err != nil {
		return Report{}, err
	}
	defer opened.Close()
	res, err := migration.RemoveLeftOver(ctx, opened.Engine, opened.Remover(), opts.Model, opts)
	return summarise(res), err
}

// Location is where the engine finds a model; nothing is started.
type Location struct {
	State      string
	Controller string // that has the model, or ""
	Drift      bool   // JIMM records another controller
	Proof      string
}

// Locate is the engine's search for one model. Target, Timeout, Ignore and Progress of the request are not used.
func (j JAAS) Locate(ctx context.Context, r Request) (Location, error) {
	opened, opts, _, err := j.open(ctx, r)
	if err != nil {
		return Location{}, err
	}
	defer opened.Close()
	found, err := locate.Locate(ctx, opened.Engine, locate.Options{Model: opts.Model, Probe: opts.Probe})
	if err != nil || len(found.Locations) != 1 {
		return Location{}, err
	}
	at := found.Locations[0]
	return Location{string(at.State), at.Holder.Name, at.Drift, at.Proof}, nil
}

func (j JAAS) open(ctx context.Context, r Request) (*jaas.JAAS, migration.Options, func(migration.Result) Report, error) {
	settings := config.Settings{
		JIMM:        jimm.Options{URL: j.URL, ClientID: j.ClientID, ClientSecret: jimm.NewSecret(j.ClientSecret)},
		Controllers: j.Accounts,
	}
	opened, err := jaas.Connect(ctx, settings)
	if err != nil {
		return opened, migration.Options{}, nil, fmt.Errorf("cannot open the engine: %w", err)
	}
	var progress []string
	opts := migration.Options{
		Options:      survey.Options{Model: r.Model, Target: r.Target, Probe: !r.Blind},
		PollInterval: r.Poll,
		Timeout:      r.Timeout,
		Report: func(e migration.Event) {
			if _, judged := e.(migration.JudgedEvent); judged && r.Observed != nil {
				r.Observed()
			}
			line := report.Line(e)
			if line == "" {
				return
			}
			progress = append(progress, line)
			if r.Progress != nil {
				r.Progress(line)
			}
		},
	}
	for _, id := range r.Ignore {
		opts.Ignore = append(opts.Ignore, checks.ID(id))
	}
	if opts.PollInterval == 0 {
		opts.PollInterval = 300 * time.Millisecond
	}
	if opts.Timeout == 0 {
		opts.Timeout = time.Minute
	}
	return opened, opts, func(res migration.Result) Report {
		out := Report{
			Outcome: string(res.Outcome), Cause: string(res.Cause), Detail: res.Detail, Summary: report.Summary(res), Next: res.Next,
			Running: res.Running, Progress: progress,
		}
		for _, f := range append(res.Findings, res.Aftermath.Findings...) {
			switch finding := (Finding{string(f.Check), f.Evidence}); {
			case f.Blocks():
				out.Failed = append(out.Failed, finding)
			case f.Level == checks.Warn:
				out.Warned = append(out.Warned, finding)
			}
		}
		return out
	}, nil
}
