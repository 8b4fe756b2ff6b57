package migration_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
)

// JIMM of 2024 stores the secret of each login: a run makes one at most.
// check-migration spends it on the checks, migrate-model on the agents.
func TestTheOneLoginGoesWhereItProtectsMost(t *testing.T) {
	for _, c := range []struct {
		name       string
		completes  bool
		until      migration.Until
		west, east int
		level      checks.Level
	}{
		{"2024", false, migration.UntilVerified, 0, 1, checks.Skip},
		{"2024, not followed", false, migration.UntilRunning, 1, 0, checks.Pass},
		{"2026", true, migration.UntilVerified, 1, 1, checks.Pass},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(c.completes)
				jaas, g := withInspector(f)
				res, err := migration.Migrate(t.Context(), jaas, f, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}, Until: c.until})
				if err != nil || !res.Outcome.Succeeded() {
					t.Fatalf("%s (%s), %v", res.Outcome, res.Cause, err)
				}
				for _, f := range res.Findings {
					if f.Check == checks.Units && (f.Level != c.level || c.level == checks.Skip && !strings.Contains(f.Evidence, "check-migration")) {
						t.Errorf("%s: %s", f.Level, f.Evidence)
					}
				}
				if g.readings["west"] != c.west || g.readings["east"] != c.east {
					t.Errorf("read %v", g.readings)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		jaas, g := withInspector(newFake(false))
		if f := findingOf(t, jaas, migration.Options{Options: survey.Options{Probe: true}}, checks.Units); f.Level != checks.Pass || g.readings["west"] != 1 || g.listed != 0 {
			t.Errorf("check on 2024: %s after %v, listed %d", f.Level, g.readings, g.listed)
		}
	})
}

// lost takes agents away.
func lost(names ...string) func(*facts.Inventory) {
	return func(i *facts.Inventory) {
		for _, name := range names {
			if m, ok := i.Machines[name]; ok {
				m.Agent = "down"
				i.Machines[name] = m
				continue
			}
			u := i.Units[name]
			u.Agent = "lost"
			i.Units[name] = u
		}
	}
}

type verifyCase struct {
	name      string
	before    func(*facts.Inventory)
	after     func(reading int, i *facts.Inventory)
	world     func(*fake, *inspector)
	outcome   facts.Outcome
	cause     facts.Cause
	levels    string // Of agents, contents and access.
	says      string // In one of the findings.
	followUps string // Ids, joined.
	readings  int    // At the target, at least.
	unseen    bool   // The agents cannot be read.
}

