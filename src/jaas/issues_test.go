package jaas_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/report"
)

// Known failure modes that need the wire, each named after its issue. The others are in
// src/migration; issues_test.go there also lists those that no API shows.

// update-migrated-model was forgotten; also canonical/jimm#1228: the automatic
// completion was removed because it did not work.
func TestIssue783_ForgottenRecord(t *testing.T) {
	for year, here := range map[string]string{"2024": ", created-here: true", "2026": ""} { // 2026 would record it itself
		for _, probe := range []bool{true, false} {
			if !probe && here == "" {
				continue // Nothing proves where the model is, and it is not recorded on a guess.
			}
			synctest.Test(t, func(t *testing.T) {
				w := startWorld(t, year, twoControllers+"models: [{name: prod, migrating-to: east"+here+"}]\n")
				defer w.Close()
				for w.migrating("prod") {
					virtually(30)
				}
				if row, _ := w.Record("prod"); row.Controller != "west" {
					t.Fatalf("the record is on %q before", row.Controller)
				}
				res, lines := w.migrate(t, func(o *migration.Options) { o.Probe = probe })
				row, _ := w.Record("prod")
				if res.Outcome != facts.Recorded && res.Outcome != facts.AlreadyThere || row.Controller != "east" || w.Count("jimm", "JIMM.MigrateModel") > 0 {
					t.Errorf("%s, probe %v: %s (%s), %d starts, recorded on %q: %s\n%s", year, probe, res.Outcome, res.Cause, w.Count("jimm", "JIMM.MigrateModel"), row.Controller, report.Summary(res), strings.Join(lines, "\n"))
				}
				if v := w.Violations(); len(v) > 0 {
					t.Errorf("violations: %v", v)
				}
			})
		}
	}
}

// JIMM completes migrations by itself again; also canonical/jimm#1683. The charm
// sees that JIMM has recorded the model, and does not record it again.
func TestIssue1670_JIMMCompletesByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := startWorld(t, "2026", twoControllers+`models: [{name: prod, created-here: true}]
faults: [{server: jimm, method: UpdateMigratedModel, action: refuse, error: {message: no}}]
`)
		defer w.Close()
		res, _ := w.migrate(t, nil)
		if row, _ := w.Record("prod"); res.Outcome != facts.Migrated || row.Controller != "east" {
			t.Errorf("%s (%s), recorded on %q", res.Outcome, res.Cause, row.Controller)
		}
	})
}

// While JIMM considers a model to be migrating, it answers logins to it with a message of its own.
// That message stands for the source's refusal and is not a failure: without probes it is the only
// sign that the source has released the model.
func TestIssue1692_FinishingMigration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := startWorld(t, "2026", "speed: 1\n"+twoControllers+"models: [{name: prod}]\n")
		defer w.Close()
		if first, _ := w.migrate(t, func(o *migration.Options) { o.Probe, o.Timeout = false, 100*time.Second }); first.Outcome != facts.TimedOut {
			t.Fatalf("the first run ended with %s", first.Outcome)
		}
		res, lines := w.migrate(t, func(o *migration.Options) { o.Probe = false })
		heard := false
		for _, e := range w.Messages() {
			heard = heard || e.Server == "jimm" && strings.Contains(string(e.Data), "model is finishing migration, please retry later")
		}
		if res.Outcome != facts.Migrated || !heard {
			t.Errorf("%s (%s), heard %v: %s\n%s", res.Outcome, res.Cause, heard, report.Summary(res), strings.Join(lines, "\n"))
		}
	})
}

