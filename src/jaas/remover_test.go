package jaas_test

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/jaas"
	"jimm-migrator/src/juju"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/report"
)

const (
	threeControllers = "controllers: [{name: west}, {name: east}, {name: north}]\n"
	// leftBehind is a model in use on west, with a half-imported copy on east.
	leftBehind = threeControllers + "models: [{name: prod, created-here: true, history: [{to: east, abort-at: IMPORT, leave-copy: true}]}]\n"
)

// removal is one run of the engine that removes a copy.
type removal struct {
	controller, confirm string
	unprobed            bool
	// lies changes what east answers.
	lies func(asked int, got facts.Copy) facts.Copy
}

// remove runs the engine over the real adapters.
func (w world) remove(ctx context.Context, t *testing.T, r removal) migration.Result {
	t.Helper()
	opened, err := jaas.Connect(ctx, w.settings)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	engine := opened.Engine
	if r.lies != nil {
		engine.Witness = &liar{Witness: engine.Witness, lies: r.lies}
	}
	confirm, controller := cmp.Or(r.confirm, w.UUID("prod")), cmp.Or(r.controller, "east")
	res, err := migration.RemoveLeftOver(ctx, engine, opened.Remover(), confirm, migration.Options{
		Options: survey.Options{Model: "prod", Target: controller, Unit: "jimm-migrator/0", Probe: !r.unprobed},
	})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// liar is a witness that changes what the controller east answers.
type liar struct {
	survey.Witness
	asked int
	lies  func(asked int, got facts.Copy) facts.Copy
}

// Copy counts how often east was asked, and changes its answer.
func (l *liar) Copy(ctx context.Context, c facts.Controller, model string) facts.Copy {
	got := l.Witness.Copy(ctx, c, model)
	if c.Name == "east" {
		l.asked++
		return l.lies(l.asked, got)
	}
	return got
}

// A copy is removed only if it is proved to be left over, and is reported as removed
// only if it is gone, whatever happens on the way. The simulated controllers report a
// violation if the charm asks to remove a copy that is not left over (live-copy).
func TestRemoveLeftOver(t *testing.T) {
	t.Parallel()
	fault := func(action string) string {
		return leftBehind + "faults: [{server: east, method: MigrationTarget.Abort, action: " + action + "}]\n"
	}
	at := func(d time.Duration, do func(context.Context, world)) func(context.Context, world) {
		return func(ctx context.Context, w world) { time.AfterFunc(d, func() { do(ctx, w) }) }
	}
	const left, gone = "east:importing,west:active", "west:active"
	for _, s := range []struct {
		name    string
		world   string
		account string // "" is one that works on east
		during  func(context.Context, world)
		run     removal
		outcome facts.Outcome
		cause   facts.Cause
		holder  string
		copies  string
		aborts  int
		detail  string
	}{
		{name: "left over", outcome: facts.Removed, holder: "west", copies: gone, aborts: 1},
		{name: "none there", run: removal{controller: "north"}, account: "north", outcome: facts.NothingToRemove, holder: "west", copies: left},
		{name: "no account", account: "west", outcome: facts.Refused, cause: facts.CauseNoAccount, holder: "west", copies: left, detail: `no account on "east"`},
		{name: "a wrong password", account: "wrong", outcome: facts.Refused, cause: facts.CauseNoAccount, holder: "west", copies: left, detail: `"east" refuses the account "admin"`},
		{name: "another UUID", run: removal{confirm: "9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10"}, outcome: facts.Refused, cause: facts.CauseConfirm, holder: "west", copies: left},
		{name: "no probes", run: removal{unprobed: true}, outcome: facts.Refused, cause: facts.CauseNotLeftOver, holder: "west", copies: left, detail: "probe-controllers=false"},
		{name: "no such controller", run: removal{controller: "eest"}, outcome: facts.Refused, cause: facts.CauseChecks, holder: "west", copies: left, detail: "did you mean east"},
		{
			name: "in use twice", world: twoControllers + "models: [{name: prod, copies: [east]}]\n",
			outcome: facts.Refused, cause: facts.CauseNotLeftOver, copies: "east:active,west:active", detail: `"east" hosts it`,
		},
		{
			name: "recorded there", world: threeControllers + "models: [{name: prod, created-here: true, recorded-on: east, history: [{to: east, abort-at: IMPORT, leave-copy: true}]}]\n",
			outcome: facts.Refused, cause: facts.CauseNotLeftOver, copies: left, detail: `JIMM records the model on "east"`,
		},
		{
			name: "a migration imports it", world: threeControllers + "models: [{name: prod, created-here: true, migrations: [{stall: validating}], migrating-to: east}]\n",
			during: func(context.Context, world) { <-time.After(5 * time.Minute) }, outcome: facts.Refused, cause: facts.CauseOtherMigration, holder: "west", copies: "east:importing,west:exporting", detail: "is moving the model",
		},
		{
			name: "a migration begins between the observations", during: at(time.Minute, func(ctx context.Context, w world) { _ = w.request(ctx, "north") }),
			world:   threeControllers + "models: [{name: prod, created-here: true, migrations: [{stall: exporting model}], history: [{to: east, abort-at: IMPORT, leave-copy: true}]}]\n",
			outcome: facts.Refused, cause: facts.CauseOtherMigration, holder: "west", copies: "east:importing,west:exporting",
		},
		{
			name: "the audit log cannot be read", world: leftBehind + "faults: [{server: jimm, method: JIMM.FindAuditEvents, action: refuse}]\n",
			outcome: facts.Refused, cause: facts.CauseOtherMigration, holder: "west", copies: left, detail: "cannot be read",
		},
		{name: "another controller is down", during: func(_ context.Context, w world) { _ = w.Stop("north") }, outcome: facts.Refused, cause: facts.CauseSilent, holder: "west", copies: left, detail: `"north" did not answer`},
		{name: "the source is down", during: func(_ context.Context, w world) { _ = w.Stop("west") }, outcome: facts.Refused, cause: facts.CauseSilent, copies: left, detail: `"west" did not answer`},
		{name: "it is down itself", during: func(_ context.Context, w world) { _ = w.Stop("east") }, outcome: facts.Refused, cause: facts.CauseSilent, holder: "west", copies: left, detail: `"east" did not answer`},
		{name: "the source goes down between the observations", during: at(time.Minute, func(_ context.Context, w world) { _ = w.Stop("west") }), outcome: facts.Refused, cause: facts.CauseSilent, copies: left},
		{name: "the answer is lost", world: fault("drop-after"), outcome: facts.Removed, holder: "west", copies: gone, aborts: 1},
		{name: "the answer never comes", world: fault("no-answer"), outcome: facts.Removed, holder: "west", copies: gone, aborts: 1},
		{name: "an error, though it was removed", world: fault("fail-after"), outcome: facts.Removed, holder: "west", copies: gone, aborts: 1},
		{name: "the request is lost", world: fault("drop-before"), outcome: facts.Unknown, cause: facts.CauseNotRemoved, holder: "west", copies: left, aborts: 1},
		{name: "it never answers", world: fault("ignore"), outcome: facts.Unknown, cause: facts.CauseNotRemoved, holder: "west", copies: left, aborts: 1},
		{name: "refused", world: fault("refuse, error: {message: not today}"), outcome: facts.Refused, cause: facts.CauseAnswer, holder: "west", copies: left, aborts: 1, detail: "not today"},
		{name: "removed much later", world: fault("delay-work, delay: 100s"), outcome: facts.Removed, holder: "west", copies: gone, aborts: 1},
		{name: "it goes down when it was asked", during: at(131*time.Second, func(_ context.Context, w world) { _ = w.Stop("east") }), world: fault("ignore"), outcome: facts.Unknown, cause: facts.CauseSilent, holder: "west", copies: left, aborts: 1},
		{
			name: "success, though it still has the copy", outcome: facts.Unknown, cause: facts.CauseNotRemoved, holder: "west", copies: gone, aborts: 1,
			run: removal{lies: func(asked int, got facts.Copy) facts.Copy {
				if asked > 2 {
					return facts.Copy{State: facts.CopyImporting}
				}
				return got
			}},
		},
		{
			name: "it says once that it is gone", world: fault("ignore"), outcome: facts.Unknown, cause: facts.CauseNotRemoved, holder: "west", copies: left, aborts: 1,
			run: removal{lies: func(asked int, got facts.Copy) facts.Copy {
				if asked%2 == 1 && asked > 2 {
					return facts.Copy{State: facts.CopyAbsent}
				}
				return got
			}},
		},
		{
			name: "it says once that it has none", outcome: facts.Unknown, cause: facts.CauseSilent, holder: "west", copies: left,
			run: removal{lies: func(asked int, got facts.Copy) facts.Copy {
				if asked == 1 {
					return facts.Copy{State: facts.CopyAbsent}
				}
				return got
			}},
		},
	} {
		for _, year := range []string{"2024", "2026"} {
			t.Run(s.name+", "+year, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					yaml := s.world
					if yaml == "" {
						yaml = leftBehind
					}
					w := startWorld(t, year, yaml)
					defer w.Close()
					account := s.account
					if account == "" || account == "wrong" {
						account = "east"
					}
					w = w.withAccounts(account)
					if s.account == "wrong" {
						w.settings.Controllers["east"] = juju.Credentials{User: "admin", Password: juju.NewSecret("no"), Reason: charmsReason}
					}
					before := w.Count("east", "MigrationTarget.Abort")
					if s.during != nil {
						s.during(t.Context(), w)
					}
					res := w.remove(t.Context(), t, s.run)
					<-time.After(2 * time.Minute) // Late calls have arrived by then.
					if res.Outcome != s.outcome || res.Cause != s.cause || res.Holder.Name != s.holder || !strings.Contains(res.Detail, s.detail) {
						t.Errorf("%s (%s), on %q: %s", res.Outcome, res.Cause, res.Holder, report.RemoveSummary(res))
					}
					if got := w.copies(); got != s.copies {
						t.Errorf("copies %s, want %s", got, s.copies)
					}
					if n := w.Count("east", "MigrationTarget.Abort") - before; n != s.aborts {
						t.Errorf("Abort was called %d times, want %d", n, s.aborts)
					}
					if n := w.Count("jimm", "JIMM.UpdateMigratedModel"); n > 0 {
						t.Errorf("JIMM got %d requests to record", n)
					}
					if v := w.Violations(); len(v) > 0 {
						t.Errorf("violations: %v", v)
					}
				})
			})
		}
	}
}

