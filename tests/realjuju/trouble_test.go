package realjuju_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/juju/juju/cloud"
	jujucontroller "github.com/juju/juju/controller"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/engine"
	"jimm-migrator/tests/realjuju/controller"
	"jimm-migrator/tests/realjuju/jaas"
	"jimm-migrator/tests/sim/jimm"
	"jimm-migrator/tests/sim/wire"
)

// scene is a running migration.
type scene struct {
	*jaas.JAAS
	model *jaas.Model
	// observed gets a value whenever the engine has observed the migration and a moment waits for it.
	observed chan struct{}
}

// trouble is a failure during a migration that Juju allows to begin.
type trouble struct {
	name string
	// before runs before the start, and while runs during the migration; either may be nil.
	before func(t *testing.T, j *jaas.JAAS, m *jaas.Model)
	while  moment
	want   string // the outcome
	// endless is a migration that does not end: the engine must be stopped by its own limit.
	endless bool
	long    bool
}

// front is what is between the engine and the controllers, and which questions it may ask.
type front struct {
	name            string
	generation      jimm.Generation
	accounts, blind bool // see engine.Request.Blind
	long            bool
}

// fronts are all combinations that matter; "make real" uses the first.
func fronts() []front {
	return []front{
		{name: "JIMM 2026 with accounts", generation: jimm.Generation2026(), accounts: true},
		{name: "JIMM 2026", generation: jimm.Generation2026(), long: true},
		{name: "JIMM 2024 with accounts", generation: jimm.Generation2024(), accounts: true, long: true},
		{name: "JIMM 2024", generation: jimm.Generation2024(), long: true},
		{name: "JIMM 2026 without probes", generation: jimm.Generation2026(), blind: true, long: true},
		{name: "JIMM 2024 without probes", generation: jimm.Generation2024(), blind: true, long: true},
	}
}

func (c trouble) run(t *testing.T, f front) {
	t.Helper()
	t.Parallel()
	if c.long || f.long {
		slow(t)
	}
	j := start(t, f.generation)
	m := addModel(t, j, "prod")
	if c.before != nil {
		c.before(t, j, m)
	}
	now := scene{j, m, make(chan struct{})}
	ctx, cancel := context.WithCancel(within(t))
	happened := make(chan error, 1)
	go func() {
		if c.while == nil {
			happened <- nil
			return
		}
		happened <- c.while(ctx, now)
	}()
	report := now.migrate(t, f, c.endless)
	cancel()
	if err := <-happened; err != nil {
		t.Errorf("it did not happen: %v", err)
	}
	// What a JIMM of 2026 hides while it assumes that it migrates the model is only seen by chance without probes.
	if report.Outcome != c.want && !f.blind {
		t.Errorf("outcome %q, want %q: %s", report.Outcome, c.want, report.Summary)
	}
	for _, lie := range lies(report, actualOf(j, m)) {
		t.Error(lie)
	}
}

// migrate runs the engine. In a migration that is endless, the engine must reach its limit: the run is repeated with
// twice the limit until the machine is fast enough for the engine to have begun to watch.
func (s scene) migrate(t *testing.T, f front, endless bool) engine.Report {
	t.Helper()
	request := engine.Request{Model: s.model.UUID, Target: "east", Blind: f.blind, Observed: func() {
		select {
		case s.observed <- struct{}{}:
		default:
		}
	}}
	if !endless {
		return migrate(t, s.Engine(f.accounts), request)
	}
	for request.Timeout = time.Second; ; request.Timeout *= 2 {
		report, err := s.Engine(f.accounts).Migrate(t.Context(), request)
		switch {
		case err == nil && report.Outcome != "not-started" && report.Outcome != "refused" || request.Timeout > patience:
			logIfFailed(t, report)
			return report
		case err == nil:
			for _, lie := range lies(report, actualOf(s.JAAS, s.model)) {
				t.Errorf("with a limit of %v: %s", request.Timeout, lie)
			}
		case !errors.Is(err, context.DeadlineExceeded):
			t.Fatal(err)
		}
	}
}

func agentFails(agent int, phase string) func(*testing.T, *jaas.JAAS, *jaas.Model) {
	return func(_ *testing.T, _ *jaas.JAAS, m *jaas.Model) { m.Agents[agent].Fail(phase) }
}

