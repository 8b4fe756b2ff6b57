package controller_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/controller"
)

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
				onA.migrate(b.toB())
				if err := b.a.AwaitPhase(t.Context(), prod, controller.Abort); err != nil {
					t.Fatal(err)
				}
				b.a.AwaitText(t.Context(), prod, prefix)
				if i, err := onA.modelInfo(); err != nil || i.Migration.End != nil || i.Status.Status != "busy" {
					t.Errorf("in ABORT: %+v, %v", i.Migration, err)
				}
				b.a.AwaitPhase(t.Context(), prod, controller.AbortDone)
				i, err := onA.modelInfo()
				if err != nil || i.Migration.Status != prefix+test.reason || i.Migration.End == nil {
					t.Errorf("after: %+v, %v", i.Migration, err)
				}
				if i.Status.Status != "available" || i.Status.Info != "migrating: "+prefix+test.reason {
					t.Errorf("status after: %+v", i.Status)
				}
				if state, _ := b.a.Model(prod); state.State != controller.StateActive {
					t.Errorf("on the source: %s", state.State)
				}
				if got := onB.inAllModels(); got != test.leaves {
					t.Errorf("copy on the target: %v, want %v", got, test.leaves)
				}
				if test.leaves { // and it prevents the next attempt
					_, refused := onA.migrate(b.toB())
					if refused == nil || refused.Message != `target prechecks failed: model named "prod" already exists` {
						t.Errorf("next attempt: %v", refused)
					}
				}
			})
		})
	}
}

func TestReapFailedLeavesAZombieThatDoesNotRedirect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		b.a.Script(prod, controller.Outcome{ReapFails: "state busy"})
		onA := b.admin(t, addressA)
		onA.migrate(b.toB())
		b.a.AwaitPhase(t.Context(), prod, controller.ReapFailed)
		i, err := onA.modelInfo()
		if err != nil || i.Migration.Status != "removing exported model failed: state busy" || i.Migration.End == nil || i.Status.Status != "available" {
			t.Errorf("ModelInfo = %+v, %v", i, err)
		}
		if state, _ := b.a.Model(prod); state.State != controller.StateExporting {
			t.Errorf("on the source: %s", state.State)
		}
		if got := b.probe(t, addressA); got != "present" {
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
		b.admin(t, addressA).migrate(b.toB())
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
		b.admin(t, addressA).migrate(b.toB())
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
		admin.migrate(b.toB())
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
	const waiting = "successful, waiting for agents to report back: "
	for _, test := range []struct {
		outcome controller.Outcome
		texts   []string
	}{
		{controller.Outcome{AgentsFail: controller.Success}, []string{
			waiting + "2 succeeded, 1 still to report, 1 failed", "successful, some agents reported failure",
		}},
		{controller.Outcome{AgentsTimeout: controller.Success}, []string{
			waiting + "3 succeeded, 1 still to report", "successful, timed out waiting for agents to report",
		}},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := start(t, nil)
			b.a.Script(prod, test.outcome)
			admin := b.admin(t, addressA)
			admin.migrate(b.toB())
			texts := b.texts(t, admin)
			for _, want := range test.texts {
				if !slices.Contains(texts, want) {
					t.Errorf("no %q in %q", want, texts)
				}
			}
			if slices.Contains(texts, waiting+"4 succeeded, 0 still to report") {
				t.Errorf("the agent that fails reported success: %q", texts)
			}
			if err := b.a.AwaitPhase(t.Context(), prod, controller.Done); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestOtherControllerAtTheAddressAborts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		target := b.toB()
		target["controller-tag"] = "controller-" + nowhere
		if _, refused := b.admin(t, addressA).migrate(target); refused != nil {
			t.Fatalf("InitiateMigration noticed: %v", refused)
		}
		b.a.AwaitPhase(t.Context(), prod, controller.AbortDone)
		want := "unexpected target controller UUID (got controller-" + uuidB + ", expected controller-" + nowhere + ")"
		if m, _ := b.a.Migration(prod); !strings.HasSuffix(m.Text, ": "+want) {
			t.Errorf("text: %s", m.Text)
		}
	})
}

// A model that is destroyed after an abort leaves no redirect.
func TestAbortedAndDestroyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		b.a.Script(prod, controller.Outcome{AbortAt: controller.Quiesce})
		b.admin(t, addressA).migrate(b.toB())
		b.a.AwaitPhase(t.Context(), prod, controller.AbortDone)
		b.a.RemoveModel(prod)
		if got := b.probe(t, addressA); !strings.HasSuffix(got, "/ model not found") {
			t.Errorf("probe: %s", got)
		}
		bob, _ := b.login(t, addressA, "/api", "user-bob", "bob-pw")
		if _, err := bob.modelInfo(); err == nil || err.Code != rpc.CodeUnauthorized {
			t.Errorf("ModelInfo: %v", err)
		}
	})
}

func TestTargetDownInValidationLoopsUntilItIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		admin := b.admin(t, addressA)
		admin.migrate(b.toB())
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
		admin.migrate(b.toB())
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
		admin.migrate(b.toB())
		b.a.AwaitText(t.Context(), prod, "uploading")
		b.a.Restart()
		<-admin.conn.Done()
		again := b.admin(t, addressA)
		if i, err := again.modelInfo(); err != nil || i.Migration == nil {
			t.Errorf("after the restart: %+v, %v", i, err)
		}
		// IMPORT is retried and finds the copy that it made before.
		b.a.AwaitPhase(t.Context(), prod, controller.AbortDone)
		m, _ := b.a.Migration(prod)
		if !strings.HasSuffix(m.Text, "failed to import model into target controller: model "+prod+" already exists (already exists)") {
			t.Errorf("text: %s", m.Text)
		}
	})
}

// Juju 4 answers the request to remove a half-imported copy before it removes it.
func TestJuju4RemovesACopyLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, func(_, b *controller.Config) { b.Version, b.Pace.AbortHidden, b.Speed = "4.0.15", time.Minute, 1 })
		if err := b.b.AddImportingCopy(prodModel()); err != nil {
			t.Fatal(err)
		}
		admin := b.admin(t, addressB)
		admin.call("MigrationTarget", 6, "Abort", map[string]string{"model-tag": "model-" + prod})
		for _, left := range []bool{true, false} {
			if _, got := b.b.Model(prod); got != left {
				t.Errorf("the copy is there: %v, want %v", got, left)
			}
			<-time.After(2 * time.Minute)
		}
	})
}