// copies returns what each controller really has.
func (w world) copies() string {
	var out []string
	for _, place := range w.Where("prod") {
		out = append(out, place.Controller+":"+place.State)
	}
	return strings.Join(out, ",")
}

// request requests a migration from JIMM, as an administrator does.
func (w world) request(ctx context.Context, to string) error {
	opened, err := jaas.Connect(ctx, w.settings)
	if err != nil {
		return err
	}
	defer opened.Close()
	client, err := opened.Client(ctx)
	if err != nil {
		return err
	}
	_, err = client.MigrateModel(ctx, w.UUID("prod"), to)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// A stopped run claims nothing, and the next run finds out what happened.
func TestARemovalThatIsInterrupted(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]struct {
		next facts.Outcome
		left string
	}{
		time.Minute:       {facts.Removed, "east:importing,west:active"},
		131 * time.Second: {facts.NothingToRemove, "west:active"},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := startWorld(t, "2026", leftBehind+"faults: [{server: east, method: MigrationTarget.Abort, action: no-answer}]\n")
			defer w.Close()
			w = w.withAccounts("east")
			ctx, cancel := context.WithTimeout(t.Context(), after)
			defer cancel()
			if res := w.remove(ctx, t, removal{}); res.Outcome != facts.Interrupted || !strings.Contains(report.RemoveSummary(res), "it is not known whether") {
				t.Errorf("after %s: %s: %s", after, res.Outcome, report.RemoveSummary(res))
			}
			if got := w.copies(); got != want.left {
				t.Errorf("after %s: copies %s, want %s", after, got, want.left)
			}
			if res := w.remove(t.Context(), t, removal{}); res.Outcome != want.next || w.copies() != "west:active" {
				t.Errorf("after %s: the next run: %s, copies %s", after, res.Outcome, w.copies())
			}
			if v := w.Violations(); len(v) > 0 {
				t.Errorf("violations: %v", v)
			}
		})
	}
}

// Nothing is sent without a permission of the judge.
func TestRemoverRemovesNothingWithoutProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := startWorld(t, "2024", leftBehind)
		defer w.Close()
		w = w.withAccounts("east")
		opened, err := jaas.Connect(t.Context(), w.settings)
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		before := w.Count("east", "MigrationTarget.Abort")
		if err := opened.Remover().RemoveCopy(t.Context(), judge.Removal{}); err == nil || !strings.Contains(err.Error(), "no proof") {
			t.Errorf("asked without proof: %v", err)
		}
		if n := w.Count("east", "MigrationTarget.Abort"); n > before {
			t.Errorf("sent %d times", n)
		}
	})
}
