package controller_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/controller"
)

// texts polls the model's migration status four times a second, never at the moment of a change, until the model cannot be asked any more or the migration has
// ended, and returns the texts in their order.
func (b *bed) texts(t *testing.T, c *client) []string {
	t.Helper()
	var texts []string
	<-time.After(125 * time.Millisecond)
	for {
		info, err := c.modelInfo(prod)
		if err != nil || info.Migration == nil {
			return texts
		}
		if info.Status.Info != "migrating: "+info.Migration.Status {
			t.Errorf("status.info %q does not fit migration.status %q", info.Status.Info, info.Migration.Status)
		}
		if len(texts) == 0 || texts[len(texts)-1] != info.Migration.Status {
			texts = append(texts, info.Migration.Status)
		}
		if info.Migration.End != nil {
			return texts
		}
		<-time.After(250 * time.Millisecond)
	}
}

func TestMigrationMovesTheModelWithJujusTexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		admin := b.admin(t, addressA)
		id, refused := admin.migrate(prod, b.toB())
		if refused != nil || id != prod+":0" {
			t.Fatalf("InitiateMigration = %q, %v", id, refused)
		}
		want := []string{
			"starting", "performing source prechecks", "performing target prechecks",
			"quiescing, waiting for agents to report back",
			"quiescing, waiting for agents to report back: 3 succeeded, 1 still to report",
			"performing source prechecks", "performing target prechecks",
			"exporting model", "importing model into target controller", "uploading model binaries into target controller",
			"processing relations",
			"validating, waiting for agents to report back",
			"validating, waiting for agents to report back: 2 succeeded, 2 still to report",
			"checking machines in migrated model", "activating model in target controller",
			"successful, waiting for agents to report back",
			"successful, waiting for agents to report back: 3 succeeded, 1 still to report",
			"transferring ownership of cloud resources to target controller",
			"successful, transferring logs to target controller (0 sent)",
			"successful, transferring logs to target controller (3000 sent)",
			"successful, removing model from source controller",
		}
		if diff := cmp.Diff(want, b.texts(t, admin)); diff != "" {
			t.Errorf("texts (-want +got):\n%s", diff)
		}
		if err := b.a.AwaitPhase(t.Context(), prod, controller.Done); err != nil {
			t.Fatal(err)
		}
		if _, ok := b.a.Model(prod); ok {
			t.Error("the model is still on the source")
		}
		state, ok := b.b.Model(prod)
		if !ok || state.State != controller.StateActive || state.Status != "available" || state.Info != "" {
			t.Errorf("on the target: %+v", state)
		}
		if len(state.Model.Applications) != 2 || state.Model.Owner != "alice@external" || len(state.Model.Offers) != 1 {
			t.Errorf("content did not come along: %+v", state.Model)
		}
		if got := b.probe(t, addressA, prod); got != "redirect to controller-"+uuidB+" (ctl-b)" {
			t.Errorf("probe of the source: %s", got)
		}
		if got := b.probe(t, addressB, prod); got != "present" {
			t.Errorf("probe of the target: %s", got)
		}
	})
}

