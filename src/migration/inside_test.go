package migration_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/migration"
)

// findingOf runs the checks and returns the finding of one.
func findingOf(t *testing.T, jaas migration.JAAS, opts migration.Options, id migration.CheckID) migration.Finding {
	t.Helper()
	opts.Model, opts.Target = "prod", "east"
	res, err := migration.Check(t.Context(), jaas, opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range res.Findings {
		if f.Check == id {
			return f
		}
	}
	t.Fatalf("no finding of %s", id)
	return migration.Finding{}
}

type insideCase struct {
	name   string
	id     migration.CheckID
	change func(*migration.Inventory)
	level  migration.Level
	says   string
}

func insideCases() []insideCase {
	machine := func(id string, change func(*migration.Machine)) func(*migration.Inventory) {
		return func(i *migration.Inventory) {
			m := i.Machines[id]
			change(&m)
			i.Machines[id] = m
		}
	}
	unit := func(name string, change func(*migration.Unit)) func(*migration.Inventory) {
		return func(i *migration.Inventory) {
			u := i.Units[name]
			change(&u)
			i.Units[name] = u
		}
	}
	application := func(change func(*migration.Application)) func(*migration.Inventory) {
		return func(i *migration.Inventory) {
			a := i.Applications["web"]
			change(&a)
			i.Applications["web"] = a
		}
	}
	none := func(*migration.Inventory) {}
	return []insideCase{
		{"machines", migration.CheckMachines, none, migration.Pass, "all 2 machines"},
		{"machine dying", migration.CheckMachines, machine("1", func(m *migration.Machine) { m.Life = "dying" }), migration.Fail, "machine 1 is dying"},
		{"machine agent down", migration.CheckMachines, machine("1", func(m *migration.Machine) { m.Agent = "down" }), migration.Fail, "machine 1 has an agent that is not started (down)"},
		{"machine stopped", migration.CheckMachines, machine("0", func(m *migration.Machine) { m.Instance = "error" }), migration.Fail, "machine 0 is not running (error)"},
		{"all machines at once", migration.CheckMachines, func(i *migration.Inventory) {
			for id := range i.Machines {
				i.Machines[id] = migration.Machine{Agent: "pending", Instance: "running"}
			}
		}, migration.Fail, "machine 0 has an agent that is not started (pending); machine 1 has an"},
		{"something unread", migration.CheckMachines, func(i *migration.Inventory) { i.Unread = []string{"machines/2: odd"} }, migration.Skip, "machines/2"},

		{"units", migration.CheckUnits, none, migration.Pass, "all 3 units"},
		{"unit lost", migration.CheckUnits, unit("nrpe/0", func(u *migration.Unit) { u.Agent = "lost" }), migration.Fail, "unit nrpe/0 is not idle or executing (lost)"},
		{"unit allocating", migration.CheckUnits, unit("web/1", func(u *migration.Unit) { u.Agent = "allocating" }), migration.Fail, "web/1"},
		{"unit dying", migration.CheckUnits, unit("web/1", func(u *migration.Unit) { u.Life = "dying" }), migration.Fail, "unit web/1 is dying"},
		{"a failed hook does not forbid it", migration.CheckUnits, unit("web/1", func(u *migration.Unit) { u.Workload = "error" }), migration.Warn, "hooks have failed on web/1"},
		{"words that are not known are no good", migration.CheckUnits, unit("web/1", func(u *migration.Unit) { u.Agent = "dreaming" }), migration.Fail, "dreaming"},

		{"applications", migration.CheckApplications, none, migration.Pass, "all 2 applications"},
		{"application dying", migration.CheckApplications, application(func(a *migration.Application) { a.Life = "dying" }), migration.Fail, "web is dying"},
		{"charm store", migration.CheckApplications, application(func(a *migration.Application) { a.Charm = "cs:web-7" }), migration.Fail, "charm of the charm store"},
		{"below its scale", migration.CheckApplications, application(func(a *migration.Application) { a.Scale = 3 }), migration.Warn, "web has 2 of 3 units"},
		{"application unreadable", migration.CheckApplications, application(func(a *migration.Application) { a.Err = "on fire" }), migration.Fail, "on fire"},

		{"no upgrade", migration.CheckUpgrade, none, migration.Pass, "3.6.14"},
		{"agents of two versions", migration.CheckUpgrade, unit("web/0", func(u *migration.Unit) { u.Version = "3.6.13" }), migration.Fail, "unit web/0 is 3.6.13, the model 3.6.14"},
		{"machine of another version", migration.CheckUpgrade, machine("0", func(m *migration.Machine) { m.Version = "3.6.13" }), migration.Fail, "machine 0 is 3.6.13"},
		{"charm upgrade", migration.CheckUpgrade, unit("web/0", func(u *migration.Unit) { u.Charm = "ch:web-6" }), migration.Fail, "another charm"},
		{"no version", migration.CheckUpgrade, func(i *migration.Inventory) { i.AgentVersion = "" }, migration.Skip, "not told"},

		{"relations", migration.CheckRelations, none, migration.Pass, "no relation is still being joined (1 in all)"},
		{"relation joining", migration.CheckRelations, func(i *migration.Inventory) { i.Relations["a:b c:d"] = migration.Relation{Status: "joining"} }, migration.Warn, `"a:b c:d" is joining`},
		{"relation suspended", migration.CheckRelations, func(i *migration.Inventory) { i.Relations["a:b c:d"] = migration.Relation{Status: "suspended"} }, migration.Pass, ""},

		{"offers", migration.CheckOffers, none, migration.Pass, "no offer is connected (0 in all)"},
		{"offer in use", migration.CheckOffers, func(i *migration.Inventory) { i.Offers["db"] = migration.Offer{Application: "pg", Total: 2} }, migration.Warn, "offer db of pg has 2 connections"},
		{"offer that nobody uses", migration.CheckOffers, func(i *migration.Inventory) { i.Offers["db"] = migration.Offer{Application: "pg"} }, migration.Pass, "no offer is connected (1 in all)"},
		{"remotes", migration.CheckRemotes, none, migration.Pass, "no offers"},
		{"consumer", migration.CheckRemotes, func(i *migration.Inventory) { i.Remotes["db"] = migration.Remote{URL: "bob/db.pg"} }, migration.Warn, "db from bob/db.pg"},
		{"storage", migration.CheckStorage, none, migration.Pass, "no storage"},
		{"storage there", migration.CheckStorage, func(i *migration.Inventory) { i.Storage["data/0"] = migration.Storage{Owner: "web/0"} }, migration.Warn, "data/0"},
		{"storage not told", migration.CheckStorage, func(i *migration.Inventory) { i.StorageTold = false }, migration.Skip, "does not tell"},

		{"credential", migration.CheckCredential, none, migration.Skip, "not asked, or does not tell"},
		{"suspended", migration.CheckCredential, func(i *migration.Inventory) { i.Status = "suspended" }, migration.Fail, "not valid"},
		{"JIMM is elsewhere", migration.CheckHostsJIMM, none, migration.Pass, "no application"},
		{"a JIMM", migration.CheckHostsJIMM, application(func(a *migration.Application) { a.Charm = "ch:amd64/jammy/juju-jimm-k8s-3" }), migration.Warn, "has a JIMM, web"},
		{"advisories", migration.CheckAdvisories, none, migration.Warn, "juju/juju#18618"},
		{"a bug of offers", migration.CheckAdvisories, func(i *migration.Inventory) { i.Offers["db"] = migration.Offer{Total: 1} }, migration.Warn, "juju/juju#23262"},
	}
}

// All that Juju itself would refuse is found before it is asked, all at once.
func TestWhatIsInsideIsChecked(t *testing.T) {
	for _, c := range insideCases() {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				jaas, g := glassed(newFake(true))
				g.change["west"] = func(_ int, i *migration.Inventory) { c.change(i) }
				f := findingOf(t, jaas, migration.Options{Probe: true}, c.id)
				if f.Level != c.level || !strings.Contains(f.Evidence, c.says) {
					t.Errorf("%s: %s, want %s: …%s…", f.Level, f.Evidence, c.level, c.says)
				}
				if f.Level == migration.Fail && (f.Remedy == "" || !f.Check.Ignorable()) {
					t.Errorf("a failure of %s needs a remedy, and Juju has the last word: %+v", f.Check, f)
				}
				if g.looks["west"] != 1 {
					t.Errorf("looked %d times", g.looks["west"])
				}
			})
		})
	}
}

