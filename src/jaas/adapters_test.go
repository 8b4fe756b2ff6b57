// These tests make many handshakes, which protect no secret.
//
//go:debug tlsmlkem=0
package jaas_test

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/config"
	"jimm-migrator/src/jaas"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/locate"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/report"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/wire"
)

const (
	canary = "c4n4ry-of-the-secret"
	prod   = "11111111-1111-4111-8111-111111111111"
)

// authority signs the certificates of the servers of all worlds, because making
// one takes time.
var authority = sync.OnceValues(func() (*wire.CA, error) { return wire.NewCA("actions tests") })

// world is a simulated JAAS in memory, for virtual time. Migrations take half a minute, unless the YAML begins with
// another speed: to watch one at real speed takes hundreds of handshakes.
type world struct {
	*sim.JAAS
	settings config.Settings
}

func startWorld(t *testing.T, year, yaml string) world {
	t.Helper()
	if !strings.HasPrefix(yaml, "speed: ") {
		yaml = "speed: 8\n" + yaml
	}
	w, err := sim.Load([]byte("jimm: {version: " + year + ", tls: true, service-accounts: [{id: migrator, secret: " + canary + ", administrator: true}]}\n" + yaml))
	if err != nil {
		t.Fatal(err)
	}
	ca, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	network := wire.NewNetwork()
	j, err := sim.Start(t.Context(), w, sim.Options{Network: network, CA: ca})
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(j.CA()))
	return world{j, config.Settings{JIMM: jimm.Options{
		URL: j.URL(), ClientID: "migrator", ClientSecret: jimm.NewSecret(canary), RootCAs: roots, DialContext: network.DialContext,
	}}}
}

// migrate runs the engine over the real adapters.
func (w world) migrate(t *testing.T, change func(*migration.Options)) (migration.Result, []string) {
	t.Helper()
	opened, err := jaas.Connect(t.Context(), w.settings)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	var lines []string
	opts := migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}, Report: func(e migration.Event) { lines = append(lines, report.Line(e)) }}
	if change != nil {
		change(&opts)
	}
	result, err := migration.Migrate(t.Context(), opened.Engine, opened.Writer(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return result, lines
}

const twoControllers = "controllers: [{name: west}, {name: east}]\n"

func TestMigrateOverTheWire(t *testing.T) {
	t.Parallel()
	const (
		usual   = twoControllers + "models: [{name: prod}]\n"
		slowly  = "speed: 1\n"
		created = twoControllers + "models: [{name: prod, created-here: true}]\n"
		fault   = "faults: [{server: %s, method: %s, action: %s, times: %d, skip: %d}]\n"
	)
	for _, s := range []struct {
		name    string
		world   string
		during  func(world)
		noProbe bool // only without probe; else with and without
		outcome facts.Outcome
		cause   facts.Cause
		record  string
		logins  int // on JIMM's own API, 0: one
	}{
		{name: "usual end", world: usual, outcome: facts.Migrated, record: "east"},
		{name: "created here", world: created, outcome: facts.Migrated, record: "east"},
		{name: "another model on the target", world: twoControllers + "models: [{name: prod}, {name: other, controller: east}]\n", outcome: facts.Migrated, record: "east"},
		{name: "aborted", world: twoControllers + "models: [{name: prod, migrations: [{abort-at: IMPORT}]}]\n", outcome: facts.Aborted, cause: facts.CauseAnswer, record: "west"},
		{name: "aborted before", world: twoControllers + "models: [{name: prod, history: [{to: east, abort-at: IMPORT}]}]\n", outcome: facts.Migrated, record: "east"},
		{name: "refused by a precheck", world: twoControllers + "models: [{name: prod, migrations: [{refuse: 'source prechecks failed: no'}]}]\n", outcome: facts.NotStarted, cause: facts.CauseAnswer, record: "west"},
		{name: "answer lost", world: usual + fmt.Sprintf(fault, "jimm", "MigrateModel", "drop-after", 1, 0), outcome: facts.Migrated, record: "east", logins: 2},
		{name: "question lost", world: usual + fmt.Sprintf(fault, "jimm", "MigrateModel", "drop-before", 1, 0), outcome: facts.NotStarted, cause: facts.CauseAnswer, record: "west", logins: 2},
		{name: "an error although it was done", world: usual + fmt.Sprintf(fault, "jimm", "MigrateModel", "fail-after", 1, 0), outcome: facts.Migrated, record: "east"},
		{name: "MigrateModel is never answered", world: slowly + usual + fmt.Sprintf(fault, "jimm", "MigrateModel", "no-answer", 1, 0), outcome: facts.Migrated, record: "east"},
		{name: "JIMM restarts", world: created, during: func(w world) { w.Restart("jimm") }, outcome: facts.Migrated, record: "east", logins: 2},
		{name: "the source restarts", world: usual, during: func(w world) { w.Restart("west") }, outcome: facts.Migrated, record: "east"},
		{name: "ModelInfo hangs for a while", world: slowly + usual + fmt.Sprintf(fault, "west", "ModelInfo", "no-answer", 2, 3), outcome: facts.Migrated, record: "east"},
		{name: "recording fails at first", world: usual + fmt.Sprintf(fault, "jimm", "UpdateMigratedModel", "drop-after", 1, 0), outcome: facts.Migrated, record: "east"},
		// JIMM of 2024 answers as if there were no models, and without an error.
		{name: "OpenFGA is away for a while", world: slowly + usual, during: func(w world) {
			w.JIMM().OpenFGADown(true)
			time.AfterFunc(40*time.Second, func() { w.JIMM().OpenFGADown(false) })
		}, outcome: facts.Migrated, record: "east"},
		{name: "the source cannot clean up", world: twoControllers + "models: [{name: prod, migrations: [{reap-fails: no rights}]}]\n", outcome: facts.NeedsAttention, cause: facts.CauseLeftOver, record: "east"},
	} {
		for _, year := range []string{"2024", "2026"} {
			for _, probe := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s, %s, probe %v", s.name, year, probe), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						w := startWorld(t, year, s.world)
						defer w.Close()
						if s.during != nil {
							time.AfterFunc(4*time.Second, func() { s.during(w) })
						}
						res, lines := w.migrate(t, func(o *migration.Options) { o.Probe = probe })
						row, _ := w.Record("prod")
						if res.Outcome != s.outcome || res.Cause != s.cause || row.Controller != s.record {
							t.Errorf("%s (%s), recorded on %q; %s\n%s", res.Outcome, res.Cause, row.Controller, report.Summary(res), strings.Join(lines, "\n"))
						}
						if v := w.Violations(); len(v) > 0 {
							t.Errorf("violations: %v", v)
						}
						api, models := w.Logins()
						if models > 1 && year == "2024" || models > 3 || s.logins == 0 && s.during == nil && !strings.Contains(s.world, "faults") && api != 1 || s.logins > 0 && api > s.logins {
							t.Errorf("%d logins, %d to models", api, models)
						}
						for _, line := range append(lines, report.Summary(res)) {
							if strings.Contains(line, canary) {
								t.Errorf("the secret is in %q", line)
							}
						}
					})
				})
			}
		}
	}
}