// What each controller says of the model in each phase.
func TestVisibilityInEachPhase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		onA, onB := b.admin(t, addressA), b.admin(t, addressB)
		view := func(c *client, address string) string {
			var seen []string
			i, err := c.modelInfo(prod)
			switch {
			case err != nil:
				seen = append(seen, "info: "+err.Message+" / "+string(err.Code))
			default:
				seen = append(seen, "info: "+i.Status.Status)
			}
			if _, ok := c.summary(prod); ok {
				seen = append(seen, "summary")
			}
			if c.inListModels(prod) {
				seen = append(seen, "ListModels")
			}
			if c.inAllModels(prod) {
				seen = append(seen, "AllModels")
			}
			probe, _, _ := strings.Cut(b.probe(t, address, prod), " to ")
			return strings.Join(append(seen, "probe: "+probe), ", ")
		}
		const absent = "info: permission denied / unauthorized access, probe: unknown model: \"" + prod + "\" / model not found"
		const active = "info: available, summary, ListModels, AllModels, probe: present"
		const busy = "info: busy, summary, ListModels, AllModels, probe: present"
		const importing = "info: busy, AllModels, probe: present"
		const reaping = "info: permission denied / unauthorized access, summary, AllModels, probe: present"
		const gone = "info: permission denied / unauthorized access, probe: redirect"
		check := func(when, wantA, wantB string) {
			t.Helper()
			if gotA, gotB := view(onA, addressA), view(onB, addressB); gotA != wantA || gotB != wantB {
				t.Errorf("%s:\n source %s\n   want %s\n target %s\n   want %s", when, gotA, wantA, gotB, wantB)
			}
		}
		at := func(text string) {
			t.Helper()
			if err := b.a.AwaitText(t.Context(), prod, text); err != nil {
				t.Fatal(err)
			}
		}
		check("before", active, absent)
		onA.migrate(prod, b.toB())
		at("quiescing")
		check("QUIESCE", busy, absent)
		at("uploading")
		check("IMPORT", busy, importing)
		at("checking machines")
		check("VALIDATION", busy, importing)
		at("successful, waiting")
		check("SUCCESS", busy, active)
		at("successful, transferring logs")
		check("LOGTRANSFER", busy, active)
		at("successful, removing")
		check("REAP", busy, active)
		<-time.After(10 * time.Second)
		check("REAP, permissions gone", reaping, active)
		<-time.After(2500 * time.Millisecond)
		check("REAP, model gone", absent, active)
		b.a.AwaitPhase(t.Context(), prod, controller.Done)
		check("DONE", gone, active)
	})
}

func TestFortyMinutesOfMigrationTakeMilliseconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pace := controller.DefaultPace()
		pace.Quiesce, pace.Validation, pace.Success = 13*time.Minute, 12*time.Minute, 13*time.Minute
		b := start(t, func(a, _ *controller.Config) { a.Pace = pace })
		began := time.Now()
		b.admin(t, addressA).migrate(prod, b.toB())
		if err := b.a.AwaitPhase(t.Context(), prod, controller.Done); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < 39*time.Minute || took > 42*time.Minute {
			t.Errorf("took %v of virtual time", took)
		}
	})
}

func TestSpeedDividesAllWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		took := func(speed float64) time.Duration {
			b := start(t, func(a, _ *controller.Config) { a.Speed = speed })
			defer b.b.Stop()
			defer b.a.Stop()
			began := time.Now()
			b.admin(t, addressA).migrate(prod, b.toB())
			b.a.AwaitPhase(t.Context(), prod, controller.Done)
			return time.Since(began)
		}
		slow := took(1)
		if fast := took(20); fast > slow/15 || fast < slow/25 {
			t.Errorf("speed 20 took %v, speed 1 %v", fast, slow)
		}
	})
}

func TestAbortAtEachPhase(t *testing.T) {
	const prefix = "aborted, removing model from target controller: "
	tests := []struct {
		outcome controller.Outcome
		reason  string
		leaves  bool // a copy on the target
	}{
		{outcome: controller.Outcome{AbortAt: controller.Quiesce}, reason: "source prechecks failed: unit db/0 not idle or executing (lost)"},
		{outcome: controller.Outcome{AbortAt: controller.Import, Reason: "model data transfer failed, failed to migrate binaries: cannot upload charms: EOF"}, reason: "model data transfer failed, failed to migrate binaries: cannot upload charms: EOF"},
		{outcome: controller.Outcome{AbortAt: controller.Import, LeaveCopy: true}, reason: "model data transfer failed, failed to import model into target controller: scripted failure", leaves: true},
		{outcome: controller.Outcome{AbortAt: controller.ProcessRelations}, reason: "processing relations failed, processing relations failed: scripted failure"},
		{outcome: controller.Outcome{AbortAt: controller.Validation}, reason: "machine sanity check failed, 1 error found"},
		{outcome: controller.Outcome{AgentsFail: controller.Quiesce}, reason: "quiescing, some agents reported failure"},
		{outcome: controller.Outcome{AgentsTimeout: controller.Validation}, reason: "validating, timed out waiting for agents to report"},
		{outcome: controller.Outcome{AbortAt: controller.Import, RestartInAbort: true}, reason: ""},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, nil)
				b.a.Script(prod, test.outcome)
				onA, onB := b.admin(t, addressA), b.admin(t, addressB)
				onA.migrate(prod, b.toB())
				if err := b.a.AwaitPhase(t.Context(), prod, controller.Abort); err != nil {
					t.Fatal(err)
				}
				b.a.AwaitText(t.Context(), prod, prefix)
				if i, err := onA.modelInfo(prod); err != nil || i.Migration.End != nil || i.Status.Status != "busy" {
					t.Errorf("in ABORT: %+v, %v", i.Migration, err)
				}
				b.a.AwaitPhase(t.Context(), prod, controller.AbortDone)
				i, err := onA.modelInfo(prod)
				if err != nil || i.Migration.Status != prefix+test.reason || i.Migration.End == nil {
					t.Errorf("after: %+v, %v", i.Migration, err)
				}
				if i.Status.Status != "available" || i.Status.Info != "migrating: "+prefix+test.reason {
					t.Errorf("status after: %+v", i.Status)
				}
				if state, _ := b.a.Model(prod); state.State != controller.StateActive {
					t.Errorf("on the source: %s", state.State)
				}
				if got := onB.inAllModels(prod); got != test.leaves {
					t.Errorf("copy on the target: %v, want %v", got, test.leaves)
				}
				if test.leaves { // and it blocks the next attempt
					_, refused := onA.migrate(prod, b.toB())
					if refused == nil || refused.Message != `target prechecks failed: model named "prod" already exists` {
						t.Errorf("next attempt: %v", refused)
					}
				}
			})
		})
	}
}

