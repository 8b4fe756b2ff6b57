package report

import (
	"fmt"
	"strconv"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
)

// The bounds of a diagnosis, so that it can be pasted into a bug report.
const (
	diagnosedControllers = 50
	diagnosedRequests    = 20
	diagnosedText        = 500 // bytes of a server's text
)

// Environment is where a diagnosis was made.
type Environment struct {
	// CharmVersion and JujuVersion are those of the unit.
	CharmVersion, JujuVersion string
	// JIMMVersion, JIMMCommit and Generation are JIMM's; the first two are "" before
	// v3.1.10.
	JIMMVersion, JIMMCommit, Generation string
	// Identity is the service account in JIMM.
	Identity string
	// PollInterval and Probe are options of the charm.
	PollInterval time.Duration
	Probe        bool
}

// DiagnosisResults are the results of collect-diagnostics.
func DiagnosisResults(d migration.Diagnosis, env Environment) map[string]any {
	out := diagnosisResults(d)
	set(out, "charm-version", env.CharmVersion)
	set(out, "juju-version", env.JujuVersion)
	jimm := map[string]any{}
	set(jimm, "generation", env.Generation)
	set(jimm, "identity", env.Identity)
	set(jimm, "version", short(redact.Raw(env.JIMMVersion)))
	set(jimm, "commit", short(redact.Raw(env.JIMMCommit)))
	setMap(out, "jimm", jimm)
	out["settings"] = map[string]any{"poll-interval": env.PollInterval.String(), "probe-controllers": env.Probe}
	return out
}

// diagnosisResults has what was seen.
func diagnosisResults(d migration.Diagnosis) map[string]any {
	out := map[string]any{
		"summary":       fmt.Sprintf("everything that JIMM and the controllers report about model %s; recognised secrets are redacted, names and UUIDs are not", name(d.Model)),
		"collected":     stamp(time.Now()),
		"model-details": infoResults(d.Info),
		"model-list":    infoResults(d.Entry.Info()),
	}
	out["placement"] = d.Placement.String()
	if d.Undecided != "" {
		out["summary"] = fmt.Sprintf("%s; it is not known where the model is: %s", out["summary"], d.Undecided)
	}
	model := modelResults(d.Model)
	delete(model, "users")
	model["users"] = len(d.Model.Users)
	set(model, "life", d.Model.Life)
	set(model, "type", d.Model.Type)
	set(model, "version", d.Model.AgentVersion)
	out["model"] = model
	record := map[string]any{"state": d.Record.State.String()}
	set(record, "controller", string(d.Record.Controller))
	set(record, "error", failure(d.Record.Err))
	out["record"] = record
	host := map[string]any{"state": d.Host.Kind.String()}
	set(host, "controller", string(d.Host.Controller))
	set(host, "error", failure(d.Host.Err))
	out["model-login"] = host
	list := map[string]any{}
	for _, c := range d.Controllers[:min(len(d.Controllers), diagnosedControllers)] {
		list[resultKey(c.Name, string(c.UUID))] = copyResults(c, d.Copies[c.UUID])
	}
	setMap(out, "controllers", list)
	out["audit-log"] = auditResults(d.Audit, d.AuditErr)
	return out
}

func infoResults(i facts.Info) map[string]any {
	out := map[string]any{"answer": i.Kind.String()}
	set(out, "controller", string(i.Controller))
	set(out, "status", i.Status)
	set(out, "status-text", short(i.StatusText))
	set(out, "error", failure(i.Err))
	if i.Attempt.Exists() {
		set(out, "migration-text", short(i.Attempt.Text))
		set(out, "migration-start", stamp(i.Attempt.Start))
		set(out, "migration-end", stamp(i.Attempt.End))
	}
	return out
}

func copyResults(c facts.Controller, says facts.Copy) map[string]any {
	out := map[string]any{"uuid": c.UUID, "copy": says.State.String()}
	set(out, "version", c.AgentVersion)
	set(out, "status", c.Status)
	set(out, "moved-to", string(says.To))
	set(out, "error", failure(says.Err))
	if says.Info.Kind == facts.InfoLive {
		set(out, "model-status", says.Info.Status)
		set(out, "model-status-text", short(says.Info.StatusText))
		set(out, "migration-text", short(says.Info.Attempt.Text))
		set(out, "migration-start", stamp(says.Info.Attempt.Start))
		set(out, "migration-end", stamp(says.Info.Attempt.End))
	}
	return out
}

func auditResults(log facts.Audit, err error) map[string]any {
	out := map[string]any{}
	set(out, "now", stamp(log.Now))
	set(out, "error", failure(err))
	requests := map[string]any{}
	for i, q := range log.Requests[max(0, len(log.Requests)-diagnosedRequests):] {
		requests[strconv.Itoa(i+1)] = short(redact.Raw(fmt.Sprintf("%s %s to %s, by this charm: %v, answered: %v", stamp(q.At), q.Kind, q.Target, q.Own, q.Answered)))
	}
	setMap(out, "requests", requests)
	return out
}

func failure(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	if code := wireCode(err); code != "" {
		text += " (" + code + ")"
	}
	return short(redact.Raw(text))
}

// short is a server's text that may be shown, cut.
func short(raw redact.Raw) string {
	text := raw.String()
	if len(text) > diagnosedText {
		text = text[:diagnosedText] + "…"
	}
	return text
}
