package controller_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/tests/sim/controller"
)

// texts polls the model's migration status four times a second, never at the moment of a change, until the model can no
// longer be read or the migration has ended, and returns the texts in order. The model's own status has the same text,
// except in REAP, where it keeps that of LOGTRANSFER (3.5.4, observed).
func (b *pair) texts(t *testing.T, c *client) []string {
	t.Helper()
	var texts []string
	<-time.After(125 * time.Millisecond)
	for {
		info, err := c.modelInfo()
		if err != nil || info.Migration == nil {
			return texts
		}
		reaping := info.Migration.Status == "successful, removing model from source controller"
		want := "migrating: " + info.Migration.Status
		if reaping {
			want = "migrating: successful, transferred logs to target controller"
		}
		if !strings.HasPrefix(info.Status.Info, want) || !reaping && info.Status.Info != want {
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
		id, refused := admin.migrate(b.toB())
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
		if got := b.probe(t, addressA); got != "redirect to controller-"+uuidB+" (ctl-b)" {
			t.Errorf("probe of the source: %s", got)
		}
		if got := b.probe(t, addressB); got != "present" {
			t.Errorf("probe of the target: %s", got)
		}
	})
}

// What each controller reports about the model in each phase.
func TestVisibilityInEachPhase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		onA, onB := b.admin(t, addressA), b.admin(t, addressB)
		view := func(c *client, address string) string {
			var seen []string
			i, err := c.modelInfo()
			switch {
			case err != nil:
				seen = append(seen, "info: "+err.Message+" / "+string(err.Code))
			default:
				seen = append(seen, "info: "+i.Status.Status)
			}
			if _, ok := c.summary(); ok {
				seen = append(seen, "summary")
			}
			if c.inListModels() {
				seen = append(seen, "ListModels")
			}
			if c.inAllModels() {
				seen = append(seen, "AllModels")
			}
			probe, _, _ := strings.Cut(b.probe(t, address), " to ")
			return strings.Join(append(seen, "probe: "+probe), ", ")
		}
		const absent = "info: permission denied / unauthorized access, probe: unknown model: \"" + prod + "\" / model not found"
		const active = "info: available, summary, ListModels, AllModels, probe: present"
		const busy = "info: busy, summary, ListModels, AllModels, probe: present"
		const importing = "info: busy, AllModels, probe: present"
		const reaping = "info: cannot get status: model not found / not found, summary, ListModels, AllModels, probe: present"
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
		onA.migrate(b.toB())
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
		_, err := loginOn(t, b.dial(t, addressA, "/model/"+prod+"/api"), map[string]any{"auth-tag": "user-bob", "credentials": "bob-pw"})
		if got := verdict(t, err); got != "permission denied / unauthorized access" {
			t.Errorf("login of a user while the permissions are gone: %s", got)
		}
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
		b.admin(t, addressA).migrate(b.toB())
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
			b.admin(t, addressA).migrate(b.toB())
			b.a.AwaitPhase(t.Context(), prod, controller.Done)
			return time.Since(began)
		}
		slow := took(1)
		if fast := took(20); fast > slow/15 || fast < slow/25 {
			t.Errorf("speed 20 took %v, speed 1 %v", fast, slow)
		}
	})
}

func TestOldAbortStaysVisibleUntilTheNextStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		b.a.Script(prod, controller.Outcome{AbortAt: controller.Quiesce})
		admin := b.admin(t, addressA)
		admin.migrate(b.toB())
		b.a.AwaitPhase(t.Context(), prod, controller.AbortDone)
		<-time.After(time.Hour)
		old, _ := admin.modelInfo()
		if old.Migration == nil || old.Migration.End == nil {
			t.Fatalf("an hour later: %+v", old)
		}
		id, refused := admin.migrate(b.toB())
		if refused != nil || id != prod+":1" {
			t.Fatalf("second attempt: %q, %v", id, refused)
		}
		i, _ := admin.modelInfo()
		if i.Migration.End != nil || !i.Migration.Start.After(*old.Migration.Start) {
			t.Errorf("second attempt: %+v", i.Migration)
		}
	})
}

func TestAwayAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		onA, onB := b.admin(t, addressA), b.admin(t, addressB)
		onA.migrate(b.toB())
		if err := b.a.AwaitPhase(t.Context(), prod, controller.Reap); err != nil {
			t.Fatal(err)
		}
		back := b.toB()
		back["controller-tag"], back["addrs"] = "controller-"+uuidA, []string{addressA}
		delete(back, "controller-alias")
		if _, refused := onB.migrate(back); refused == nil || refused.Message != "target prechecks failed: model is being migrated out of target controller" {
			t.Errorf("back while the source reaps: %v", refused)
		}
		b.a.AwaitPhase(t.Context(), prod, controller.Done)
		if id, refused := onB.migrate(back); refused != nil || id != prod+":0" {
			t.Fatalf("back: %q, %v", id, refused)
		}
		b.b.AwaitPhase(t.Context(), prod, controller.Done)
		if got := b.probe(t, addressA); got != "present" {
			t.Errorf("probe of A: %s", got)
		}
		if got := b.probe(t, addressB); got != "redirect to controller-"+uuidA+" ()" {
			t.Errorf("probe of B: %s", got)
		}
		if i, err := onA.modelInfo(); err != nil || i.Migration != nil {
			t.Errorf("ModelInfo shows the old migration: %+v, %v", i, err)
		}
		s, _ := onA.summary()
		if s.Migration == nil || s.Migration.End == nil || s.Migration.Status != "successful, removing model from source controller" {
			t.Errorf("summary hides the old migration: %+v", s)
		}
		if id, refused := onA.migrate(b.toB()); refused != nil || id != prod+":1" {
			t.Errorf("away again: %q, %v", id, refused)
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
	for version, migrates := range map[string]bool{
		"3.6.12": true, "3.5.5": true, "3.6.13": false, "3.6.14": false, "3.6.28": false,
	} {
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
		b.admin(t, addressA).migrate(b.toB())
		<-onModel.conn.Done()
		if m, _ := b.a.Migration(prod); m.Phase != controller.Reap {
			t.Errorf("closed in %s", m.Phase)
		}
	})
}

func TestExportingModelLimitsNewLogins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		b.admin(t, addressA).migrate(b.toB())
		b.a.AwaitText(t.Context(), prod, "validating")
		status := map[string]any{"patterns": []string{}}
		exporting, _ := b.login(t, addressA, "/model/"+prod+"/api", "user-admin", "pw")
		exporting.call("Client", 8, "FullStatus", status)
		for address, want := range map[string]string{addressA: "model migration in progress", addressB: "migration in progress, model is importing"} {
			c, _ := b.login(t, address, "/model/"+prod+"/api", "user-admin", "pw")
			_, err := call(t.Context(), c.conn, "Client", 8, "WatchAll", nil)
			answer := answerOf(err)
			if answer == nil || answer.Message != want || answer.Code != "" {
				t.Errorf("%s: %v", address, err)
			}
			anonymous, _ := b.login(t, address, "/model/"+prod+"/api", "user-jujuanonymous", "")
			_, err = call(t.Context(), anonymous.conn, "NotifyWatcher", 1, "Next", nil)
			if answer := answerOf(err); answer == nil || answer.Message != want {
				t.Errorf("%s, anonymous: %v", address, err)
			}
		}
	})
}
