package actions

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/src/cos"
	"jimm-migrator/src/loki"
	"jimm-migrator/src/migration"
)

// feed tells Loki what happens in one run of an action, one line of JSON for each
// event. The keys are an API, as those of the results are: docs/reference/events.md
// lists them, and the alert rules and the dashboard in charm/files select by them.
type feed struct {
	out   *loki.Client
	unit  *charm.Unit
	began time.Time
	// base are the fields of every line.
	base map[string]any
	// frozen is when the model was first seen to stand still, thawed when it was
	// first known to be in use again.
	frozen, thawed time.Time
}

// maxField is how long a text in a line may be, in bytes.
const maxField = 2000

// feedOptions are what is in every line of a run.
type feedOptions struct {
	action string
	// model and target are as the operator has typed them.
	model, target string
	// patience is how long the end waits for lines on their way; zero: as long
	// as package loki says.
	patience time.Duration
}

// openFeed opens the way to Loki, if one is related.
func openFeed(ctx context.Context, u *charm.Unit, opts feedOptions) *feed {
	f := noFeed(u)
	f.out = cos.Loki(ctx, u, opts.patience)
	f.base = map[string]any{"v": cos.EventVersion, "task": u.Env().TaskID, "action": opts.action, "model": opts.model, "target": opts.target}
	return f
}

// noFeed is a feed that sends nothing.
func noFeed(u *charm.Unit) *feed {
	return &feed{unit: u, began: time.Now(), base: map[string]any{}}
}

// close waits a moment for what is on its way. Lines that are lost are no
// failure of the action.
func (f *feed) close(ctx context.Context) {
	if err := f.out.Close(); err != nil {
		f.unit.Logger().WarnContext(ctx, "Loki lacks events", slog.Any("error", err))
	}
}

// push sends a line: level is info, warn or error, as Grafana knows them.
func (f *feed) push(event, level string, fields map[string]any) {
	if f.out == nil {
		return
	}
	line := map[string]any{"event": event, "level": level, "elapsed_seconds": seconds(time.Since(f.began))}
	for _, part := range []map[string]any{f.base, fields} {
		for key, value := range part {
			if text, ok := value.(string); ok {
				value = f.clean(text)
			}
			if value != "" {
				line[key] = value
			}
		}
	}
	raw, err := json.Marshal(line)
	if err != nil {
		return // Only texts, numbers and bools are in it.
	}
	f.out.Push(string(raw))
}

// clean takes out what must not leave the charm: a line does not go through
// package charm, which would do so by itself.
func (f *feed) clean(text string) string {
	text = f.unit.Redacted(migration.Redact(text))
	if len(text) > maxField {
		text = text[:maxField] + "…"
	}
	return text
}

// know adds what is known of the model to the lines from now on.
func (f *feed) know(m migration.Model, source migration.Controller) {
	if m.UUID != "" {
		f.base["model_uuid"], f.base["model_name"] = m.UUID, m.FullName()
	}
	if source.Known() {
		f.base["source"] = source.String()
	}
}

// knowTarget adds the target, if the operator has named none.
func (f *feed) knowTarget(target migration.Controller) {
	if f.base["target"] == "" && target.Known() {
		f.base["target"] = target.String()
	}
}

