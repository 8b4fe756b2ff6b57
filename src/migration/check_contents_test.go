package migration_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// findingOf runs the checks and returns the finding of one.
func findingOf(t *testing.T, jaas survey.JAAS, opts migration.Options, id checks.ID) checks.Finding {
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
	return checks.Finding{}
}

type contentsCase struct {
	name   string
	id     checks.ID
	change func(*facts.Inventory)
	level  checks.Level
	says   string
}

func contentsCases() []contentsCase {
	machine := func(id string, change func(*facts.Machine)) func(*facts.Inventory) {
		return func(i *facts.Inventory) {
			m := i.Machines[id]
			change(&m)
			i.Machines[id] = m
		}
	}
	unit := func(name string, change func(*facts.Unit)) func(*facts.Inventory) {
		return func(i *facts.Inventory) {
			u := i.Units[name]
			change(&u)
			i.Units[name] = u
		}
	}
	application := func(change func(*facts.Application)) func(*facts.Inventory) {
		return func(i *facts.Inventory) {
			a := i.Applications["web"]
			change(&a)
			i.Applications["web"] = a
		}
	}
	none := func(*facts.Inventory) {}
	return []contentsCase{
		{"machines", checks.Machines, none, checks.Pass, "2 machines"},
		{"machine dying", checks.Machines, machine("1", func(m *facts.Machine) { m.Life = "dying" }), checks.Fail, "machine 1 is dying"},
		{"machine agent down", checks.Machines, machine("1", func(m *facts.Machine) { m.Agent = "down" }), checks.Fail, "machine 1 has an agent that is not started (down)"},
		{"machine stopped", checks.Machines, machine("0", func(m *facts.Machine) { m.Instance = "error" }), checks.Fail, "machine 0 is not running (error)"},
		{"all machines at once", checks.Machines, func(i *facts.Inventory) {
			for id := range i.Machines {
				i.Machines[id] = facts.Machine{Agent: "pending", Instance: "running"}
			}
		}, checks.Fail, "machine 0 has an agent that is not started (pending); machine 1 has an"},
		{"something unread", checks.Machines, func(i *facts.Inventory) { i.Unread = []string{"machines/2: odd"} }, checks.Skip, "machines/2"},

		{"units", checks.Units, none, checks.Pass, "3 units"},
		{"unit lost", checks.Units, unit("nrpe/0", func(u *facts.Unit) { u.Agent = "lost" }), checks.Fail, "unit nrpe/0 is not idle or executing (lost)"},
		{"unit allocating", checks.Units, unit("web/1", func(u *facts.Unit) { u.Agent = "allocating" }), checks.Fail, "web/1"},
		{"unit dying", checks.Units, unit("web/1", func(u *facts.Unit) { u.Life = "dying" }), checks.Fail, "unit web/1 is dying"},
		{"a failed hook does not forbid it", checks.Units, unit("web/1", func(u *facts.Unit) { u.Workload = "error" }), checks.Warn, "hooks have failed on web/1"},
		{"words that are not known are no good", checks.Units, unit("web/1", func(u *facts.Unit) { u.Agent = "dreaming" }), checks.Fail, "dreaming"},

		{"applications", checks.Applications, none, checks.Pass, "2 applications"},
		{"application dying", checks.Applications, application(func(a *facts.Application) { a.Life = "dying" }), checks.Fail, "web is dying"},
		{"charm store", checks.Applications, application(func(a *facts.Application) { a.Charm = "cs:web-7" }), checks.Fail, "charm from the charm store"},
		{"charm store, beside one that is being removed", checks.Applications, func(i *facts.Inventory) {
			i.Applications["old"] = facts.Application{Charm: "cs:old-7"}
			i.Applications["web"] = facts.Application{Charm: "ch:web-7", Life: "dying"}
		}, checks.Fail, "application web is dying; application old has a charm from the charm store"},
		{"below its scale", checks.Applications, application(func(a *facts.Application) { a.Scale = 3 }), checks.Warn, "web has 2 of 3 units"},
		{"application unreadable", checks.Applications, application(func(a *facts.Application) { a.Err = "on fire" }), checks.Fail, "on fire"},

		{"no upgrade", checks.Upgrade, none, checks.Pass, "3.6.14"},
		{"agents of two versions", checks.Upgrade, unit("web/0", func(u *facts.Unit) { u.Version = "3.6.13" }), checks.Fail, "unit web/0 runs 3.6.13, the model 3.6.14"},
		{"machine of another version", checks.Upgrade, machine("0", func(m *facts.Machine) { m.Version = "3.6.13" }), checks.Fail, "machine 0 runs 3.6.13"},
		{"agent of a unit without version", checks.Upgrade, unit("web/0", func(u *facts.Unit) { u.Version = "" }), checks.Fail, "unit web/0 has not reported its version"},
		{"agent of a machine without version", checks.Upgrade, machine("0", func(m *facts.Machine) { m.Version = "" }), checks.Fail, "machine 0 has not reported its version"},
		{"machine that has not started", checks.Upgrade, machine("0", func(m *facts.Machine) { m.Version, m.Agent = "", "pending" }), checks.Pass, "3.6.14"},
		{"charm upgrade", checks.Upgrade, unit("web/0", func(u *facts.Unit) { u.Charm = "ch:web-6" }), checks.Fail, "another charm"},
		{"machine being upgraded", checks.Upgrade, func(i *facts.Inventory) { i.Upgrading = []string{"0"} }, checks.Fail, "machine 0 is being upgraded to another Ubuntu release"},
		{"no version", checks.Upgrade, func(i *facts.Inventory) { i.AgentVersion = "" }, checks.Skip, "not reported"},

		{"relations", checks.Relations, none, checks.Pass, "1 relation has been joined by all its units"},
		{"relation joining", checks.Relations, func(i *facts.Inventory) { i.Relations["a:b c:d"] = facts.Relation{Status: "joining"} }, checks.Warn, `"a:b c:d" is joining`},
		{"unit not joined", checks.Relations, func(i *facts.Inventory) {
			i.Relations["a:b c:d"] = facts.Relation{Status: "joined", JoinedRead: true, NotJoined: []string{"a/0", "a/1"}}
		}, checks.Fail, `unit a/1 has not joined relation "a:b c:d"`},
		{"relation said joining, all joined", checks.Relations, func(i *facts.Inventory) { i.Relations["a:b c:d"] = facts.Relation{Status: "joining", JoinedRead: true} }, checks.Pass, "2 relations have been joined"},
		{"relation suspended", checks.Relations, func(i *facts.Inventory) { i.Relations["web:b c:d"] = facts.Relation{Status: "suspended"} }, checks.Fail, `"web:b c:d" is suspended, so its units have left it`},
		{"relation suspended, of no unit", checks.Relations, func(i *facts.Inventory) { i.Relations["a:b c:d"] = facts.Relation{Status: "suspended"} }, checks.Pass, ""},
		{"principal alone", checks.Relations, func(i *facts.Inventory) {
			i.Relations["a:b web:d"] = facts.Relation{Status: "joining", NotJoined: []string{"web/1"}}
		}, checks.Fail, `unit web/1 has not joined relation "a:b web:d"`},
		{"subordinate of two applications", checks.Relations, func(i *facts.Inventory) {
			i.Relations["a:b c:d"] = facts.Relation{Status: "joined", JoinedRead: true, Elsewhere: []string{"a/0"}}
		}, checks.Pass, "2 relations have been joined"},

		{"offers", checks.Offers, none, checks.Pass, "no offer is connected (0 offers)"},
		{"offer in use", checks.Offers, func(i *facts.Inventory) { i.Offers["db"] = facts.Offer{Application: "pg", Total: 2} }, checks.Warn, "offer db of pg has 2 connections"},
		{"offer without connections", checks.Offers, func(i *facts.Inventory) { i.Offers["db"] = facts.Offer{Application: "pg"} }, checks.Pass, "no offer is connected (1 offer)"},
		{"remotes", checks.Remotes, none, checks.Pass, "no offers"},
		{"consumer", checks.Remotes, func(i *facts.Inventory) { i.Remotes["db"] = facts.Remote{URL: "bob/db.pg"} }, checks.Warn, "db from bob/db.pg"},
		{"storage", checks.Storage, none, checks.Pass, "no storage"},
		{"storage there", checks.Storage, func(i *facts.Inventory) { i.Storage["data/0"] = facts.Storage{} }, checks.Warn, "data/0"},
		{"storage not reported", checks.Storage, func(i *facts.Inventory) { i.StorageReported = false }, checks.Skip, "does not report"},

		{"credential", checks.Credential, none, checks.Pass, "does not report the model's cloud credential as invalid"},
		{"suspended", checks.Credential, func(i *facts.Inventory) { i.Status = "suspended" }, checks.Warn, "not valid"},
		{"JIMM is elsewhere", checks.HostsJIMM, none, checks.Pass, "no application"},
		{"a JIMM", checks.HostsJIMM, application(func(a *facts.Application) { a.Charm = "ch:amd64/jammy/juju-jimm-k8s-3" }), checks.Warn, "has a JIMM application, web"},
		{"nothing that a bug concerns", checks.Advisories, none, checks.Pass, ""},
		{"a bug of offers", checks.Advisories, func(i *facts.Inventory) { i.Offers["db"] = facts.Offer{Total: 1} }, checks.Warn, "juju/juju#23262"},
	}
}

