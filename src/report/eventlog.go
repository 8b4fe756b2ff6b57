package report

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/src/cos"
	"jimm-migrator/src/fleet"
	"jimm-migrator/src/loki"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/locate"
	"jimm-migrator/src/redact"
)

// EventLog sends the events of one run of an action to Loki, as one line of JSON
// each. The keys are an API, as those of the results are: docs/reference/events.md
// lists them, and the alert rules and the dashboard in charm/files select by them.
type EventLog struct {
	client *loki.Client
	unit   *charm.Unit
	began  time.Time
	// base are the fields of every line.
	base map[string]any
	// judged is the verdict that was sent last.
	judged migration.JudgedEvent
}

// maxField is how long a text in a line may be, in bytes.
const maxField = 2000

// EventLogOptions are what is in every line of a run.
type EventLogOptions struct {
	Action string
	// Model and Target are as they were given to the action.
	Model, Target string
	// Patience limits the wait for unsent lines at the end; zero means the default
	// of package loki.
	Patience time.Duration
}

// OpenEventLog connects to the related Lokis. Without one, it discards events.
func OpenEventLog(ctx context.Context, u *charm.Unit, opts EventLogOptions) *EventLog {
	l := NoEventLog(u)
	l.client = cos.Loki(ctx, u, opts.Patience)
	l.base = map[string]any{"v": cos.EventVersion, "task": u.Env().TaskID, "action": opts.Action, "model": opts.Model, "target": opts.Target}
	return l
}

// NoEventLog discards events.
func NoEventLog(u *charm.Unit) *EventLog {
	return &EventLog{unit: u, began: time.Now(), base: map[string]any{}}
}

// Close waits a moment for what is on its way. Lines that are lost do not
// fail the action.
func (l *EventLog) Close(ctx context.Context) {
	if err := l.client.Close(); err != nil {
		l.unit.Logger().WarnContext(ctx, "cannot send all events to Loki", slog.Any("error", err))
	}
}

