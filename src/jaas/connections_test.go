package jaas_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/jaas"
	"jimm-migrator/src/juju"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/report"
	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/wire"
)

// withAccounts gives the charm an account of a superuser on each of the
// controllers.
func (w world) withAccounts(names ...string) world {
	w.settings.Controllers = map[string]juju.Credentials{}
	for _, name := range names {
		w.settings.Controllers[name] = juju.Credentials{User: "admin", Password: juju.NewSecret("password of " + name), Reason: charmsReason}
	}
	return w
}

// charmsReason is in the logins of the charm, and not in those of controllers.
const charmsReason = "jimm-migrator/0 migrate-model"

// adminLogins counts the logins of the charm to a controller with a password, and
// those to models on it.
func (w world) adminLogins(controller string) (logins, models int) {
	for _, e := range w.Messages() {
		if e.Server != controller || e.Kind != wire.Received || !bytes.Contains(e.Data, []byte(charmsReason)) {
			continue
		}
		if strings.HasPrefix(e.Path, "/model/") {
			models++
		} else {
			logins++
		}
	}
	return logins, models
}

// copyOn asks a controller as the engine does.
func (w world) copyOn(t *testing.T, name string) facts.Copy {
	t.Helper()
	opened, err := jaas.Connect(t.Context(), w.settings)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	return opened.Engine.Witness.Copy(t.Context(), listedAs(t, opened, name), w.UUID("prod"))
}

// listedAs returns a controller as JIMM lists it.
func listedAs(t *testing.T, opened *jaas.JAAS, name string) facts.Controller {
	t.Helper()
	list, err := opened.Engine.Fleet.Controllers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no controller %q", name)
	return facts.Controller{}
}

// A probe shows whether there is a copy; an administrator also sees its kind, in
// every version of Juju.
func TestAControllerSaysWhatKindOfCopyItHas(t *testing.T) {
	t.Parallel()
	revoke := func(w world, name string) {
		if err := w.Controller(name).Update(w.UUID("prod"), func(m *controller.Model) { m.CredentialInvalid = true }); err != nil {
			panic(err)
		}
	}
	imported := func(w world) {
		for _, m := range w.World().Models {
			if err := w.Controller("east").AddImportingCopy(m.Model); err != nil {
				panic(err)
			}
		}
	}
	for name, test := range map[string]struct {
		model  string
		before func(world)
		on     string
		want   facts.CopyState
	}{
		"in use":               {on: "west", want: facts.CopyActive},
		"in use and suspended": {before: func(w world) { revoke(w, "west") }, on: "west", want: facts.CopyActive},
		"dying":                {model: "life: dying", on: "west", want: facts.CopyActive},
		"nothing":              {on: "east", want: facts.CopyAbsent},
		"half imported":        {before: imported, on: "east", want: facts.CopyImporting},
		"half and suspended":   {before: func(w world) { imported(w); revoke(w, "east") }, on: "east", want: facts.CopyImporting},
		"a second one":         {model: "copies: [east]", on: "east", want: facts.CopyActive},
		"moved away":           {model: "recorded-on: west, history: [{to: east}]", on: "west", want: facts.CopyMoved},
		"back again":           {model: "history: [{to: east}, {to: west}]", on: "west", want: facts.CopyActive},
		"aborted":              {model: "history: [{to: east, abort-at: IMPORT}]", on: "west", want: facts.CopyActive},
		"moving":               {model: "migrating-to: east, migrations: [{stall: quiescing}]", on: "west", want: facts.CopyExporting},
		"coming":               {model: "migrating-to: east, migrations: [{stall: validating}]", on: "east", want: facts.CopyImporting},
		"come":                 {model: "migrating-to: east, migrations: [{stall: successful}]", on: "east", want: facts.CopyActive},
		"could not be removed": {model: "recorded-on: east, history: [{to: east, reap-fails: no rights}]", on: "west", want: facts.CopyExporting},
	} {
		for _, version := range []string{"2.9.46", "3.0.3", "3.6.14", "4.1.0"} {
			newer := strings.HasPrefix(version, "4.")
			if newer && strings.Contains(name, "could not") {
				continue // It shows no migration that has ended.
			}
			t.Run(name+", "+version, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					yaml := fmt.Sprintf("controllers: [{name: west, version: %s}, {name: east, version: %s}]\nmodels: [{name: prod, agent-version: %s, %s}]\n", version, version, version, test.model)
					year := "2026"
					if newer {
						year += ", mended: true"
					}
					if strings.Contains(test.model, "migrating-to") && version < "3.2" {
						return // JIMM cannot log in to it.
					}
					w := startWorld(t, year, strings.ReplaceAll(yaml, ", }", "}"))
					defer w.Close()
					if test.before != nil {
						test.before(w)
					}
					<-time.After(3 * time.Minute) // virtual: migrations stall where they are to
					want := test.want
					if newer && name == "come" {
						want = facts.CopyImporting // Until AdoptResources, which activates it (4.1-beta2, recorded).
					}
					if got := w.copyOn(t, test.on); got.State != want {
						t.Errorf("anonymous: %v, %v", got.State, got.Err)
					}
					if got := w.withAccounts("west", "east").copyOn(t, test.on); got.State != want {
						t.Errorf("administrator: %v, %v, %+v", got.State, got.Err, got.Info)
					}
				})
			})
		}
	}
}