// event sends an event of the engine.
func (f *feed) event(e migration.Event) {
	switch e := e.(type) {
	case migration.FindingEvent:
		f.push("check", level(e.Finding), map[string]any{
			"check": string(e.Finding.Check), "verdict": string(e.Finding.Level), "ignored": e.Finding.Ignored,
			"evidence": e.Finding.Evidence, "remedy": e.Finding.Remedy,
		})
	case migration.FreezeEvent:
		f.know(e.Model, migration.Controller{})
		f.push("freeze", "info", nil)
	case migration.AttachEvent:
		f.knowTarget(e.Target)
		f.push("attach", "info", map[string]any{"migration_start": stamp(e.Attempt.Start), "target_proved": e.TargetProved, "text": e.Attempt.Text})
	case migration.StartEvent:
		f.know(migration.Model{}, e.Source)
		f.push("start", errorLevel(e.Err), map[string]any{"migration_id": e.MigrationID, "error": errorText(e.Err)})
	case migration.PhaseEvent:
		f.progress(e)
	case migration.StallEvent:
		f.push("stall", "warn", map[string]any{"phase": e.Phase.String(), "text": e.Text, "stalled": true, "repeats": e.Repeats})
	case migration.HeartbeatEvent:
		fields := map[string]any{"error": errorText(e.Err), "unchanged_seconds": seconds(e.Still), "stalled": e.Stalled}
		if e.Text != "" {
			fields["phase"], fields["text"] = e.Phase.String(), e.Text
		}
		f.push("heartbeat", errorLevel(e.Err), fields)
	case migration.LetGoEvent:
		f.know(migration.Model{}, e.Source)
		f.push("let-go", "info", nil)
	case migration.RecordEvent:
		f.thaw()
		f.push("record", errorLevel(e.Err), map[string]any{"ground": e.Ground, "error": errorText(e.Err)})
	case migration.AgentsEvent:
		f.push("agents", "info", map[string]any{"missing": float64(len(e.Missing)), "of": float64(e.Of), "names": few(e.Missing)})
	case migration.VerifyEvent:
		f.push("verify", level(e.Finding), map[string]any{
			"check": string(e.Finding.Check), "verdict": string(e.Finding.Level), "evidence": e.Finding.Evidence, "remedy": e.Finding.Remedy,
		})
	case migration.WaitEvent:
		f.push("wait", "info", map[string]any{"limit_seconds": seconds(e.Limit)})
	}
}

// progress sends a new text of the migration. From QUIESCE on the model stands
// still: its agents wait, and its API takes no changes.
func (f *feed) progress(e migration.PhaseEvent) {
	if f.frozen.IsZero() && e.Phase >= migration.PhaseQuiesce {
		f.frozen = time.Now()
	}
	if e.Phase.PastReturn() {
		f.thaw()
	}
	f.push("phase", "info", map[string]any{"phase": e.Phase.String(), "text": e.Text, "no_return": e.Phase.PastReturn()})
}

// thaw notes that the model is in use again, on whatever controller.
func (f *feed) thaw() {
	if f.thawed.IsZero() && !f.frozen.IsZero() {
		f.thawed = time.Now()
	}
}

// finish sends how the run has ended.
func (f *feed) finish(r migration.Result) {
	f.thaw()
	f.know(r.Model, r.Source)
	f.knowTarget(r.Target)
	fields := map[string]any{
		"outcome": string(r.Outcome), "succeeded": r.Outcome.Succeeded(), "cause": string(r.Cause), "step": string(r.Step),
		"controller": r.Holder.String(), "summary": summary(r), "error": errorText(r.Err),
		"duration_seconds": seconds(time.Since(f.began)),
	}
	if r.Attempt.Exists() {
		fields["phase"], fields["text"] = r.Phase.String(), r.Attempt.Text
	}
	if !f.frozen.IsZero() {
		fields["downtime_seconds"] = seconds(f.thawed.Sub(f.frozen))
	}
	level := "info"
	if !r.Outcome.Succeeded() {
		level = "error"
	}
	f.push("finish", level, fields)
}

// drift sends that a model is not where JIMM records it, or is in two places.
func (f *feed) drift(l migration.Location) {
	event := "drift"
	if l.State == migration.StateConflict {
		event = "conflict"
	}
	f.push(event, "error", map[string]any{
		"model_uuid": l.Model.UUID, "model_name": l.Model.FullName(), "state": string(l.State),
		"recorded": l.Recorded.String(), "controller": l.Holder.String(), "proof": l.Proof, "repair": l.Repair,
	})
}

// refused sends that nothing could even be looked at.
func (f *feed) refused(err error) {
	f.push("finish", "error", map[string]any{
		"outcome": string(migration.Refused), "succeeded": false, "step": string(migration.StepCheck),
		"summary": "nothing was started: " + err.Error(), "duration_seconds": seconds(time.Since(f.began)),
	})
}

func level(f migration.Finding) string {
	switch f.Level {
	case migration.Fail:
		return "error"
	case migration.Warn:
		return "warn"
	default:
		return "info"
	}
}

func errorLevel(err error) string {
	if err != nil {
		return "warn"
	}
	return "info"
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// seconds prints a duration as a number, with a tenth of a second.
func seconds(d time.Duration) float64 {
	return float64(d.Round(100*time.Millisecond).Milliseconds()) / 1000
}