func verifyCases() []verifyCase {
	always := func(change func(*facts.Inventory)) func(int, *facts.Inventory) {
		return func(_ int, i *facts.Inventory) { change(i) }
	}
	return []verifyCase{
		{name: "all is well", outcome: facts.Migrated, levels: "pass,pass,pass", followUps: "keep-source", readings: 1},
		{
			name: "agents come late", outcome: facts.Migrated, levels: "pass,pass,pass", readings: 4,
			after: func(reading int, i *facts.Inventory) {
				if reading < 4 {
					lost("1", "web/1")(i)
				}
			},
		},
		{
			name: "agents stay away", outcome: facts.NeedsAttention, cause: facts.CauseAgents, levels: "fail,pass,pass", readings: 20,
			after: always(lost("1", "nrpe/0")), says: "of machine 1, unit nrpe/0",
		},
		{
			name: "an agent was away before", outcome: facts.Migrated, levels: "pass,pass,pass",
			before: lost("nrpe/0"), after: always(lost("nrpe/0")),
		},
		{
			name: "a unit is gone", outcome: facts.NeedsAttention, cause: facts.CauseDifferences, levels: "pass,fail,pass", says: `unit "web/1" is gone`,
			after: always(func(i *facts.Inventory) { delete(i.Units, "web/1") }),
		},
		{
			name: "things are not as they were", outcome: facts.NeedsAttention, cause: facts.CauseDifferences, levels: "pass,fail,pass",
			says: `application "new" is new; machine "0" is instance i-9, previously i-0; unit "web/0" is on machine 1, previously on 0; relation`,
			after: always(func(i *facts.Inventory) {
				i.Applications["new"] = facts.Application{}
				m, u := i.Machines["0"], i.Units["web/0"]
				m.InstanceID, u.Machine = "i-9", "1"
				i.Machines["0"], i.Units["web/0"] = m, u
				clear(i.Relations)
			}),
		},
		{
			name: "JIMM could forget the model over a question about its users", outcome: facts.Migrated, levels: "pass,pass,pass",
			world: func(f *fake, _ *inspector) {
				f.usersThere = []string{"bob@example.com=write", "alice@example.com=read"}
			},
		},
		{
			name: "users are as they were, and nothing else is known", outcome: facts.Migrated, levels: "pass,pass,pass",
			world: func(f *fake, _ *inspector) { f.usersThere = []string{} },
		},
		{
			name: "both", outcome: facts.NeedsAttention, cause: facts.CauseAgents, levels: "fail,fail,pass",
			after: always(func(i *facts.Inventory) { lost("0")(i); clear(i.Relations) }),
		},
		{
			name: "the target does not show the model", unseen: true, outcome: facts.Migrated, levels: "skip,skip,pass", readings: 3,
			world: func(_ *fake, g *inspector) { g.err["east"] = errors.New("password=CANARY") }, says: "could not be inspected",
		},
		{
			name: "another controller answers", unseen: true, outcome: facts.Migrated, levels: "skip,skip,pass", says: string(north().UUID),
			after: always(func(i *facts.Inventory) { i.Controller = north().UUID }),
		},
		{
			name: "something cannot be read", outcome: facts.Migrated, levels: "skip,skip,pass",
			after: always(func(i *facts.Inventory) { i.Unread = []string{"units/web/7: odd"} }),
		},
		{
			name: "the old controller's rule", outcome: facts.Migrated, levels: "pass,pass,warn",
			world: func(_ *fake, g *inspector) { g.hosts = []facts.ControllerUUID{west().UUID} }, says: "administrators of west",
		},
		{
			name: "rules cannot be read", outcome: facts.Migrated, levels: "pass,pass,skip",
			world: func(_ *fake, g *inspector) { g.hostErr = errors.New("unauthorized") }, says: "unauthorized",
		},
		{
			name: "vault and offers", outcome: facts.Migrated, followUps: "unseal-vault,keep-source,consumers,remotes", levels: "pass,pass,pass",
			before: func(i *facts.Inventory) { vaulted(i) }, after: always(func(i *facts.Inventory) { vaulted(i) }),
		},
		{
			name: "the source kept a copy", outcome: facts.NeedsAttention, cause: facts.CauseLeftOver, levels: "fail,pass,pass",
			world: func(f *fake, _ *inspector) { f.end = "removing exported model failed: no" }, after: always(lost("0")),
		},
	}
}

func vaulted(i *facts.Inventory) {
	i.Applications["vault"] = facts.Application{Charm: "ch:amd64/jammy/vault-3"}
	i.Offers["db"] = facts.Offer{Application: "web", Total: 1}
	i.Remotes["mysql"] = facts.Remote{URL: "bob/db.mysql"}
}

// A migration is not over when Juju says so: the agents have to come along, and
// nothing may be lost.
func TestAModelThatHasMovedIsVerified(t *testing.T) {
	for _, c := range verifyCases() {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(true)
				jaas, g := withInspector(f)
				if c.before != nil {
					g.change["west"] = func(_ int, i *facts.Inventory) { c.before(i) }
				}
				g.change["east"] = c.after
				if c.world != nil {
					c.world(f, g)
				}
				opts := migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}, Ignore: []checks.ID{checks.Units}}
				res, err := migration.Migrate(t.Context(), jaas, f, opts)
				if err != nil {
					t.Fatal(err)
				}
				c.compare(t, res)
				if g.readings["east"] < max(c.readings, 1) || g.readings["west"] != 1 {
					t.Errorf("read %v", g.readings)
				}
				check(t, f, res, want{c.outcome, c.cause, 1, strings.Join(f.records, ","), "east", "east"})
				if seen := res.Timing.Agents; seen.IsZero() != c.unseen {
					t.Errorf("an agent was seen at %v", seen)
				}
			})
		})
	}
}