// What could not be looked into is skipped with the reason, never passed.
func TestWhatWasNotLookedIntoIsSkipped(t *testing.T) {
	inside := []migration.CheckID{
		migration.CheckMachines, migration.CheckUnits, migration.CheckApplications, migration.CheckUpgrade, migration.CheckRelations,
		migration.CheckOffers, migration.CheckRemotes, migration.CheckStorage, migration.CheckHostsJIMM,
	}
	for name, world := range map[string]func(*fake, *glass){
		"refused": func(_ *fake, g *glass) { g.err["west"] = errors.New("permission denied") },
		"another answers": func(_ *fake, g *glass) {
			g.change["west"] = func(_ int, i *migration.Inventory) { i.Controller = north().UUID }
		},
		"leaks":     func(_ *fake, g *glass) { g.err["west"] = errors.New("password=CANARY") },
		"has moved": func(f *fake, _ *glass) { f.running("east", true); f.began = time.Now().Add(-time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(true)
				jaas, g := glassed(f)
				world(f, g)
				for _, id := range inside {
					finding := findingOf(t, jaas, migration.Options{Probe: true}, id)
					if finding.Level != migration.Skip || finding.Evidence == "" || strings.Contains(finding.Evidence, "CANARY") {
						t.Errorf("%s is %s: %q", id, finding.Level, finding.Evidence)
					}
				}
			})
		})
	}
}