func agentSilent(agent int, phase string) func(*testing.T, *jaas.JAAS, *jaas.Model) {
	return func(_ *testing.T, _ *jaas.JAAS, m *jaas.Model) { m.Agents[agent].Hold(phase) }
}

func targetCredential(change cloud.Credential) func(*testing.T, *jaas.JAAS, *jaas.Model) {
	return func(t *testing.T, j *jaas.JAAS, _ *jaas.Model) {
		t.Helper()
		if err := j.East.State.UpdateCloudCredential(controller.Credential(), change); err != nil {
			t.Fatal(err)
		}
	}
}

// moment waits for an event during a migration.
type moment func(ctx context.Context, now scene) error

// source is the moment at which the source's record of the migration meets a condition, or has ended.
func source(condition func(controller.Migration) bool) moment {
	return func(ctx context.Context, now scene) error {
		return now.West.Await(ctx, func() bool {
			latest, err := now.West.Migration(now.model.UUID)
			return condition(latest) || latest.Ended() || err != nil && !now.West.HasModel(now.model.UUID)
		})
	}
}

func inPhase(phase string) moment {
	return source(func(now controller.Migration) bool { return now.Phase == phase })
}

func says(text string) moment {
	return source(func(now controller.Migration) bool { return strings.HasPrefix(now.Message, text) })
}

// imports is the moment at which the target has a part of the model.
func imports(ctx context.Context, now scene) error {
	return now.East.Await(ctx, func() bool { return now.East.HasModel(now.model.UUID) })
}

// release is the moment at which the unit's agent may report a phase.
func release(phase string) moment {
	return func(_ context.Context, now scene) error {
		now.model.Agents[1].Release(phase)
		return nil
	}
}

// agentsTimeOut is the moment at which the source has waited for agents as long as Juju does.
func agentsTimeOut(_ context.Context, now scene) error {
	now.West.Clock.Advance(jujucontroller.DefaultMigrationMinionWaitMax)
	return nil
}