// A source that removes the model shows less of it with each moment (real Juju 3.5.4): that is not what the model had.
func TestWhatTheSourceRemovesIsNotCompared(t *testing.T) {
	for name, now := range map[string]facts.Inventory{
		"it says so":         {Status: "busy", StatusText: "migrating: successful, removing model from source controller"},
		"it is about to":     {Status: "busy", StatusText: "migrating: successful, transferring logs to target controller (0 sent)"},
		"its status is gone": {},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(true)
				f.running("east", true)
				jaas, g := withInspector(f)
				g.change["west"] = func(_ int, i *facts.Inventory) {
					i.Status, i.StatusText = now.Status, now.StatusText
					i.Applications, i.Units = nil, nil
				}
				res, err := migration.Migrate(t.Context(), jaas, f, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}})
				if err != nil || res.Outcome != facts.Migrated || g.readings["west"] != 1 {
					t.Errorf("%s (%s), read %v, %v", res.Outcome, res.Cause, g.readings, err)
				}
			})
		})
	}
}

func (c verifyCase) compare(t *testing.T, res migration.Result) {
	t.Helper()
	var levels, evidence, followUps []string
	ids := []checks.ID{migration.VerifyAgents, migration.VerifyContents, migration.VerifyAccess}
	for i, f := range res.Aftermath.Findings {
		levels, evidence = append(levels, string(f.Level)), append(evidence, f.Evidence)
		if f.Check != ids[i] || (f.Level == checks.Fail || f.Level == checks.Warn) && f.Remedy == "" {
			t.Errorf("finding %d is %+v", i, f)
		}
	}
	for _, followUp := range res.Aftermath.FollowUps {
		followUps = append(followUps, followUp.ID)
		if strings.ContainsAny(followUp.Do, "{}") {
			t.Errorf("follow-up %s: %s", followUp.ID, followUp.Do)
		}
	}
	all := strings.Join(evidence, "\n")
	if got := strings.Join(levels, ","); got != c.levels || !strings.Contains(all, c.says) || strings.Contains(all, "CANARY") {
		t.Errorf("%s, want %s and %q:\n%s", got, c.levels, c.says, all)
	}
	if got := strings.Join(followUps, ","); c.followUps != "" && got != c.followUps {
		t.Errorf("followUps %s, want %s", got, c.followUps)
	}
}

// JIMM of 2026 can forget the model while its contents are compared, and not answer
// the first question after that.
func TestMigrate_JIMMForgetsTheModelAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		jaas, g := withInspector(f)
		g.change["east"] = func(int, *facts.Inventory) {
			f.record = ""
			back := time.Since(f.began) + time.Minute
			f.deaf = func(elapsed time.Duration) bool { return elapsed < back }
		}
		opts := migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}, PollInterval: 30 * time.Second}
		res, err := migration.Migrate(t.Context(), jaas, f, opts)
		if err != nil || res.Outcome != facts.LostFromJIMM || res.Recorded.Known() || res.Holder.Name != "east" {
			t.Fatalf("%s on %q, recorded on %q: %v", res.Outcome, res.Holder, res.Recorded, err)
		}
	})
}

// forestalled is a JIMM that records a model by itself and then refuses to record it, because the target does not describe
// it.
type forestalled struct{ *fake }

func (w *forestalled) RecordController(_ context.Context, proof judge.Proof) error {
	defer w.lock()()
	w.record, w.mode = proof.Controller().UUID, false
	return fmt.Errorf("%w: permission denied", migration.ErrRecordRefused)
}

