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

// These tests are about known problems of migrations, each named after its issue. A test replays
// the texts or the behaviour that the issue reports, and fails without the code that handles it.
// Tests that need the wire are in src/actions.
//
// No API shows these, or none that this charm uses:
//
//   - juju/juju#17095, secrets that lack fields: the words are not on record. An
//     abort because of them is one with its reason.
//   - juju/juju#22899 and #23097 are the repairs of #21459, not failures.
//   - juju/docs#3504 is about words.
//   - canonical/jimm#1747: no API reports whether there is a backup.
//   - canonical/jimm#2003, #2009, #1995, #1865: jobs of JIMM that hide their errors,
//     run again and get lost. This charm asks for migrations itself and starts no
//     job; its results keep every attempt that the source shows.
//   - canonical/juju-dashboard#2312, #2397: what a dashboard does not show.

// refusedWith runs a migration that JIMM refuses with the text of the source or the target.
func refusedWith(t *testing.T, words string) migration.Result {
	t.Helper()
	var res migration.Result
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		f.refuse = errors.New(words)
		res = migrate(t, f, nil)
		check(t, f, res, want{facts.NotStarted, facts.CauseAnswer, 1, "", "west", "west"})
	})
	return res
}

// abortedWith runs a migration that the source aborts with this text.
func abortedWith(t *testing.T, words string) migration.Result {
	t.Helper()
	var res migration.Result
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		f.stages, f.end = f.stages[:4], "aborted, removing model from target controller: "+words
		res = migrate(t, f, nil)
		check(t, f, res, want{facts.Aborted, facts.CauseAnswer, 1, "", "west", "west"})
	})
	return res
}

// explains compares the text and its explanation.
func explains(t *testing.T, res migration.Result, words string, helps ...string) {
	t.Helper()
	if !strings.Contains(res.Detail, words) {
		t.Errorf("%q is not the server's word %q", res.Detail, words)
	}
	for _, help := range helps {
		if !strings.Contains(res.Hint, help) {
			t.Errorf("the hint for %q is %q, it must say %q", words, res.Hint, help)
		}
	}
}

// inside checks a model with changed contents and returns one finding.
func inside(t *testing.T, id checks.ID, source, target, kind string, change func(*facts.Inventory)) checks.Finding {
	t.Helper()
	var out checks.Finding
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		f.model.AgentVersion, f.model.Type = source, kind
		jaas, g := withInspector(f)
		g.change["west"] = func(_ int, i *facts.Inventory) {
			i.AgentVersion, i.Type = source, kind
			if change != nil {
				change(i)
			}
		}
		jaas.Fleet = fleetOf{f, func(cs []facts.Controller, ms []facts.Model) ([]facts.Controller, []facts.Model) {
			for i := range cs {
				cs[i].AgentVersion = map[string]string{"west": source, "east": target}[cs[i].Name]
			}
			return cs, ms
		}}
		out = findingOf(t, jaas, migration.Options{Options: survey.Options{Probe: true}}, id)
	})
	return out
}

func has(t *testing.T, f checks.Finding, level checks.Level, words ...string) {
	t.Helper()
	all := f.Evidence + "; " + f.Remedy
	for _, w := range words {
		if f.Level != level || !strings.Contains(all, w) {
			t.Errorf("%s is %s, want %s and %q: %s", f.Check, f.Level, level, w, all)
		}
	}
}

// Users of the source alone; also juju/juju#10119 (the check is only in Juju's own
// command line) and canonical/jimm#446 (another identity provider).
func TestIssue10092_UsersMissingOnTheTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		f.details = func(i *facts.Info) { i.Users = []string{"bob=read", "alice@example.com=admin"} }
		has(t, findingOf(t, f.jaas(), migration.Options{Options: survey.Options{Probe: true}}, checks.Users), checks.Warn, "bob", "juju add-user")
	})
	const missing = "cannot initiate migration as the users granted access to the model do not exist\non the destination controller."
	explains(t, refusedWith(t, missing), "do not exist", "juju add-user")
	const provider = "cannot initiate migration as external users have been granted access to the model\nand the two controllers have different identity provider configurations."
	explains(t, refusedWith(t, provider), "identity provider", "identity provider")
}

// Another model of that name and owner on the target, or the same model.
func TestIssue6149_NameOrModelExistsOnTheTarget(t *testing.T) {
	explains(t, refusedWith(t, `target prechecks failed: model named "prod" already exists`), `model named "prod"`, "half-imported copy", "have an administrator of the target")
	explains(t, refusedWith(t, "target prechecks failed: model with same UUID already exists ("+modelUUID+")"), "same UUID", "have an administrator of the target")
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		jaas := f.jaas()
		jaas.Fleet = fleetOf{f, func(cs []facts.Controller, ms []facts.Model) ([]facts.Controller, []facts.Model) {
			if ms == nil {
				return cs, nil
			}
			other := ms[0]
			other.UUID, other.Recorded, other.Entry = ownUUID, east().UUID, facts.Entry{}
			return cs, append(ms, other)
		}}
		res, err := migration.Migrate(t.Context(), jaas, f, migration.Options{Options: survey.Options{Model: modelUUID, Target: "east", Probe: true}})
		if err != nil || res.Outcome != facts.Refused || f.starts > 0 {
			t.Errorf("%s after %d starts, %v", res.Outcome, f.starts, err)
		}
	})
}

