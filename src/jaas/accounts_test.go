package jaas_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/jaas"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/report"
	"jimm-migrator/tests/sim/wire"
)

// withoutRouteTo makes the charm unable to reach a controller that JIMM reaches.
func (w world) withoutRouteTo(address string) world {
	dial := w.settings.JIMM.DialContext
	w.settings.JIMM.DialContext = func(ctx context.Context, network, at string) (net.Conn, error) {
		if strings.HasPrefix(at, address) {
			return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.EHOSTUNREACH}
		}
		return dial(ctx, network, at)
	}
	return w
}

// The migration has ended before the first observation, the source denies the model to
// JIMM, and the source itself cannot be asked. The model's place is proved because the
// target reports that it hosts the model, and JIMM's audit log names the target (I1
// c), with or without an account there.
func TestTheTargetProvesWhereTheModelIs(t *testing.T) {
	t.Parallel()
	for _, year := range []string{"2024", "2026"} {
		for _, accounts := range [][]string{nil, {"east"}} {
			t.Run(fmt.Sprintf("%s %v", year, accounts), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := startWorld(t, year, twoControllers+"models: [{name: prod, migrating-to: east}]\n").withAccounts(accounts...).withoutRouteTo("10.0.0.1:")
					defer w.Close()
					<-time.After(10 * time.Minute)
					res, lines := w.migrate(t, nil)
					row, _ := w.Record("prod")
					want, record := facts.Recorded, "east"
					if res.Outcome != want || row.Controller != record {
						t.Errorf("%s (%s), recorded on %q: %s\n%s", res.Outcome, res.Cause, row.Controller, report.Summary(res), strings.Join(lines, "\n"))
					}
					if v := w.Violations(); len(v) > 0 {
						t.Errorf("violations: %v", v)
					}
				})
			})
		}
	}
}

// Without accounts no controller is sent a password.
func TestWithoutAccountsThereIsNoLogin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := startWorld(t, "2026", twoControllers+"models: [{name: prod, created-here: true}]\n")
		defer w.Close()
		if res, _ := w.migrate(t, nil); res.Outcome != facts.Migrated {
			t.Errorf("%s", res.Outcome)
		}
		for _, e := range w.Messages() {
			ours := e.Kind == wire.Received && !bytes.Contains(e.Data, []byte("/var/lib/juju/tools")) // that is the source of a migration
			if ours && bytes.Contains(e.Data, []byte("password of ")) && bytes.Contains(e.Data, []byte(`"request":"Login"`)) {
				t.Errorf("%s got a password", e.Server)
			}
		}
	})
}

// With an account, the model is read without JIMM. JIMM of 2024 stores the
// secret of each login to a model; with an account, migrate-model need not
// choose between the checks and the agents.
func TestAccountsSaveLoginsToTheModel(t *testing.T) {
	t.Parallel()
	const contents = "models: [{name: prod, created-here: true, machines: [{id: '0'}], applications: [{name: web, units: [{name: web/0, machine: '0'}]}]}]\n"
	for _, test := range []struct {
		year     string
		accounts []string
		logins   int // to the model, through JIMM
		machines checks.Level
		contents checks.Level
	}{
		{"2024", nil, 1, checks.Skip, checks.Skip},
		{"2024", []string{"west", "east"}, 0, checks.Pass, checks.Pass},
		{"2024", []string{"west"}, 1, checks.Pass, checks.Pass},
		{"2024", []string{"east"}, 1, checks.Pass, checks.Pass},
		{"2026", nil, 2, checks.Pass, checks.Pass},
		{"2026", []string{"west", "east"}, 0, checks.Pass, checks.Pass},
	} {
		t.Run(fmt.Sprintf("%s %v", test.year, test.accounts), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := startWorld(t, test.year, twoControllers+contents).withAccounts(test.accounts...)
				defer w.Close()
				res, lines := w.migrate(t, nil)
				if _, models := w.Logins(); res.Outcome != facts.Migrated || models != test.logins {
					t.Errorf("%s after %d logins to the model\n%s", res.Outcome, models, strings.Join(lines, "\n"))
				}
				for _, f := range append(res.Findings, res.Aftermath.Findings...) {
					if want := map[checks.ID]checks.Level{checks.Machines: test.machines, migration.VerifyContents: test.contents, migration.VerifyAgents: checks.Pass}[f.Check]; want != "" && f.Level != want {
						t.Errorf("%s is %s: %s", f.Check, f.Level, f.Evidence)
					}
				}
				if v := w.Violations(); len(v) > 0 {
					t.Errorf("violations: %v", v)
				}
				// The checks ask whether changes are disabled; after the migration, nothing
				// asks.
				if blocks := blocksRead(w); blocks > 1 || (blocks == 1) != (test.machines == checks.Pass) {
					t.Errorf("blocks were read %d times", blocks)
				}
			})
		})
	}
}

// blocksRead counts how often controllers were asked whether changes to a model are disabled.
func blocksRead(w world) int {
	n := 0
	for _, e := range w.Messages() {
		asked := bytes.Contains(e.Data, []byte(`"type":"Block"`)) || bytes.Contains(e.Data, []byte(`"request":"ListBlockedModels"`))
		if e.Server != "jimm" && e.Kind == wire.Received && asked {
			n++
		}
	}
	return n
}

// A controller that does not answer administrators costs one wait per observation, not one
// per question.
func TestASilentControllerIsAskedOncePerObservation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := startWorld(t, "2026", twoControllers+"models: [{name: prod, created-here: true}]\n").withAccounts("west", "east")
		defer w.Close()
		dial := w.settings.JIMM.DialContext
		w.settings.JIMM.DialContext = func(ctx context.Context, network, at string) (net.Conn, error) {
			if strings.HasPrefix(at, "10.0.0.2:") {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return dial(ctx, network, at)
		}
		opened, err := jaas.Connect(t.Context(), w.settings)
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		began := time.Now()
		res, err := migration.Check(t.Context(), opened.Engine, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}})
		if took := time.Since(began); err != nil || res.Outcome != facts.ChecksPassed || took > 25*time.Second {
			t.Errorf("%s after %v, %v", res.Outcome, took, err)
		}
		for _, f := range res.Findings {
			if f.Check == checks.ControllerAccess && (f.Level != checks.Warn || !strings.Contains(f.Evidence, "does not work")) {
				t.Errorf("%s: %s", f.Level, f.Evidence)
			}
		}
	})
}