// JIMM has to say twice that it has no record. One that it has deleted is a finding: the reason has to be
// corrected before the model is imported again.
func TestADeletedRecordIsBelievedOnceItIsReportedTwice(t *testing.T) {
	for _, c := range []struct {
		name    string
		lapses  int
		refuses bool // The target has refused to describe the model to JIMM.
		outcome facts.Outcome
		finding []string // Parts of the evidence of each finding about the record.
	}{
		{"never", 0, false, facts.Migrated, nil},
		{"once", 1, false, facts.Migrated, nil},
		{"twice", 2, false, facts.LostFromJIMM, []string{`JIMM recorded the model on "east" and then deleted the record`}},
		{"twice, after a refusal", 2, true, facts.LostFromJIMM, []string{"the last request returned an error: "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(true)
				var w migration.Writer = f
				if c.refuses {
					f.redirects = false
					w = &forestalled{f}
				}
				jaas, g := withInspector(f)
				g.change["east"] = func(int, *facts.Inventory) { f.lapses = c.lapses }
				opts := migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}}
				res, err := migration.Migrate(t.Context(), jaas, w, opts)
				if err != nil || res.Outcome != c.outcome || f.lapses > 0 {
					t.Fatalf("%s (%s), %d answers left, %v", res.Outcome, res.Cause, f.lapses, err)
				}
				var about []checks.Finding
				for _, finding := range res.Aftermath.Findings {
					if finding.Check == migration.VerifyRecord {
						about = append(about, finding)
					}
				}
				if len(about) != len(c.finding) {
					t.Fatalf("found %+v", about)
				}
				for i, finding := range about {
					if finding.Level != checks.Warn || !strings.Contains(finding.Evidence, c.finding[i]) || finding.Remedy == "" && !c.refuses {
						t.Errorf("found %+v", finding)
					}
				}
			})
		})
	}
}

// The wait for agents ends after ten minutes, or with the timeout, and says so.
func TestTheWaitForAgentsEnds(t *testing.T) {
	for _, c := range []struct {
		name    string
		timeout time.Duration
		most    time.Duration
	}{
		{"by itself", 3 * time.Hour, 13 * time.Minute},
		{"with the timeout", 5 * time.Minute, 5 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(true)
				jaas, g := withInspector(f)
				g.change["east"] = func(_ int, i *facts.Inventory) { lost("0")(i) }
				events, began := 0, time.Now()
				res, err := migration.Migrate(t.Context(), jaas, f, migration.Options{
					Options: survey.Options{Model: "prod", Target: "east", Probe: true},
					Timeout: c.timeout,
					Report: func(e migration.Event) {
						if _, ok := e.(migration.AgentsEvent); ok {
							events++
						}
					},
				})
				if err != nil || res.Cause != facts.CauseAgents || !strings.Contains(res.Detail, "machine 0") || !strings.Contains(res.Next, "migrate-model") {
					t.Errorf("%s (%s): %s; next %q, %v", res.Outcome, res.Cause, res.Detail, res.Next, err)
				}
				if took := time.Since(began); took > c.most || events != 1 || g.readings["east"] > 40 {
					t.Errorf("took %v, %d events, %d readings", took, events, g.readings["east"])
				}
			})
		})
	}
}

// Run again after the verification was interrupted, the action reads the status once more;
// of a model that has been there for long it only says so.
func TestAModelThatMovedRecentlyIsVerifiedAgain(t *testing.T) {
	for _, c := range []struct {
		name     string
		ago      time.Duration
		readings int
		outcome  facts.Outcome
	}{
		{"lately", time.Hour, 1, facts.NeedsAttention},
		{"long ago", 48 * time.Hour, 0, facts.AlreadyThere},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(true)
				f.running("east", true)
				f.began, f.record, f.mode = time.Now().Add(-c.ago), east().UUID, false
				for i := range f.requests {
					f.requests[i].At = f.began
				}
				jaas, g := withInspector(f)
				g.change["east"] = func(_ int, i *facts.Inventory) { lost("0")(i) }
				res, err := migration.Migrate(t.Context(), jaas, f, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}})
				if err != nil || res.Outcome != c.outcome || min(g.readings["east"], 1) != c.readings || f.starts != 0 || len(f.records) != 0 {
					t.Errorf("%s (%s) after %v readings, %v", res.Outcome, res.Cause, g.readings, err)
				}
			})
		})
	}
}