// The checks find everything that Juju itself would refuse, all at once, before Juju is asked.
func TestContentsAreChecked(t *testing.T) {
	for _, c := range contentsCases() {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				jaas, g := withInspector(newFake(true))
				g.change["west"] = func(_ int, i *facts.Inventory) { c.change(i) }
				f := findingOf(t, jaas, migration.Options{Options: survey.Options{Probe: true}}, c.id)
				if f.Level != c.level || !strings.Contains(f.Evidence, c.says) {
					t.Errorf("%s: %s, want %s: …%s…", f.Level, f.Evidence, c.level, c.says)
				}
				if f.Level == checks.Fail && (f.Remedy == "" || !f.Check.Ignorable()) {
					t.Errorf("a failure of %s needs a remedy, and Juju has the last word: %+v", f.Check, f)
				}
				if g.readings["west"] != 1 {
					t.Errorf("read %d times", g.readings["west"])
				}
			})
		})
	}
}

// A check is skipped, and never passes, if its data could not be read. It names the reason.
func TestContentsThatWereNotReadAreSkipped(t *testing.T) {
	inside := []checks.ID{
		checks.Machines, checks.Units, checks.Applications, checks.Upgrade, checks.Relations,
		checks.Offers, checks.Remotes, checks.Storage, checks.HostsJIMM,
	}
	for name, world := range map[string]func(*fake, *inspector){
		"refused": func(_ *fake, g *inspector) { g.err["west"] = errors.New("permission denied") },
		"another answers": func(_ *fake, g *inspector) {
			g.change["west"] = func(_ int, i *facts.Inventory) { i.Controller = north().UUID }
		},
		"leaks":     func(_ *fake, g *inspector) { g.err["west"] = errors.New("password=CANARY") },
		"has moved": func(f *fake, _ *inspector) { f.running("east", true); f.began = time.Now().Add(-time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(true)
				jaas, g := withInspector(f)
				world(f, g)
				for _, id := range inside {
					finding := findingOf(t, jaas, migration.Options{Options: survey.Options{Probe: true}}, id)
					if finding.Level != checks.Skip || finding.Evidence == "" || strings.Contains(finding.Evidence, "CANARY") {
						t.Errorf("%s is %s: %q", id, finding.Level, finding.Evidence)
					}
				}
			})
		})
	}
}

// The contents of a model are server texts too, so they are redacted.
func TestEvidenceOfTheChecksIsRedacted(t *testing.T) {
	f := inside(t, checks.Applications, "3.6.14", "3.6.14", "iaas", func(i *facts.Inventory) {
		i.Applications["web"] = facts.Application{Err: "cannot read: password=CANARY"}
	})
	if f.Level != checks.Fail || !strings.Contains(f.Evidence, "web") || strings.Contains(f.Evidence, "CANARY") {
		t.Errorf("%s: %s", f.Level, f.Evidence)
	}
}

// A version that cannot be parsed is neither too old nor new enough.
func TestAVersionThatCannotBeReadIsSkipped(t *testing.T) {
	for _, c := range [][2]string{{"3.6.14", "strange"}, {"3.6.14", ""}, {"what", ""}} {
		if f := inside(t, checks.Versions, c[0], c[1], "iaas", nil); f.Level != checks.Skip {
			t.Errorf("%q to %q: %s, %s", c[0], c[1], f.Level, f.Evidence)
		}
	}
}