// A refused account is tried once per action, and the probe is used after that.
func TestARefusedAccountIsTriedOnce(t *testing.T) {
	t.Parallel()
	for _, year := range []string{"2024", "2026"} {
		synctest.Test(t, func(t *testing.T) {
			w := startWorld(t, year, twoControllers+"models: [{name: prod, created-here: true}]\n").withAccounts("west", "east")
			defer w.Close()
			wrong := w.settings.Controllers["west"]
			wrong.Password = juju.NewSecret("wrong")
			w.settings.Controllers["west"] = wrong
			res, lines := w.migrate(t, nil)
			west, ofWest := w.adminLogins("west")
			east, ofEast := w.adminLogins("east")
			if res.Outcome != facts.Migrated || west != 1 || east != 1 || ofWest > 0 || ofEast > 1 {
				t.Errorf("%s: %s, %d and %d logins, %d to models\n%s", year, res.Outcome, west, east, ofWest+ofEast, strings.Join(lines, "\n"))
			}
		})
	}
}

// With accounts, a migration ends as it does without them; the connections are
// kept, and made again when a controller restarts.
func TestMigrateWithAccounts(t *testing.T) {
	t.Parallel()
	for _, s := range []struct {
		name, world string
		during      func(world)
		outcome     facts.Outcome
		record      string
		logins      int // to west
	}{
		{name: "usual end", world: "models: [{name: prod}]\n", outcome: facts.Migrated, record: "east", logins: 1},
		{name: "created here", world: "models: [{name: prod, created-here: true}]\n", outcome: facts.Migrated, record: "east", logins: 1},
		{name: "aborted", world: "models: [{name: prod, migrations: [{abort-at: VALIDATION}]}]\n", outcome: facts.Aborted, record: "west", logins: 1},
		{name: "aborted, a copy stays", world: "models: [{name: prod, migrations: [{abort-at: IMPORT, leave-copy: true}]}]\n", outcome: facts.Aborted, record: "west", logins: 1},
		{name: "the source cannot clean up", world: "models: [{name: prod, migrations: [{reap-fails: no rights}]}]\n", outcome: facts.NeedsAttention, record: "east", logins: 1},
		{name: "the source restarts", world: "models: [{name: prod}]\n", during: func(w world) { w.Restart("west") }, outcome: facts.Migrated, record: "east", logins: 2},
		{name: "the target lies in use when the source gives up", world: "models: [{name: prod, migrations: [{activation-lost: true}]}]\n", outcome: facts.Conflict, record: "west", logins: 1},
	} {
		for _, year := range []string{"2024", "2026"} {
			t.Run(s.name+", "+year, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := startWorld(t, year, twoControllers+s.world).withAccounts("west", "east")
					defer w.Close()
					if s.during != nil {
						time.AfterFunc(30*time.Second, func() { s.during(w) })
					}
					res, lines := w.migrate(t, nil)
					row, _ := w.Record("prod")
					logins, models := w.adminLogins("west")
					if res.Outcome != s.outcome || row.Controller != s.record || logins != s.logins || models != 1 {
						t.Errorf("%s, recorded on %q, %d logins, %d to models; %s\n%s", res.Outcome, row.Controller, logins, models, report.Summary(res), strings.Join(lines, "\n"))
					}
					if v := w.Violations(); len(v) > 0 {
						t.Errorf("violations: %v", v)
					}
				})
			})
		}
	}
}

// While JIMM is away, the source itself reports its progress to an administrator.
func TestPhasesAreSeenWhileJIMMIsAway(t *testing.T) {
	t.Parallel()
	for _, year := range []string{"2024", "2026"} {
		synctest.Test(t, func(t *testing.T) {
			w := startWorld(t, year, "speed: 1\n"+twoControllers+"models: [{name: prod, created-here: true}]\n").withAccounts("west")
			defer w.Close()
			time.AfterFunc(20*time.Second, func() { _ = w.Stop("jimm") })
			time.AfterFunc(5*time.Minute, func() { _ = w.Resume(t.Context(), "jimm") })
			res, lines := w.migrate(t, nil)
			if text := strings.Join(lines, "\n"); res.Outcome != facts.Migrated || !strings.Contains(text, "VALIDATION") || !strings.Contains(text, "point of no return") {
				t.Errorf("%s: %s\n%s", year, res.Outcome, text)
			}
		})
	}
}

