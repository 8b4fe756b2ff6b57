package actions_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/src/actions"
	"jimm-migrator/src/migration"
)

// diagnosis is one in which nothing is empty.
func diagnosis(text string) migration.Diagnosis {
	r := everything()
	r.Model.Life, r.Model.Type, r.Model.AgentVersion = "alive", "iaas", "3.6.14"
	info := migration.Info{Kind: migration.InfoLive, Controller: "x", Status: "busy", StatusText: text, Attempt: r.Attempt, Err: errors.New(text)}
	info.Attempt.Text = text
	d := migration.Diagnosis{
		Model: r.Model, Controllers: []migration.Controller{r.Source}, Source: r.Source, Info: info, Summary: info,
		Record: migration.Record{State: migration.RecordAt, Controller: "x", Err: errors.New(text)},
		Host:   migration.Host{Kind: migration.HostServes, Controller: "x", Err: errors.New(text)},
		Copies: map[string]migration.Copy{r.Source.UUID: {State: migration.CopyMoved, To: "x", Err: errors.New(text), Info: info}},
		Audit:  migration.Audit{Now: time.Unix(1, 0)}, AuditErr: errors.New(text),
	}
	for range 100 {
		d.Audit.Requests = append(d.Audit.Requests, migration.Request{Kind: migration.RequestMigrate, Target: "east", At: time.Unix(1, 0)})
	}
	return d
}

// diagnosticsKeys are the keys of collect-diagnostics with all that it may have.
func diagnosticsKeys() []string {
	keys := flat(actions.DiagnosisResults(diagnosis("x")), map[string]string{"controllers": "NAME", "audit-log.requests": "N"})
	return append(keys, "charm-version", "juju-version", "jimm.version", "jimm.commit", "jimm.generation", "jimm.identity", "settings.poll-interval", "settings.probe-controllers")
}

func TestADiagnosisIsBoundedAndRedacted(t *testing.T) {
	d := diagnosis("credential attribute mismatch: map[secret-key:" + canary + "] " + strings.Repeat("x", 100000))
	for i := range 1000 {
		d.Controllers = append(d.Controllers, migration.Controller{Name: fmt.Sprintf("c%d", i), UUID: fmt.Sprintf("c%d", i)})
	}
	for _, text := range []string{"credential attribute mismatch: map[secret-key:" + canary + "]", strings.Repeat("x", 100000)} {
		d.Info.StatusText, d.AuditErr = text, errors.New(text)
		out, err := json.Marshal(actions.DiagnosisResults(d))
		if err != nil {
			t.Fatal(err)
		}
		if len(out) > 32*1024 || strings.Contains(string(out), canary) {
			t.Errorf("%d bytes, a canary: %v", len(out), strings.Contains(string(out), canary))
		}
	}
}

func TestCollectDiagnostics(t *testing.T) {
	t.Parallel()
	for _, year := range []string{"2024", "2026"} {
		agent, j := unit(t, year, "migrator", twoModels)
		task := run(t, agent, "collect-diagnostics", map[string]any{"model": "prod"})
		expect(t, task, charmtest.TaskCompleted, map[string]string{
			"record.state": "at", "model-details.answer": "live", "controllers.west.copy": "present", "controllers.east.copy": "absent",
			"charm-version": "dev", "jimm.generation": "…", "settings.poll-interval": "1s", "model.uuid": prod, "model.users": "…",
		})
		expect(t, run(t, agent, "collect-diagnostics", map[string]any{"model": "nobody"}), charmtest.TaskFailed, nil)
		if n := j.Count("jimm", "JIMM.UpdateMigratedModel"); n != 0 {
			t.Errorf("UpdateMigratedModel was called %d times", n)
		}
	}
}