// noticed is the moment at which the engine has asked three times: at least once from beginning to end, and has waited.
// It also returns when a run ends earlier.
func noticed(ctx context.Context, now scene) error {
	for range 3 {
		select {
		case <-now.observed:
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

// later is the moment some time later, or the end of the migration: for events that depend on chance.
func later(d time.Duration) moment {
	return func(ctx context.Context, _ scene) error {
		_ = wire.Wait(ctx, d)
		return nil
	}
}

// away stops the API of a controller from one moment to another.
func away(of func(scene) *controller.Controller, gone, back moment) moment {
	return func(ctx context.Context, now scene) error {
		if err := gone(ctx, now); err != nil {
			return err
		}
		c := of(now)
		c.CloseAPI()
		err := back(ctx, now)
		return errors.Join(err, c.OpenAPI())
	}
}

// sourceAway stops the API of the source when its worker is about to set a text, until a moment.
func sourceAway(text string, back moment, c trouble) trouble {
	gone := make(chan struct{})
	c.before = func(_ *testing.T, j *jaas.JAAS, _ *jaas.Model) {
		var once sync.Once
		j.West.BeforeText(func(said string) {
			if strings.HasPrefix(said, text) {
				once.Do(func() {
					j.West.CloseAPI()
					close(gone)
				})
			}
		})
	}
	c.while = func(ctx context.Context, now scene) error {
		select {
		case <-gone:
		case <-ctx.Done():
			return ctx.Err()
		}
		return errors.Join(back(ctx, now), now.West.OpenAPI())
	}
	return c
}

// then is a sequence of moments.
func then(all ...moment) moment {
	return func(ctx context.Context, now scene) error {
		for _, moment := range all {
			if err := moment(ctx, now); err != nil {
				return err
			}
		}
		return nil
	}
}

func west(now scene) *controller.Controller { return now.West }
func east(now scene) *controller.Controller { return now.East }

// TestTrouble requires that the engine reports the correct outcome of a migration that fails, and claims no more than
// is true.
func TestTrouble(t *testing.T) {
	t.Parallel()
	for _, f := range fronts() {
		for _, c := range troubles() {
			t.Run(f.name+"/"+c.name, func(t *testing.T) { c.run(t, f) })
		}
	}
}

func troubles() []trouble {
	otherPassword := cloud.NewCredential(cloud.UserPassAuthType, map[string]string{"username": "dummy", "password": canary})
	cases := []trouble{
		{name: "the target has the credential revoked", before: targetCredential(credential(true)), want: "aborted"},
		{name: "the target has another credential of the name", before: targetCredential(otherPassword), want: "aborted"},
		{
			name: "VALIDATION without end", endless: true, want: "timed-out", // the reason is only in the controller's log
			before: func(t *testing.T, j *jaas.JAAS, _ *jaas.Model) {
				t.Helper()
				if err := j.East.State.InvalidateCloudCredential(controller.Credential(), "wrong"); err != nil {
					t.Fatal(err)
				}
			},
		},
		{
			name: "the source's master hangs", endless: true, want: "timed-out",
			before: func(_ *testing.T, j *jaas.JAAS, m *jaas.Model) { j.West.StopMaster(m.UUID) },
		},
		{
			name: "another client starts first", want: "migrated",
			before: func(t *testing.T, j *jaas.JAAS, m *jaas.Model) {
				t.Helper()
				if _, err := j.West.Initiate(m.UUID, j.East); err != nil {
					t.Fatal(err)
				}
			},
		},
		{
			name: "another client has moved it", want: "recorded",
			before: func(t *testing.T, j *jaas.JAAS, m *jaas.Model) {
				t.Helper()
				if _, err := j.West.Initiate(m.UUID, j.East); err != nil {
					t.Fatal(err)
				}
				if err := j.West.Await(within(t), func() bool { return !j.West.HasModel(m.UUID) }); err != nil {
					t.Fatal(err)
				}
			},
		},
	}
	for phase, text := range map[string]string{"QUIESCE": "quiescing", "VALIDATION": "validating", "SUCCESS": "successful"} {
		want := "aborted"
		if phase == "SUCCESS" { // the phase after which Juju cannot abort
			want = "migrated"
		}
		for agent, of := range []string{"machine", "unit"} {
			cases = append(
				cases,
				trouble{name: "the " + of + "'s agent fails in " + phase, before: agentFails(agent, phase), want: want},
				trouble{
					name: "the " + of + "'s agent is silent in " + phase, before: agentSilent(agent, phase), want: want,
					while: then(says(text+", waiting for agents"), noticed, agentsTimeOut),
				},
			)
		}
	}
	// While the unit's agent is paused, the source waits for it, and needs the target only afterwards.
	quiescing := says("quiescing, waiting for agents")
	cases = append(
		cases,
		trouble{
			name: "the target goes away in QUIESCE and is back in time", before: agentSilent(1, "QUIESCE"), want: "migrated", long: true,
			while: then(away(east, quiescing, noticed), release("QUIESCE")),
		},
		trouble{
			name: "the target goes away in QUIESCE and is not back in time", before: agentSilent(1, "QUIESCE"), want: "aborted",
			while: away(east, quiescing, then(release("QUIESCE"), inPhase("ABORTDONE"))),
		},
		trouble{name: "the target goes away in IMPORT", want: "aborted", while: away(east, imports, inPhase("ABORTDONE"))},
	)
	cases = append(cases, trouble{
		// Agents dial the target in VALIDATION, and fail after a while. They reconnect when it is back.
		name: "the target goes away in VALIDATION", want: "migrated", long: true,
		before: func(_ *testing.T, _ *jaas.JAAS, m *jaas.Model) {
			for _, agent := range m.Agents {
				agent.Hold("VALIDATION")
			}
		},
		while: then(away(east, inPhase("VALIDATION"), noticed), func(_ context.Context, now scene) error {
			for _, agent := range now.model.Agents {
				agent.Release("VALIDATION")
			}
			return nil
		}),
	})
	for _, phase := range []string{"SUCCESS", "LOGTRANSFER", "REAP"} {
		cases = append(cases, trouble{name: "the target goes away in " + phase, while: away(east, inPhase(phase), noticed), want: "migrated", long: true})
	}
	cases = append(
		cases,
		sourceAway("exporting model", noticed, trouble{name: "the source goes away in IMPORT, before it sends the model", want: "migrated", long: true}),
		// Juju sends it a second time, and the target answers that it already exists.
		sourceAway("uploading model binaries", noticed, trouble{name: "the source goes away in IMPORT, after it has sent the model", want: "aborted", long: true}),
	)
	for _, c := range []struct {
		name string
		of   func(scene) *controller.Controller
	}{{"target", east}, {"source", west}} {
		cases = append(cases, trouble{
			name: "the " + c.name + " goes away in ABORT", before: agentFails(1, "VALIDATION"), want: "aborted", long: true,
			while: away(c.of, inPhase("ABORT"), noticed),
		})
	}
	for _, phase := range []string{"QUIESCE", "VALIDATION", "SUCCESS", "LOGTRANSFER", "REAP"} {
		cases = append(cases, trouble{name: "the source goes away in " + phase, while: away(west, inPhase(phase), noticed), want: "migrated", long: true})
	}
	return cases
}

// TestCheckMachines requires that a target reports why a migration does not end in VALIDATION; the source has the
// reason only in its log.
func TestCheckMachines(t *testing.T) {
	t.Parallel()
	j := start(t, jimm.Generation2026())
	m := addModel(t, j, "prod")
	m.Agents[1].Hold("VALIDATION")
	if _, err := j.West.Initiate(m.UUID, j.East); err != nil {
		t.Fatal(err)
	}
	if err := inPhase("VALIDATION")(within(t), scene{j, m, nil}); err != nil {
		t.Fatal(err)
	}
	target, err := dial(t, j.East).ImportChecker()
	if err != nil {
		t.Fatal(err)
	}
	ask := func(want string) {
		t.Helper()
		problems, err := target.CheckMachines(t.Context(), m.UUID)
		got := strings.Join(problems, "; ")
		if answer, ok := errors.AsType[*rpc.Error](err); ok {
			got = "error " + answer.Message
		} else if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("the target says %q, want %q", got, want)
		}
	}
	ask("")
	extra, err := j.West.StartInstance(m.Name, m.UUID, "7")
	if err != nil {
		t.Fatal(err)
	}
	ask(fmt.Sprintf("no machine with instance %q", extra))
	if err := j.East.State.InvalidateCloudCredential(controller.Credential(), "wrong"); err != nil {
		t.Fatal(err)
	}
	ask(`error credential "default" not valid`)
}

// TestBackAndForth migrates a model to east, back to west and to east again. Each controller has hosted it before, and
// still redirects, or has done so.
func TestBackAndForth(t *testing.T) {
	t.Parallel()
	for _, f := range fronts() {
		if f.blind {
			continue // its result is only seen by chance
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			j := start(t, f.generation)
			m := addModel(t, j, "prod")
			for _, target := range []string{"east", "west", "east"} {
				from := j.West
				if target == "west" {
					from = j.East
				}
				from.StopMaster(m.UUID)
				from.RunMaster(m.UUID)
				if report := migrate(t, j.Engine(f.accounts), engine.Request{Model: m.UUID, Target: target}); report.Outcome != "migrated" {
					t.Fatalf("to %s: %s: %s", target, report.Outcome, report.Summary)
				}
				wantOn(t, j, m, target)
			}
		})
	}
}

// TestLeftOver stops the target while it imports, so that half a model stays there and prevents the next attempt
// (juju/juju#20361).
func TestLeftOver(t *testing.T) {
	t.Parallel()
	j := start(t, jimm.Generation2026())
	m := leaveBehind(t, j)
	for name, accounts := range map[string]bool{"with accounts": true, "without accounts": false} {
		report, err := j.Engine(accounts).Check(t.Context(), engine.Request{Model: m.UUID, Target: "east"})
		if err != nil {
			t.Fatal(err)
		}
		logIfFailed(t, report)
		if len(report.Failed) == 0 {
			t.Errorf("%s: the checks pass", name)
		}
	}
	if _, err := j.West.Initiate(m.UUID, j.East); err == nil {
		t.Error("Juju takes the next attempt")
	}
	for c, want := range map[*controller.Controller]string{j.West: "migration mode for the model is not importing", j.East: ""} {
		if got := abort(t, c, m.UUID); got != want {
			t.Errorf("%s answers %q to the request to remove its copy, want %q", c.Name, got, want)
		}
	}
	if j.East.HasModel(m.UUID) || !active(j.West, m.UUID) {
		t.Error("the wrong copy was removed, or none")
	}
	if got := abort(t, j.East, m.UUID); !strings.Contains(got, "not found") {
		t.Errorf("it answers %q about a model that it does not have", got)
	}
}

// dial logs the charm's own client in to a controller as its administrator, until the test ends.
func dial(t *testing.T, c *controller.Controller) *juju.Conn {
	t.Helper()
	conn, err := juju.Dial(t.Context(), juju.Options{Addresses: []string{c.Addr}, CACert: c.CACert, ControllerUUID: c.UUID})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := conn.Login(t.Context(), juju.Credentials{User: "admin", Password: juju.NewSecret(controller.AdminPassword)}); err != nil {
		t.Fatal(err)
	}
	return conn
}

// abort asks a controller with the charm's own client to remove its half-imported copy of a model.
func abort(t *testing.T, c *controller.Controller, model string) string {
	t.Helper()
	facade, err := dial(t, c).ImportAborter()
	if err != nil {
		t.Fatal(err)
	}
	err = facade.Abort(t.Context(), model)
	if answer, ok := errors.AsType[*rpc.Error](err); ok {
		return answer.Message
	}
	if err != nil {
		t.Fatal(err)
	}
	return ""
}

// TestLeftOverIsRemoved requires that the engine removes the leftover copy, and nothing else; then Juju accepts the
// next attempt.
func TestLeftOverIsRemoved(t *testing.T) {
	slow(t)
	t.Parallel()
	for _, generation := range []jimm.Generation{jimm.Generation2024(), jimm.Generation2026()} {
		t.Run(generation.Name, func(t *testing.T) {
			t.Parallel()
			j := start(t, generation)
			m := leaveBehind(t, j)
			remove := func(accounts bool, from, outcome string) {
				t.Helper()
				report, err := j.Engine(accounts).RemoveLeftOver(t.Context(), engine.Request{Model: m.UUID, Target: from})
				if err != nil || report.Outcome != outcome {
					t.Errorf("from %s: %s (%s), want %s: %s, %v", from, report.Outcome, report.Cause, outcome, report.Summary, err)
				}
			}
			remove(false, "east", "refused")
			remove(true, "west", "refused")
			if !j.East.HasModel(m.UUID) || !active(j.West, m.UUID) {
				t.Fatal("a copy was removed")
			}
			remove(true, "east", "removed")
			if j.East.HasModel(m.UUID) || !active(j.West, m.UUID) {
				t.Fatal("the wrong copy was removed, or none")
			}
			remove(true, "east", "nothing-to-remove")
			j.West.StopMaster(m.UUID)
			j.West.RunMaster(m.UUID)
			if report := migrate(t, j.Engine(true), engine.Request{Model: m.UUID, Target: "east"}); report.Outcome != "migrated" {
				t.Fatalf("the next attempt: %s: %s", report.Outcome, report.Summary)
			}
			remove(true, "east", "refused")
			wantOn(t, j, m, "east")
		})
	}
}

// leaveBehind is a model on west, with a half-imported copy on east from an aborted migration.
func leaveBehind(t *testing.T, j *jaas.JAAS) *jaas.Model {
	t.Helper()
	m := addModel(t, j, "prod")
	if _, err := j.West.Initiate(m.UUID, j.East); err != nil {
		t.Fatal(err)
	}
	if err := j.East.Await(within(t), func() bool { return j.East.HasModel(m.UUID) }); err != nil {
		t.Fatal(err)
	}
	j.East.CloseAPI()
	if err := j.West.Await(within(t), func() bool {
		now, err := j.West.Migration(m.UUID)
		return err == nil && now.Phase == "ABORTDONE"
	}); err != nil {
		t.Fatalf("the source has not aborted: %v", err)
	}
	if err := j.East.OpenAPI(); err != nil {
		t.Fatal(err)
	}
	if !j.East.HasModel(m.UUID) || active(j.East, m.UUID) {
		t.Fatal("no importing copy is left")
	}
	return m
}