func TestRunAgainOverTheWire(t *testing.T) {
	t.Parallel()
	for _, year := range []string{"2024", "2026"} {
		for _, probe := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				w := startWorld(t, year, twoControllers+"models: [{name: prod}, {name: other, controller: east}]\n")
				defer w.Close()
				tune := func(o *migration.Options) { o.Probe = probe; o.Timeout = 12 * time.Second }
				if first, _ := w.migrate(t, tune); first.Outcome != facts.TimedOut || !first.Running {
					t.Fatalf("%s", first.Outcome)
				}
				second, lines := w.migrate(t, func(o *migration.Options) { o.Probe = probe })
				if second.Outcome != facts.Migrated || !second.Attached {
					t.Errorf("%s, probe %v: %s, attached %v: %s\n%s", year, probe, second.Outcome, second.Attached, report.Summary(second), strings.Join(lines, "\n"))
				}
				if third, _ := w.migrate(t, func(o *migration.Options) { o.Probe = probe }); third.Outcome != facts.AlreadyThere {
					t.Errorf("%s, probe %v: third run %s: %s", year, probe, third.Outcome, report.Summary(third))
				}
				if v := w.Violations(); len(v) > 0 || w.Count("jimm", "JIMM.MigrateModel") != 1 {
					t.Errorf("violations: %v", v)
				}
			})
		}
	}
}

