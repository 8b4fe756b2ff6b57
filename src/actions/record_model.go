package actions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/status"
)

// recordParams are the parameters of record-model.
type recordParams struct {
	Model      string `json:"model"`
	Controller string `json:"controller"`
	Confirm    string `json:"confirm"`
	StrictExit flag   `json:"strict-exit"`
}

// recordModel tells JIMM which controller has a model.
func recordModel(ctx context.Context, a *charm.Action) error {
	var p recordParams
	if err := a.Params(&p); err != nil {
		return err
	}
	err := runRecord(ctx, a, p)
	if err != nil && p.StrictExit {
		return &charm.StrictError{Err: err}
	}
	return err
}

func runRecord(ctx context.Context, a *charm.Action, p recordParams) error {
	began := time.Now()
	j, err := connect(ctx, a)
	if err != nil {
		return refuseRecord(ctx, a, err)
	}
	defer j.close()
	f := openFeed(ctx, a.Unit, feedOptions{action: a.Name(), model: p.Model, target: p.Controller})
	defer f.close(ctx)
	r, err := migration.RecordModel(ctx, j.engine, recorder{&writer{j.session}}, migration.RecordOptions{
		Model: p.Model, Controller: p.Controller, Confirm: p.Confirm, Unit: a.Env().Unit,
		Probe: j.settings.ProbeControllers, PollInterval: j.settings.PollInterval,
		Report: func(e migration.Event) {
			a.Log(ctx, line(e))
			f.event(e)
		},
	})
	if err != nil {
		f.refused(err)
		return refuseRecord(ctx, a, err)
	}
	f.finish(r)
	if r.Outcome.Succeeded() || r.Outcome == migration.NeedsAttention {
		// Whoever records a model has followed up on its migration.
		if err := status.End(ctx, a, j.settings, status.Pending{Model: r.Model.UUID}); err != nil {
			a.Logger().WarnContext(ctx, "cannot set the unit's status", slog.Any("error", err))
		}
	}
	if err := a.SetResults(ctx, recordResults(r, a.Env().Unit, time.Since(began))); err != nil {
		return err
	}
	if !r.Outcome.Succeeded() {
		return errors.New(recordSummary(r))
	}
	a.Log(ctx, recordSummary(r))
	return nil
}

func refuseRecord(ctx context.Context, a *charm.Action, err error) error {
	text := migration.Redact(err.Error())
	out := map[string]any{
		"outcome": string(migration.Refused), "summary": "nothing was recorded: " + text, "retry-safe": true,
	}
	setMap(out, "error", errorResults(text, err))
	if setErr := a.SetResults(ctx, out); setErr != nil {
		return setErr
	}
	return err
}

// recordResults are the results of record-model.
func recordResults(r migration.Result, unit string, took time.Duration) map[string]any {
	out := map[string]any{
		"outcome":    string(r.Outcome),
		"summary":    recordSummary(r),
		"retry-safe": r.Outcome.RetrySafe(),
		"elapsed":    span(took),
		"controller": orElse(r.Holder.String(), "unknown"),
	}
	set(out, "cause", string(r.Cause))
	next := r.Next
	if next == "" && !r.Outcome.Succeeded() && r.Model.UUID != "" {
		next = fmt.Sprintf("juju run %s locate-model model=%s", unit, r.Model.UUID)
	}
	set(out, "next", next)
	set(out, "proof", r.Proof)
	setMap(out, "model", modelResults(r.Model))
	setMap(out, "recorded-controller", controllerResults(r.Recorded))
	setMap(out, "migration", attemptResults(r))
	setMap(out, "error", errorResults(r.Detail, r.Err))
	return out
}

// recordSummary puts the result of record-model into one sentence.
func recordSummary(r migration.Result) string {
	model, target := name(r.Model), fmt.Sprintf("%q", r.Target.String())
	switch r.Outcome {
	case migration.Recorded:
		text := fmt.Sprintf("JIMM records model %s on %s now", model, target)
		if r.Source.UUID == r.Target.UUID {
			text = fmt.Sprintf("JIMM was told again that model %s is on %s, and takes it for migrating no more", model, target)
		}
		if r.Running {
			text += "; the migration still runs on its source, and may need an administrator there"
		}
		return text
	case migration.AlreadyThere:
		return fmt.Sprintf("JIMM records model %s on %s already, and it is there; nothing was done", model, target)
	case migration.Refused:
		return fmt.Sprintf("nothing was recorded for model %s: %s", model, orElse(r.Detail, "a check failed"))
	case migration.TimedOut:
		text := "the time for it ran out"
		if r.Cause == migration.CauseInterrupted {
			text = "the action was told to stop"
		}
		return fmt.Sprintf("it is not known whether JIMM records model %s on %s: %s", model, target, text)
	case migration.Unknown:
		return unknownRecordSummary(r)
	default:
		return summary(r)
	}
}

func unknownRecordSummary(r migration.Result) string {
	model, target := name(r.Model), fmt.Sprintf("%q", r.Target.String())
	switch r.Cause {
	case migration.CauseUnproved:
		text := fmt.Sprintf("nothing was recorded: it is not proved that %s has model %s in use", target, model)
		if r.Detail != "" {
			text += ": " + r.Detail
		}
		return text + "; if you know that it has, confirm it with the model's UUID"
	case migration.CauseSilent, migration.CauseChanged:
		return fmt.Sprintf("nothing was recorded for model %s: %s", model, orElse(r.Detail, "nobody who could tell has answered"))
	default:
		return unknownSummary(r)
	}
}