// push sends a line: level is info, warn or error, as Grafana knows them.
func (l *EventLog) push(event, level string, fields map[string]any) {
	if l.client == nil {
		return
	}
	line := map[string]any{"event": event, "level": level, "elapsed_seconds": seconds(time.Since(l.began))}
	for _, part := range []map[string]any{l.base, fields} {
		for key, value := range part {
			if text, ok := value.(string); ok {
				value = l.clean(text)
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
	l.client.Push(string(raw))
}

// clean removes the charm's secrets, as package charm does for everything else, and
// cuts long texts. Texts of servers were redacted before; our own stay as they are.
func (l *EventLog) clean(text string) string {
	text = l.unit.Redacted(text)
	if len(text) > maxField {
		text = text[:maxField] + "…"
	}
	return text
}

// know adds what is known of the model to the lines from now on.
func (l *EventLog) know(m facts.Model, source facts.Controller) {
	if m.UUID != "" {
		l.base["model_uuid"], l.base["model_name"] = m.UUID, m.FullName()
	}
	if source.Known() {
		l.base["source"] = source.String()
	}
}

// knowTarget adds the target, if the user has named none.
func (l *EventLog) knowTarget(target facts.Controller) {
	if l.base["target"] == "" && target.Known() {
		l.base["target"] = target.String()
	}
}

// Event sends an event of the engine.
func (l *EventLog) Event(e migration.Event) {
	switch e := e.(type) {
	case migration.FindingEvent:
		l.push("check", level(e.Finding), map[string]any{
			"check": string(e.Finding.Check), "verdict": string(e.Finding.Level), "ignored": e.Finding.Ignored,
			"evidence": e.Finding.Evidence, "remedy": e.Finding.Remedy,
		})
	case migration.FreezeEvent:
		l.know(e.Model, facts.Controller{})
		l.push("freeze", "info", nil)
	case migration.AttachEvent:
		l.knowTarget(e.Target)
		l.push("attach", "info", map[string]any{"migration_start": stamp(e.Attempt.Start), "target_proved": e.TargetProved, "text": e.Attempt.Text.String()})
	case migration.StartEvent:
		l.know(facts.Model{}, e.Source)
		l.push("start", errorLevel(e.Err), map[string]any{"migration_id": e.MigrationID, "error": errorText(e.Err)})
	case migration.PhaseEvent:
		l.push("phase", "info", map[string]any{"phase": e.Phase.String(), "text": redact.String(e.Text), "no_return": e.Phase.PastReturn()})
	case migration.JudgedEvent:
		if e != l.judged {
			l.judged = e
			l.push("judged", "info", map[string]any{"verdict": e.Verdict.String(), "ground": redact.String(e.Ground), "text": judgedText(e)})
		}
	case migration.StallEvent:
		l.push("stall", "warn", map[string]any{"phase": e.Phase.String(), "text": redact.String(e.Text), "stalled": true, "repeats": e.Repeats})
	case migration.HeartbeatEvent:
		fields := map[string]any{"error": errorText(e.Err), "unchanged_seconds": seconds(e.Still), "stalled": e.Stalled}
		if e.Text != "" {
			fields["phase"], fields["text"] = e.Phase.String(), redact.String(e.Text)
		}
		l.push("heartbeat", errorLevel(e.Err), fields)
	case migration.SourceReleasedEvent:
		l.know(facts.Model{}, e.Source)
		l.push("released", "info", nil)
	case migration.RightsEvent:
		l.push("rights", "warn", map[string]any{"error": errorText(e.Why), "revoked": e.Why.Revoked})
	case migration.RecordEvent:
		l.push("record", errorLevel(e.Err), map[string]any{"ground": redact.String(e.Ground), "error": errorText(e.Err)})
	case migration.RemoveEvent:
		l.push("remove", errorLevel(e.Err), map[string]any{"error": errorText(e.Err)})
	case migration.AgentsEvent:
		l.push("agents", "info", map[string]any{"missing": float64(len(e.Missing)), "of": float64(e.Of), "names": few(e.Missing)})
	case migration.VerifyEvent:
		l.push("verify", level(e.Finding), map[string]any{
			"check": string(e.Finding.Check), "verdict": string(e.Finding.Level), "evidence": e.Finding.Evidence, "remedy": e.Finding.Remedy,
		})
	case migration.WaitEvent:
		l.push("wait", "info", map[string]any{"limit_seconds": seconds(e.Limit)})
	}
}

// judgedText returns what was observed, in the words of the facts.
func judgedText(e migration.JudgedEvent) string {
	return fmt.Sprintf("record %s, info %s, login %s, source %s, target %s", e.Record, e.Info, e.Host, e.Source, e.Target)
}

// Finish sends how the run has ended, with the sentence that the action ends with.
func (l *EventLog) Finish(r migration.Result, summary string) {
	l.know(r.Model, r.Source)
	l.knowTarget(r.Target)
	level := "info"
	if !r.Outcome.Succeeded() {
		level = "error"
	}
	l.push("finish", level, endFields(r, summary, time.Since(l.began)))
}

// endFields are the fields of the end of a run. Its downtime is that of the results.
func endFields(r migration.Result, summary string, took time.Duration) map[string]any {
	fields := map[string]any{
		"outcome": string(r.Outcome), "succeeded": r.Outcome.Succeeded(), "cause": string(r.Cause), "step": string(r.Step),
		"controller": r.Holder.String(), "summary": summary, "error": errorText(r.Err),
		"duration_seconds": seconds(took),
	}
	if r.Attempt.Exists() || r.Phase == facts.PhaseDone {
		fields["phase"] = r.Phase.String()
	}
	if r.Attempt.Text != "" {
		fields["text"] = r.Attempt.Text.String()
	}
	if d := r.Timing.Downtime(); d > 0 {
		fields["downtime_seconds"] = seconds(d)
	}
	return fields
}

// Drift sends that a model is not where JIMM records it, or is in two places.
func (l *EventLog) Drift(at locate.Location) {
	event := "drift"
	if at.State == locate.StateConflict {
		event = "conflict"
	}
	l.push(event, "error", map[string]any{
		"model_uuid": at.Model.UUID, "model_name": at.Model.FullName(), "state": string(at.State),
		"recorded": at.Recorded.String(), "controller": at.Holder.String(), "proof": at.Proof, "repair": locationRepair(at, l.unit.Env().Unit),
	})
}

// Refused sends that not even the survey could be made.
func (l *EventLog) Refused(err error) {
	l.push("finish", "error", map[string]any{
		"outcome": string(facts.Refused), "succeeded": false, "step": string(facts.StepCheck),
		"summary": "nothing was started: " + redact.Error(err), "duration_seconds": seconds(time.Since(l.began)),
	})
}

func level(f checks.Finding) string {
	switch f.Level {
	case checks.Fail:
		return "error"
	case checks.Warn:
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
	return redact.Error(err)
}

// seconds prints a duration as a number, with a tenth of a second.
func seconds(d time.Duration) float64 {
	return float64(d.Round(100*time.Millisecond).Milliseconds()) / 1000
}

// Of returns a log for the migration of one model among others. Only the log that
// it comes from is closed.
func (l *EventLog) Of(model, target string) *EventLog {
	base := maps.Clone(l.base)
	base["model"], base["target"] = model, target
	return &EventLog{client: l.client, unit: l.unit, began: time.Now(), base: base}
}

// WithPlan adds the plan's hash to every line.
func (l *EventLog) WithPlan(hash string) { l.base["plan_hash"] = hash }

// Run sends an event of a run of many models.
func (l *EventLog) Run(e fleet.Event) {
	switch e := e.(type) {
	case fleet.BeganEvent:
		l.push("plan-start", "info", map[string]any{"models": float64(len(e.Plan.Moves)), "already": float64(e.Already)})
	case fleet.StateEvent:
		l.push("plan-state", "info", countFields(e.Counts))
	case fleet.StoppedEvent:
		l.push("plan-stop", "warn", map[string]any{"text": e.Why, "moving": float64(e.Moving)})
	case fleet.EndedEvent:
		if e.Move.State == fleet.Stayed {
			l.push("stays", "warn", map[string]any{"model_uuid": e.Move.Entry.Model, "model_name": e.Move.Entry.Name, "text": e.Move.Reason})
		}
	default:
	}
}

// RunFinish sends how a run has ended.
func (l *EventLog) RunFinish(d fleet.Done, p fleet.Plan) {
	fields := countFields(d.Counts)
	fields["outcome"], fields["succeeded"], fields["summary"] = string(d.Outcome), d.Outcome.Succeeded(), RunSummary(d, p)
	fields["duration_seconds"] = seconds(d.Took)
	level := "info"
	if !d.Outcome.Succeeded() {
		level = "error"
	}
	l.push("plan-finish", level, fields)
}

func countFields(c fleet.Counts) map[string]any {
	return map[string]any{
		"models": float64(c.Planned), "moved": float64(c.Moved), "already": float64(c.Already), "moving": float64(c.Moving),
		"failed": float64(c.Failed), "left": float64(c.Left), "waiting": float64(c.Waiting),
	}
}