// The checks find what Juju's prechecks refuse, all at once, before Juju is asked, and the
// remaining texts are explained. Also juju/juju#6111 and #6117.
func TestIssue8018_ModelsThatAreNotReady(t *testing.T) {
	for _, c := range []struct {
		words string
		helps string
		id    checks.ID // the check that finds it earlier; "": no API shows it
		make  func(*facts.Inventory)
		level checks.Level
	}{
		{"source prechecks failed: cleanup needed", "wait a minute", "", nil, ""},
		{"source prechecks failed: unit web/0 is upgrading", "wait until it has", checks.Upgrade, func(i *facts.Inventory) {
			u := i.Units["web/0"]
			u.Charm = "ch:amd64/jammy/web-6"
			i.Units["web/0"] = u
		}, checks.Fail},
		{`source prechecks failed: unit web/0 hasn't joined relation "db" yet`, "wait until it joins", checks.Relations, func(i *facts.Inventory) {
			i.Relations["web:db pg:db"] = facts.Relation{Status: "joining"}
		}, checks.Warn},
		{"source prechecks failed: machine 0 is scheduled to reboot", "about to restart", "", nil, ""},
		{"source prechecks failed: machine 1 agent not functioning at this time (down)", "repair or remove", checks.Machines, lost("1"), checks.Fail},
		{"source prechecks failed: unit web/0 not idle or executing (lost)", "repair or remove", checks.Units, lost("web/0"), checks.Fail},
		{"source prechecks failed: application web is below its minimum units threshold", "add units", "", nil, ""},
		{"source prechecks failed: model has revoked credentials", "update-credential", checks.Credential, func(i *facts.Inventory) { i.Status = "suspended" }, checks.Warn},
	} {
		explains(t, refusedWith(t, c.words), c.words, c.helps)
		if c.id != "" {
			f := inside(t, c.id, "3.6.14", "3.6.14", "iaas", c.make)
			has(t, f, c.level, "")
		}
	}
}

// Juju's text does not name the side that has to be upgraded; also juju/juju#6705, #15715.
func TestIssue23054_WhichSideToUpgrade(t *testing.T) {
	has(t, inside(t, checks.Versions, "3.6.14", "3.5.5", "iaas", nil), checks.Fail, "upgrade controller east to 3.6 or newer")
	explains(t, refusedWith(t, "target prechecks failed: source controller has higher version than target controller (3.6.14 > 3.5.5)"), "higher version", "the target is older", "upgrade the target")
	explains(t, refusedWith(t, "target prechecks failed: model must be upgraded to at least version 2.9.43 before being migrated to a controller with version 3.6.14"), "2.9.43", "upgrade the model")
	has(t, inside(t, checks.VersionHop, "2.9.42", "3.6.14", "iaas", nil), checks.Fail, "upgrade the model to 2.9.43")
	has(t, inside(t, checks.VersionHop, "4.0.5", "4.1.0", "iaas", nil), checks.Fail, "upgrade the source, controller west, in place")
}

// Juju 4.0 cannot migrate to Juju 4.0; also juju/juju#22239, whose words were others
// (see rules.TestReasonsFitTheVersions).
func TestIssue22659_From40To40(t *testing.T) {
	has(t, inside(t, checks.VersionHop, "4.0.5", "4.0.14", "iaas", nil), checks.Fail, "#22659", "Juju 4.1 or newer")
	has(t, inside(t, checks.VersionHop, "4.0.12", "4.1.0", "iaas", nil), checks.Pass, "")
	const words = "target controller does not support the model migration envelope format; upgrade the target controller to Juju 4.1 or later"
	explains(t, refusedWith(t, "target prechecks failed: "+words), words, "#22659")
}

// The same version on both sides, and a facade that the target does not have.
func TestIssue23281_MigrationTargetTooOld(t *testing.T) {
	has(t, inside(t, checks.VersionHop, "4.0.14", "4.0.14", "iaas", nil), checks.Fail, "#23281")
	const words = "target controller is too old to support password-authenticated migration; upgrade the target to a version that exposes MigrationTarget v8 or later"
	explains(t, refusedWith(t, "target prechecks failed: "+words), words, "#23281", "Juju 4.1")
}

// Several upgrades in a row: the next step is named; also canonical/jimm#1820.
func TestIssue1820_TheNextHopIsNamed(t *testing.T) {
	has(t, inside(t, checks.VersionHop, "3.5.5", "4.0.5", "iaas", nil), checks.Fail, "migrate the model to a controller with Juju 3.6 first, upgrade the model there, then migrate it again")
}

// A migration that stays in SUCCESS for days: the action claims no failure, and records nothing.
func TestIssue20286_StuckInSuccess(t *testing.T) {
	for _, stop := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(false)
			f.stages = f.stages[:7]
			for range 2000 {
				f.stages = append(f.stages, stage{"successful, waiting for agents to report back", time.Minute}, stage{success, time.Minute})
			}
			stalls := 0
			res := migrate(t, f, func(o *migration.Options) {
				o.StopOnStall, o.Timeout = stop, 48*time.Hour
				o.Report = func(e migration.Event) {
					if _, ok := e.(migration.StallEvent); ok {
						stalls++
					}
				}
			})
			cause := map[bool]facts.Cause{false: facts.CauseDeadline, true: facts.CauseStalled}[stop]
			if res.Outcome != facts.TimedOut || res.Cause != cause || !res.Running || stalls != 1 || len(f.records) > 0 {
				t.Errorf("%s (%s), running %v, %d stalls, recorded %v", res.Outcome, res.Cause, res.Running, stalls, f.records)
			}
			if stop && !strings.Contains(res.Detail, "juju/juju#20286") {
				t.Errorf("%q does not name the issue", res.Detail)
			}
		})
	}
}

// The target fails during the import. The source gives the reason, and the target may keep a
// half-imported copy.
func TestIssue20361_TargetDiesInTheImport(t *testing.T) {
	explains(t, abortedWith(t, "model data transfer failed, failed to migrate binaries: cannot upload charms: cannot upload charm: EOF"), "EOF", "half-imported copy", "#20361")
}
