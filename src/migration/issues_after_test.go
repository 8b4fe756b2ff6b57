package migration_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

// rivals makes both controllers report that they host the model once the source has aborted: the
// target had activated its copy anyway.
type rivals struct{ *fake }

func (r rivals) Copy(ctx context.Context, c facts.Controller, model string) facts.Copy {
	r.mu.Lock()
	_, ended, _ := r.now()
	r.mu.Unlock()
	if ended && c.UUID != north().UUID {
		return facts.Copy{State: facts.CopyActive}
	}
	return r.fake.Copy(ctx, c, model)
}

// The target activates the copy but its answer is lost, so the source aborts; also juju/juju#22986.
// Nothing may be changed.
func TestIssue21459_SplitBrainAfterAnAbort(t *testing.T) {
	for _, completes := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(completes)
			f.stages, f.end = f.stages[:7], "aborted, removing model from target controller: model activation failed, connection is shut down"
			jaas := f.jaas()
			jaas.Witness = rivals{f}
			res, err := migration.Migrate(t.Context(), jaas, f, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}})
			if err != nil || res.Outcome != facts.Conflict || res.Holder.Known() || len(f.records) > 0 || res.Outcome.RetrySafe() {
				t.Errorf("%s (%s), on %q, recorded %v, %v", res.Outcome, res.Cause, res.Holder, f.records, err)
			}
		})
	}
	explains(t, abortedWith(t, "model activation failed, connection is shut down"), "model activation failed", "#21459", "locate-model")
}

// A target that removes its copy a moment after the abort has left nothing.
func TestIssue20361_ACopyThatGoesAwayIsNotLeft(t *testing.T) {
	for _, c := range []struct {
		stays time.Duration
		left  bool
	}{{0, false}, {20 * time.Second, false}, {time.Hour, true}} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(false)
			f.stages, f.end = f.stages[:4], "aborted, removing model from target controller: no room"
			jaas := f.jaas()
			jaas.Witness = leftover{f, c.stays}
			res, err := migration.Migrate(t.Context(), jaas, f, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}})
			if err != nil || res.Outcome != facts.Aborted || res.CopyLeft != c.left || res.Holder.Name != "west" {
				t.Errorf("%v: %s, copy left %v, on %q, %v", c.stays, res.Outcome, res.CopyLeft, res.Holder, err)
			}
			if res.RetrySafe() == c.left {
				t.Errorf("%v: retry-safe is %v, while the copy blocks every other attempt: %v", c.stays, res.RetrySafe(), c.left)
			}
		})
	}
}

// leftover makes the target keep its copy for this long after the abort.
type leftover struct {
	*fake
	stays time.Duration
}

func (l leftover) Copy(ctx context.Context, c facts.Controller, model string) facts.Copy {
	l.mu.Lock()
	_, ended, _ := l.now()
	over := l.began
	for _, s := range l.stages {
		over = over.Add(s.last)
	}
	l.mu.Unlock()
	if ended && c.UUID == east().UUID && time.Since(over) < l.stays {
		return facts.Copy{State: facts.CopyPresent}
	}
	return l.fake.Copy(ctx, c, model)
}

// Agents keep the addresses of the source and never reconnect; also juju/juju#21820, #22060. The
// outcome is not a success, and the source must be kept.
func TestIssue18618_AgentsStayBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		jaas, g := withInspector(f)
		g.change["east"] = func(_ int, i *facts.Inventory) { lost("web/1", "1")(i) }
		res, err := migration.Migrate(t.Context(), jaas, f, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}})
		if err != nil || res.Outcome != facts.NeedsAttention || res.Cause != facts.CauseAgents || !slices.Equal(res.Aftermath.Missing, []string{"machine 1", "unit web/1"}) {
			t.Fatalf("%s (%s), missing %q, %v", res.Outcome, res.Cause, res.Aftermath.Missing, err)
		}
		has(t, res.Aftermath.Findings[0], checks.Fail, "unit web/1", "agent.conf", "keep west until all agents are connected")
	})
}