func TestOldAbortStaysVisibleUntilTheNextStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		b.a.Script(prod, controller.Outcome{AbortAt: controller.Quiesce})
		admin := b.admin(t, addressA)
		admin.migrate(prod, b.toB())
		b.a.AwaitPhase(t.Context(), prod, controller.AbortDone)
		<-time.After(time.Hour)
		old, _ := admin.modelInfo(prod)
		if old.Migration == nil || old.Migration.End == nil {
			t.Fatalf("an hour later: %+v", old)
		}
		id, refused := admin.migrate(prod, b.toB())
		if refused != nil || id != prod+":1" {
			t.Fatalf("second attempt: %q, %v", id, refused)
		}
		i, _ := admin.modelInfo(prod)
		if i.Migration.End != nil || !i.Migration.Start.After(*old.Migration.Start) {
			t.Errorf("second attempt: %+v", i.Migration)
		}
	})
}

func TestAwayAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		onA, onB := b.admin(t, addressA), b.admin(t, addressB)
		onA.migrate(prod, b.toB())
		if err := b.a.AwaitPhase(t.Context(), prod, controller.Reap); err != nil {
			t.Fatal(err)
		}
		back := b.toB()
		back["controller-tag"], back["addrs"] = "controller-"+uuidA, []string{addressA}
		delete(back, "controller-alias")
		if _, refused := onB.migrate(prod, back); refused == nil || refused.Message != "target prechecks failed: model is being migrated out of target controller" {
			t.Errorf("back while the source reaps: %v", refused)
		}
		b.a.AwaitPhase(t.Context(), prod, controller.Done)
		if id, refused := onB.migrate(prod, back); refused != nil || id != prod+":0" {
			t.Fatalf("back: %q, %v", id, refused)
		}
		b.b.AwaitPhase(t.Context(), prod, controller.Done)
		if got := b.probe(t, addressA, prod); got != "present" {
			t.Errorf("probe of A: %s", got)
		}
		if got := b.probe(t, addressB, prod); got != "redirect to controller-"+uuidA+" ()" {
			t.Errorf("probe of B: %s", got)
		}
		if i, err := onA.modelInfo(prod); err != nil || i.Migration != nil {
			t.Errorf("ModelInfo shows the old migration: %+v, %v", i, err)
		}
		s, _ := onA.summary(prod)
		if s.Migration == nil || s.Migration.End == nil || s.Migration.Status != "successful, removing model from source controller" {
			t.Errorf("summary hides the old migration: %+v", s)
		}
		if id, refused := onA.migrate(prod, b.toB()); refused != nil || id != prod+":1" {
			t.Errorf("away again: %q, %v", id, refused)
		}
	})
}