func TestLocateOverTheWire(t *testing.T) {
	const yaml = `controllers: [{name: west}, {name: east}]
models:
  - {name: prod, controller: west}
  - {name: other, controller: east}
  - {name: strayed, controller: west, recorded-on: west, history: [{to: east}]}
`
	for _, year := range []string{"2024", "2026"} {
		synctest.Test(t, func(t *testing.T) {
			w := startWorld(t, year, yaml)
			defer w.Close()
			opened, err := jaas.Connect(t.Context(), w.settings)
			if err != nil {
				t.Fatal(err)
			}
			defer opened.Close()
			for _, probe := range []bool{true, false} {
				found, err := locate.Locate(t.Context(), opened.Engine, locate.Options{Model: "*", Probe: probe})
				if err != nil || len(found.Locations) != 3 {
					t.Fatalf("%v, %v", found, err)
				}
				for _, l := range found.Locations {
					drifted := l.Model.Name == "strayed"
					if probe && (l.Drift != drifted || !l.Complete() || drifted != (l.State == locate.StateMoved)) {
						t.Errorf("%s, probe %v: %s: %s, drift %v: %s", year, probe, l.Model.Name, l.State, l.Drift, l.Proof)
					}
					if !probe && l.Drift {
						t.Errorf("%s: drift of %s is claimed unseen", year, l.Model.Name)
					}
				}
			}
			if _, models := w.Logins(); models > 0 || w.Count("jimm", "ModelManager.ModelInfo") > 0 {
				t.Errorf("%s: a listing asked about single models", year)
			}
			for _, name := range []string{"prod", "strayed"} {
				for _, probe := range []bool{true, false} {
					found, err := locate.Locate(t.Context(), opened.Engine, locate.Options{Model: name, Probe: probe})
					if err != nil || len(found.Locations) != 1 {
						t.Fatalf("%v, %v", found, err)
					}
					if l := found.Locations[0]; name == "prod" && l.State != locate.StateActive || name == "strayed" && l.State == locate.StateActive {
						t.Errorf("%s, probe %v: %s is %s: %s", year, probe, name, l.State, l.Proof)
					}
				}
			}
			if v := w.Violations(); len(v) > 0 {
				t.Errorf("violations: %v", v)
			}
		})
	}
}

// JIMM breaks every connection, and the charm still makes few logins.
func TestLoginsToAJIMMThatBreaksConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := startWorld(t, "2024", twoControllers+"models: [{name: prod, migrations: [{stall: quiescing}]}]\n")
		defer w.Close()
		time.AfterFunc(30*time.Second, func() {
			w.Faults("jimm").Add(wire.Fault{Method: "ModelInfo", Action: wire.DropBefore})
		})
		res, _ := w.migrate(t, func(o *migration.Options) { o.Timeout = 30 * time.Minute })
		if api, _ := w.Logins(); res.Outcome != facts.TimedOut || api > 70 {
			t.Errorf("%s after %d logins in half an hour", res.Outcome, api)
		}
	})
}

// A login that is refused for a while is not a reason to give up.
func TestLoginRefusedForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := startWorld(t, "2024", twoControllers+"models: [{name: prod}]\n")
		defer w.Close()
		time.AfterFunc(12*time.Second, func() {
			w.Faults("jimm").Add(wire.Fault{Method: "LoginWithClientCredentials", Action: wire.Refuse, Times: 3, Error: &wire.Error{Message: "invalid client credentials", Code: "unauthorized access"}})
			w.Restart("jimm")
		})
		if res, lines := w.migrate(t, nil); res.Outcome != facts.Migrated {
			t.Errorf("%s\n%s", res.Outcome, strings.Join(lines, "\n"))
		}
	})
}

func TestOpenNeedsAnAdministrator(t *testing.T) {
	for year, command := range map[string]string{"2024": "jimmctl auth relation add", "2026": "juju jaas add-permission"} {
		synctest.Test(t, func(t *testing.T) {
			w := startWorld(t, year, twoControllers)
			defer w.Close()
			j := w.JIMM()
			_ = j
			settings := w.settings
			settings.JIMM.ClientID = "nobody"
			if _, err := jaas.Connect(t.Context(), settings); err == nil {
				t.Error("an unknown account is let in")
			}
			_ = command
		})
	}
}

func TestStartError(t *testing.T) {
	if err := jaas.StartError(nil); err != nil {
		t.Errorf("no error became %v", err)
	}
	plain := errors.New("source prechecks failed: already in progress of something")
	if err := jaas.StartError(plain); !errors.Is(err, plain) || errors.Is(err, migration.ErrMigrating) || errors.Is(err, migration.ErrNotSent) {
		t.Errorf("%v", err)
	}
}

// The target refuses to describe the model to JIMM, which would then forget the model.
// A run does not request the description once the model is recorded (I4), and reports
// the state of JIMM's record (I2).
func TestNoQuestionAfterTheRecord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := startWorld(t, "2026", twoControllers+"models: [{name: prod, created-here: true}]\n"+
			"faults: [{server: east, method: ModelManager.ModelInfo, action: refuse, error: {message: permission denied, code: unauthorized access}}]\n")
		defer w.Close()
		res, lines := w.migrate(t, nil)
		row, known := w.Record("prod")
		if known != (res.Outcome == facts.Migrated) || known && row.Controller != "east" {
			t.Errorf("%s (%s), JIMM knows it %v, on %q\n%s", res.Outcome, res.Cause, known, row.Controller, strings.Join(lines, "\n"))
		}
		if v := w.Violations(); len(v) > 0 {
			t.Errorf("violations: %v", v)
		}
	})
}