// A half-imported copy stays on the target: the attempt that left it reports it,
// and the next attempt is refused by the charm, before Juju would refuse it.
func TestIssue20361_LeftOverImport(t *testing.T) {
	for _, year := range []string{"2024", "2026"} {
		synctest.Test(t, func(t *testing.T) {
			for _, account := range []bool{true, false} {
				w := startWorld(t, year, twoControllers+"models: [{name: prod, migrations: [{abort-at: IMPORT, leave-copy: true, reason: 'model data transfer failed, failed to migrate binaries: cannot upload charms: EOF'}]}]\n")
				if account {
					w = w.withAccounts("east")
				}
				res, _ := w.migrate(t, nil)
				text := report.Summary(res)
				if res.Outcome != facts.Aborted || !res.CopyLeft || !strings.Contains(text, `"east" still has its half-imported copy`) || !strings.Contains(text, "#20361") {
					t.Errorf("%s: %s, copy left %v: %s", year, res.Outcome, res.CopyLeft, text)
				}
				again, _ := w.migrate(t, nil)
				if again.Outcome != facts.Refused || !strings.Contains(report.Summary(again), "target-copy: \"east\" has a half-imported copy of the model") || w.Count("jimm", "JIMM.MigrateModel") != 1 {
					t.Errorf("%s: again %s: %s", year, again.Outcome, report.Summary(again))
				}
				// Both runs suggest the same command, if there is an account for it.
				for _, res := range []migration.Result{res, again} {
					command := ""
					if account {
						command = facts.RemoveCommand("jimm-migrator/0", w.UUID("prod"), "east")
					}
					got := report.MigrationResults(res, report.Run{CLI: "jimmctl", Unit: "jimm-migrator/0"})
					repair, _ := got["repair"].(map[string]any)
					printed, _ := repair["command"].(string)
					if repair["name"] != "left-over-import" || printed != command || account && got["next"] != command || got["retry-safe"] != false {
						t.Errorf("%s, account %v, %s: repair %v, next %v, retry-safe %v", year, account, res.Outcome, repair, got["next"], got["retry-safe"])
					}
				}
				w.Close()
			}
		})
	}
}

// The target has activated the model, and the source aborts: both report that they host it, even to
// an anonymous client. Nothing is recorded, and nothing is started.
func TestIssue21459_BothHaveItAfterAnAbort(t *testing.T) {
	for _, year := range []string{"2024", "2026"} {
		synctest.Test(t, func(t *testing.T) {
			w := startWorld(t, year, twoControllers+"models: [{name: prod, migrations: [{activation-lost: true}]}]\n")
			defer w.Close()
			res, _ := w.migrate(t, nil)
			if text := report.Summary(res); res.Outcome != facts.Conflict || !res.CopyLeft || res.Holder.Known() {
				t.Errorf("%s: %s, copy left %v: %s", year, res.Outcome, res.CopyLeft, text)
			}
			again, _ := w.migrate(t, nil)
			if again.Outcome != facts.Conflict || w.Count("jimm", "JIMM.MigrateModel") != 1 || w.Count("jimm", "JIMM.UpdateMigratedModel") > 0 {
				t.Errorf("%s: again %s: %s", year, again.Outcome, report.Summary(again))
			}
		})
	}
}

// A target that was just created answers with errors without a code at first, and
// works later.
func TestIssue1819_TargetNotReadyYet(t *testing.T) {
	const pending = "machine 0 is still pending"
	for _, year := range []string{"2024", "2026"} {
		synctest.Test(t, func(t *testing.T) {
			w := startWorld(t, year, twoControllers+`models: [{name: prod, migrations: [{refuse: 'target prechecks failed: `+pending+`'}]}]
faults: [{server: east, method: Login, action: refuse, error: {message: '`+pending+`'}, times: 40}]
`)
			defer w.Close()
			res, _ := w.migrate(t, nil)
			if res.Outcome != facts.NotStarted || !strings.Contains(report.Summary(res), pending) {
				t.Errorf("%s: %s (%s): %s", year, res.Outcome, res.Cause, report.Summary(res))
			}
			for _, f := range res.Findings {
				if f.Check == checks.TargetAnswers && (f.Level != checks.Warn || !strings.Contains(f.Evidence, pending)) {
					t.Errorf("%s: %s: %s", year, f.Level, f.Evidence)
				}
			}
		})
	}
}

// migrating reports whether a migration of the model has not ended.
func (w world) migrating(model string) bool {
	m, ok := w.Controller("west").Migration(w.UUID(model))
	return ok && !m.Phase.Terminal()
}

// virtually waits for so many seconds of virtual time.
func virtually(seconds int) { <-time.After(time.Duration(seconds) * time.Second) }