// The target is asked with a version of its facade that needs only what is known.
func TestTheTargetItselfIsAsked(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		target   string
		accounts []string
		version  int
		facades  bool
		err      string
	}{
		{"2.9.46", []string{"west", "east"}, 2, false, ""},
		{"3.0.3", []string{"west", "east"}, 1, false, ""},
		{"3.6.14", []string{"west", "east"}, 3, true, ""},
		{"3.6.14", []string{"east"}, 2, false, ""},
		{"4.1.0", []string{"west", "east"}, 0, false, "only with a description"},
		{"3.6.14", []string{"west"}, 0, false, "no account"},
	} {
		t.Run(fmt.Sprintf("%s %v", test.target, test.accounts), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := test.target
				if strings.HasPrefix(source, "4.") {
					source = "3.6.14"
				}
				w := startWorld(t, "2026", "controllers: [{name: west, version: "+source+"}, {name: east, version: "+test.target+"}]\n"+
					"models: [{name: prod, agent-version: "+source+"}, {name: left, agent-version: "+source+"}]\n").withAccounts(test.accounts...)
				defer w.Close()
				for _, m := range w.World().Models {
					if m.Name == "left" {
						if err := w.Controller("east").AddImportingCopy(m.Model); err != nil {
							t.Fatal(err)
						}
					}
				}
				opened, err := jaas.Connect(t.Context(), w.settings)
				if err != nil {
					t.Fatal(err)
				}
				defer opened.Close()
				list, _ := opened.Engine.Fleet.Controllers(t.Context())
				models, _ := opened.Engine.Fleet.Models(t.Context())
				east, west := list[0], list[1]
				for _, m := range models.Models {
					if m.AgentVersion == "" {
						m.AgentVersion = source
					}
					got, err := opened.Engine.Controllers.Prechecks(t.Context(), east, west, m)
					switch {
					case test.err != "":
						if err == nil || !strings.Contains(err.Error(), test.err) {
							t.Errorf("%+v, %v", got, err)
						}
					case err != nil || got.Version != test.version || got.Facades != test.facades:
						t.Errorf("%+v, %v", got, err)
					case (m.Name == "left") != strings.Contains(got.Refusal.String(), "already exists"):
						t.Errorf("%s: refusal %q", m.Name, got.Refusal)
					}
				}
				holdings, err := opened.Engine.Controllers.Holdings(t.Context(), east)
				for _, h := range holdings {
					if h.Importing != (h.Name == "left") {
						t.Errorf("%+v", h)
					}
				}
				want := 2 // The controller's own model and the half-imported copy, which 4.1 does not list (4.1-beta2, recorded).
				if test.target == "4.1.0" {
					want = 1
				}
				if slices.Contains(test.accounts, "east") && (err != nil || len(holdings) != want) {
					t.Errorf("%+v, %v", holdings, err)
				}
				if v := w.Violations(); len(v) > 0 {
					t.Errorf("violations: %v", v)
				}
			})
		})
	}
}

// The controller model is read from the controller itself, in every version of Juju, and never
// through JIMM.
func TestTheControllerModelIsRead(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2.9.46", "3.6.14", "4.0.15", "4.1.0"} {
		for name, accounts := range map[string][]string{"with an account": {"west"}, "without one": {"east"}} {
			t.Run(version+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := startWorld(t, "2026", "controllers: [{name: west, version: "+version+`, machines: [{id: "0"}, {id: "1", agent-status: down, life: dying}]}, {name: east, version: `+version+"}]\n"+
						"models: [{name: prod, agent-version: "+version+"}]\n").withAccounts(accounts...)
					defer w.Close()
					opened, err := jaas.Connect(t.Context(), w.settings)
					if err != nil {
						t.Fatal(err)
					}
					defer opened.Close()
					got, err := opened.Engine.ControllerModels.ControllerModel(t.Context(), listedAs(t, opened, "west"))
					logins, models := w.adminLogins("west")
					if !slices.Contains(accounts, "west") {
						if err == nil || logins+models > 0 {
							t.Errorf("%+v, %v, %d logins", got, err, logins+models)
						}
						return
					}
					if err != nil || models == 0 {
						t.Fatalf("%v, %d logins to models", err, models)
					}
					if one := got.Machines["1"]; got.Machines["0"].Agent != "started" || one.Agent != "down" || one.Life != "dying" || one.Instance != "running" {
						t.Errorf("%+v", got.Machines)
					}
					if v := w.Violations(); len(v) > 0 {
						t.Errorf("violations: %v", v)
					}
				})
			})
		}
	}
}