// Kubernetes secrets still contain the source's address; also juju/juju#22148. No API shows them,
// so a line before the migration and one after it name them.
func TestIssue22114_KubernetesSecretsNameTheSource(t *testing.T) {
	has(t, inside(t, checks.Advisories, "3.6.20", "3.6.25", "caas", nil), checks.Warn, "juju/juju#22114", "keep west until the secrets point to east")
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		f.model.Type = "caas"
		jaas, g := withInspector(f)
		for _, at := range []string{"west", "east"} {
			g.change[at] = func(_ int, i *facts.Inventory) { i.Type = "caas" }
		}
		res, err := migration.Migrate(t.Context(), jaas, f, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}})
		named := func(id string) bool {
			return slices.ContainsFunc(res.Aftermath.FollowUps, func(c migration.FollowUp) bool { return c.ID == id })
		}
		if err != nil || !named("kubernetes-secrets") || !named("model-operator") {
			t.Errorf("%s, followUps %+v, %v", res.Outcome, res.Aftermath.FollowUps, err)
		}
	})
}

// A Kubernetes model stops in QUIESCE. The action reports this after twenty minutes, and checks
// warn of it before the start. It is not a failure.
func TestIssue23220_KubernetesStandsStillInQuiesce(t *testing.T) {
	has(t, inside(t, checks.Advisories, "4.0.14", "4.1.0", "caas", nil), checks.Warn, "juju/juju#23220")
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		f.stages = []stage{{"quiescing, no reports from agents yet", 100 * time.Hour}}
		res := migrate(t, f, func(o *migration.Options) { o.StopOnStall = true })
		if res.Outcome != facts.TimedOut || res.Cause != facts.CauseStalled || !strings.Contains(res.Detail, "QUIESCE") || !res.Running {
			t.Errorf("%s (%s): %s", res.Outcome, res.Cause, res.Detail)
		}
	})
}

// The consumer moves and loses its record of the controllers of the offers.
func TestIssue22517_ConsumerMoves(t *testing.T) {
	consumes := func(i *facts.Inventory) { i.Remotes["db"] = facts.Remote{URL: "bob/db.pg"} }
	has(t, inside(t, checks.Advisories, "3.6.14", "3.6.14", "iaas", consumes), checks.Warn, "juju/juju#22517")
	has(t, inside(t, checks.Remotes, "3.6.14", "3.6.14", "iaas", consumes), checks.Warn, "db from bob/db.pg")
}

// The offerer moves and its consumers are lost.
func TestIssue23262_OffererMoves(t *testing.T) {
	offers := func(i *facts.Inventory) { i.Offers["db"] = facts.Offer{Application: "pg", Total: 2} }
	has(t, inside(t, checks.Advisories, "3.6.14", "3.6.14", "iaas", offers), checks.Warn, "juju/juju#23262")
	has(t, inside(t, checks.Offers, "3.6.14", "3.6.14", "iaas", offers), checks.Warn, "offer db of pg has 2 connections")
}

// A model whose offers are used cannot move to Juju 4.0; also juju/juju#23311, #23337.
func TestIssue21670_OffererTo40(t *testing.T) {
	offers := func(i *facts.Inventory) { i.Offers["db"] = facts.Offer{Application: "pg", Active: 1} }
	has(t, inside(t, checks.VersionHop, "3.6.14", "4.0.1", "iaas", offers), checks.Fail, "#21670", "remove the relations to its offers first")
	has(t, inside(t, checks.VersionHop, "3.6.14", "4.0.1", "iaas", nil), checks.Warn, "")
}

// Consumers of secrets that are gone stop the export.
func TestIssue20854_GhostSecretConsumers(t *testing.T) {
	explains(t, abortedWith(t, "model data transfer failed, model export failed: secret[0] consumer (postgresql/1) not valid"), "postgresql/1", "#20854")
}