func TestReapFailedLeavesAZombieThatDoesNotRedirect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		b.a.Script(prod, controller.Outcome{ReapFails: "state busy"})
		onA := b.admin(t, addressA)
		onA.migrate(prod, b.toB())
		b.a.AwaitPhase(t.Context(), prod, controller.ReapFailed)
		i, err := onA.modelInfo(prod)
		if err != nil || i.Migration.Status != "removing exported model failed: state busy" || i.Migration.End == nil || i.Status.Status != "available" {
			t.Errorf("ModelInfo = %+v, %v", i, err)
		}
		if state, _ := b.a.Model(prod); state.State != controller.StateExporting {
			t.Errorf("on the source: %s", state.State)
		}
		if got := b.probe(t, addressA, prod); got != "present" {
			t.Errorf("probe: %s", got)
		}
		if state, _ := b.b.Model(prod); state.State != controller.StateActive {
			t.Errorf("on the target: %s", state.State)
		}
	})
}

func TestActivationLostLeavesTwoActiveModels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		b.a.Script(prod, controller.Outcome{ActivationLost: true})
		b.admin(t, addressA).migrate(prod, b.toB())
		b.a.AwaitPhase(t.Context(), prod, controller.AbortDone)
		onA, _ := b.a.Model(prod)
		onB, _ := b.b.Model(prod)
		if onA.State != controller.StateActive || onB.State != controller.StateActive {
			t.Errorf("source %q, target %q", onA.State, onB.State)
		}
	})
}

func TestStallAndResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		b.a.Script(prod, controller.Outcome{Stall: "transferring ownership"})
		b.admin(t, addressA).migrate(prod, b.toB())
		b.a.AwaitText(t.Context(), prod, "transferring ownership")
		<-time.After(48 * time.Hour)
		if m, _ := b.a.Migration(prod); m.Phase != controller.Success || !strings.HasPrefix(m.Text, "transferring ownership") {
			t.Errorf("two days later: %s, %s", m.Phase, m.Text)
		}
		b.a.Resume(prod)
		if err := b.a.AwaitPhase(t.Context(), prod, controller.Done); err != nil {
			t.Error(err)
		}
	})
}

func TestLoopInSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		b.a.Script(prod, controller.Outcome{Loop: controller.Success, LoopTimes: 3})
		admin := b.admin(t, addressA)
		admin.migrate(prod, b.toB())
		times := 0
		for _, text := range b.texts(t, admin) {
			if text == "transferring ownership of cloud resources to target controller" {
				times++
			}
		}
		if times != 4 {
			t.Errorf("ownership transferred %d times, want 4", times)
		}
		b.a.AwaitPhase(t.Context(), prod, controller.Done)
	})
}

func TestAgentsThatFailInSuccessStopNothing(t *testing.T) {
	for _, outcome := range []controller.Outcome{{AgentsFail: controller.Success}, {AgentsTimeout: controller.Success}} {
		synctest.Test(t, func(t *testing.T) {
			b := start(t, nil)
			b.a.Script(prod, outcome)
			admin := b.admin(t, addressA)
			admin.migrate(prod, b.toB())
			texts := b.texts(t, admin)
			if !slices.Contains(texts, "successful, some agents reported failure") && !slices.Contains(texts, "successful, timed out waiting for agents to report") {
				t.Errorf("texts: %q", texts)
			}
			if err := b.a.AwaitPhase(t.Context(), prod, controller.Done); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTargetDownInValidationLoopsUntilItIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		admin := b.admin(t, addressA)
		admin.migrate(prod, b.toB())
		b.a.AwaitText(t.Context(), prod, "validating")
		b.b.Stop()
		<-time.After(30 * time.Minute)
		if m, _ := b.a.Migration(prod); m.Phase != controller.Validation {
			t.Fatalf("half an hour later: %s, %s", m.Phase, m.Text)
		}
		b.b.Start()
		b.listen(t, b.b, addressB, &b.late)
		if err := b.a.AwaitPhase(t.Context(), prod, controller.Done); err != nil {
			t.Error(err)
		}
	})
}

func TestTargetThatDiesInImportAborts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		admin := b.admin(t, addressA)
		admin.migrate(prod, b.toB())
		b.a.AwaitText(t.Context(), prod, "uploading")
		b.b.Stop()
		b.a.AwaitPhase(t.Context(), prod, controller.AbortDone)
		m, _ := b.a.Migration(prod)
		if m.Text != "aborted, removing model from target controller: model data transfer failed, failed to migrate binaries: cannot upload charms: EOF" {
			t.Errorf("text: %s", m.Text)
		}
		if state, _ := b.b.Model(prod); state.State != controller.StateImporting {
			t.Errorf("no left-over on the target, but %q", state.State)
		}
	})
}