// Right after JIMM has recorded the model by itself, it may still forget it: a second run says
// that the model is there only when that can no longer happen.
func TestASecondRunWaitsUntilJIMMHasReadTheModel(t *testing.T) {
	for _, c := range []struct {
		name      string
		completes bool
		told      bool          // A client has told JIMM, which has read the model then.
		forgets   time.Duration // When JIMM forgets the model; 0: never.
		outcome   facts.Outcome
		least     time.Duration
	}{
		{"JIMM forgets it", true, false, 40 * time.Second, facts.LostFromJIMM, migration.TimeToForget},
		{"JIMM keeps it", true, false, 0, facts.AlreadyThere, migration.TimeToForget},
		{"a client has told JIMM", true, true, 0, facts.AlreadyThere, 0},
		{"JIMM of 2024", false, false, 0, facts.AlreadyThere, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(c.completes)
				f.running("east", true)
				f.began, f.record, f.mode = time.Now().Add(-time.Hour), east().UUID, false
				for i := range f.requests {
					f.requests[i].At = f.began
				}
				if c.told {
					f.requests = append(f.requests, facts.Request{Kind: facts.RequestRecord, Target: "east", At: f.began.Add(time.Minute)})
				}
				if c.forgets > 0 {
					f.later, f.change = time.Hour+c.forgets, func(f *fake) { f.record = "" }
				}
				began := time.Now()
				res, err := migration.Migrate(t.Context(), f.jaas(), f, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}})
				took := time.Since(began)
				if err != nil || res.Outcome != c.outcome || took < c.least || took > c.least+30*time.Second || f.starts != 0 {
					t.Errorf("%s (%s) after %v, %v", res.Outcome, res.Cause, took, err)
				}
			})
		})
	}
}

// A caller that wants to stop gets the names of the agents that were not seen
// yet.
func TestTheWaitForAgentsCanBeStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		jaas, g := withInspector(f)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		g.change["east"] = func(reading int, i *facts.Inventory) {
			lost("0")(i)
			if reading == 3 {
				cancel()
			}
		}
		res, err := migration.Migrate(ctx, jaas, f, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}})
		if err != nil || res.Outcome != facts.NeedsAttention || g.readings["east"] != 3 || !slices.Equal(res.Aftermath.Missing, []string{"machine 0"}) {
			t.Errorf("%s (%s), missing %q after %v, %v", res.Outcome, res.Cause, res.Aftermath.Missing, g.readings, err)
		}
	})
}

// The commands for JIMM's access rules are those of its generation.
func TestStaleAccessComesWithTwoCommands(t *testing.T) {
	for completes, wanted := range map[bool]string{
		false: "jimmctl auth relation add controller-" + string(east().UUID) + " controller model-" + modelUUID + "\njimmctl auth relation remove controller-" + string(west().UUID) + " controller model-" + modelUUID,
		true:  "juju jaas add-permission controller-" + string(east().UUID) + " controller model-" + modelUUID + "\njuju jaas remove-permission controller-" + string(west().UUID) + " controller model-" + modelUUID,
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(completes)
			jaas, g := withInspector(f)
			g.hosts = []facts.ControllerUUID{west().UUID}
			res, err := migration.Migrate(t.Context(), jaas, f, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}})
			if err != nil || res.Outcome != facts.Migrated || len(res.Aftermath.Findings) != 3 {
				t.Fatalf("%s, %+v, %v", res.Outcome, res.Aftermath, err)
			}
			if got := res.Aftermath.Findings[2]; got.Level != checks.Warn || got.Remedy != wanted {
				t.Errorf("%s: %s\nwant %s", got.Level, got.Remedy, wanted)
			}
		})
	}
}