// Secret backends that the target does not have; also juju/juju#22783.
func TestIssue21936_SecretBackends(t *testing.T) {
	explains(t, abortedWith(t, "model data transfer failed, failed to import model into target controller: secrets: target controller does not have all required secret backends set up"), "secret backends", "--import-id")
	explains(t, abortedWith(t, "model data transfer failed, failed to import model into target controller: secret backend not found"), "not found", "#22783")
	has(t, inside(t, checks.Advisories, "3.6.14", "4.0.1", "caas", nil), checks.Warn, "juju/juju#21936")
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false) // JIMM of July 2026 leaves the list out.
		f.details = func(i *facts.Info) {
			i.BackendsReported, i.Backends = true, []facts.Backend{{Name: "myvault", Type: "vault", Secrets: 3}}
		}
		has(t, findingOf(t, f.jaas(), migration.Options{Options: survey.Options{Probe: true}}, checks.SecretBackends), checks.Warn, "myvault", "--import-id")
	})
}

// The action reports users or access that changed in a migration, as far as JIMM shows them.
func TestIssue19515_UsersAreNotAsTheyWere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		jaas, _ := withInspector(f)
		f.usersThere = []string{"alice@example.com=read", "bob@example.com=admin"}
		res, err := migration.Migrate(t.Context(), jaas, f, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}})
		if err != nil || res.Outcome != facts.NeedsAttention || res.Cause != facts.CauseDifferences {
			t.Fatalf("%s (%s), %v", res.Outcome, res.Cause, err)
		}
		has(t, res.Aftermath.Findings[1], checks.Fail, "alice@example.com", "bob@example.com")
	})
}

// Juju gives agents 15 minutes for each phase; also juju/juju#12767 and what
// canonical/snap-openstack#429 waits for. A phase of that length is not a
// stall, and the text of the limit is explained.
func TestIssue12759_AgentsHaveFifteenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		for i := range f.stages {
			switch facts.ParseText(redact.Raw(f.stages[i].text)) {
			case facts.PhaseQuiesce, facts.PhaseSuccess:
				f.stages[i].last = 15 * time.Minute
			default:
			}
		}
		res := migrate(t, f, func(o *migration.Options) { o.StopOnStall = true })
		check(t, f, res, want{facts.Migrated, "", 1, "east", "east", "east"})
	})
	explains(t, abortedWith(t, "validating, timed out waiting for agents to report"), "timed out", "migration-agent-wait-time")
}

// The reason is shown for a moment and then overwritten; also juju/juju#8088. Now the source
// forgets it only if it restarts meanwhile.
func TestIssue6718_ReasonOverwritten(t *testing.T) {
	const cause = "model data transfer failed, model export failed: secret[0] consumer (postgresql/1) not valid"
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		f.stages = append(f.stages[:3:3], stage{cause, 6 * time.Second})
		f.end = "aborted, removing model from target controller: "
		res := migrate(t, f, nil)
		check(t, f, res, want{facts.Aborted, facts.CauseAnswer, 1, "", "west", "west"})
		explains(t, res, cause, "#20854")
	})
}

// Juju 4 upgrades a model to its own version on arrival, unless it has no agent binaries for it. A
// run after the migration reports which of the two happened; before the migration the agents were
// old anyway.
func TestIssue22945_AgentsThatJuju4HasLeft(t *testing.T) {
	old, current := facts.Inventory{AgentVersion: "3.6.14"}, facts.Inventory{AgentVersion: "4.0.15"}
	for name, c := range map[string]struct {
		target        string
		after, before *facts.Inventory
		left          bool
	}{
		"upgraded":    {"4.0.15", &current, &old, false},
		"left":        {"4.0.15", &old, &old, true},
		"not seen":    {"4.0.15", nil, &old, false},
		"of Juju 3.6": {"3.6.28", &old, &old, false},
	} {
		if got := slices.Contains(migration.FollowUpsOf(c.target, c.after, c.before), "agents-left"); got != c.left {
			t.Errorf("%s: %v", name, got)
		}
	}
}