func TestRestartOfTheSourceDropsSocketsAndGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		admin := b.admin(t, addressA)
		admin.migrate(prod, b.toB())
		b.a.AwaitText(t.Context(), prod, "uploading")
		b.a.Restart()
		<-admin.conn.Done()
		again := b.admin(t, addressA)
		if i, err := again.modelInfo(prod); err != nil || i.Migration == nil {
			t.Errorf("after the restart: %+v, %v", i, err)
		}
		// IMPORT begins again and finds the copy that it made before.
		b.a.AwaitPhase(t.Context(), prod, controller.AbortDone)
		m, _ := b.a.Migration(prod)
		if !strings.HasSuffix(m.Text, "failed to import model into target controller: model "+prod+" already exists (already exists)") {
			t.Errorf("text: %s", m.Text)
		}
	})
}

func TestInitiateMigrationGoesOnWhenTheClientLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		b.network.Blackhole(addressB, true)
		admin := b.admin(t, addressA)
		go func() {
			<-time.After(time.Second)
			b.network.Blackhole(addressB, false)
			admin.conn.Close()
		}()
		target := b.toB()
		target["addrs"] = []string{addressB, addressB}
		_, err := call(t.Context(), admin.conn, "Controller", 12, "InitiateMigration", map[string]any{
			"specs": []any{map[string]any{"model-tag": "model-" + prod, "target-info": target}},
		})
		if err == nil {
			t.Fatal("the call was answered before the client left")
		}
		if err := b.a.AwaitPhase(t.Context(), prod, controller.Done); err != nil {
			t.Error(err)
		}
	})
}

func TestDryRunIsHonouredFrom3613On(t *testing.T) {
	for version, migrates := range map[string]bool{"3.6.12": true, "3.5.5": true, "3.6.13": false, "3.6.14": false} {
		t.Run(version, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, func(a, _ *controller.Config) { a.Version = version })
				admin := b.admin(t, addressA)
				facade := 12
				if version == "3.5.5" {
					facade = 11
				}
				_, err := call(t.Context(), admin.conn, "Controller", facade, "InitiateMigration", map[string]any{
					"specs":   []any{map[string]any{"model-tag": "model-" + prod, "target-info": b.toB()}},
					"dry-run": true,
				})
				if err != nil {
					t.Fatal(err)
				}
				if _, started := b.a.Migration(prod); started != migrates {
					t.Errorf("migrates: %v, want %v", started, migrates)
				}
			})
		})
	}
}

func TestModelConnectionsEndWithTheModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		onModel, _ := b.login(t, addressA, "/model/"+prod+"/api", "user-bob", "bob-pw")
		b.admin(t, addressA).migrate(prod, b.toB())
		<-onModel.conn.Done()
		if m, _ := b.a.Migration(prod); m.Phase != controller.Reap {
			t.Errorf("closed in %s", m.Phase)
		}
	})
}

func TestExportingModelLimitsNewLogins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		b.admin(t, addressA).migrate(prod, b.toB())
		b.a.AwaitText(t.Context(), prod, "validating")
		status := map[string]any{"patterns": []string{}}
		exporting, _ := b.login(t, addressA, "/model/"+prod+"/api", "user-admin", "pw")
		exporting.call("Client", 8, "FullStatus", status)
		for address, want := range map[string]string{addressA: "model migration in progress", addressB: "migration in progress, model is importing"} {
			c, _ := b.login(t, address, "/model/"+prod+"/api", "user-admin", "pw")
			_, err := call(t.Context(), c.conn, "Client", 8, "WatchAll", nil)
			answer, ok := err.(*rpc.Error)
			if !ok || answer.Message != want || answer.Code != "" {
				t.Errorf("%s: %v", address, err)
			}
			anonymous, _ := b.login(t, address, "/model/"+prod+"/api", "user-jujuanonymous", "")
			_, err = call(t.Context(), anonymous.conn, "NotifyWatcher", 1, "Next", nil)
			if answer, ok := err.(*rpc.Error); !ok || answer.Message != want {
				t.Errorf("%s, anonymous: %v", address, err)
			}
		}
	})
}
