package controller_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/controller"
)

// These tests show what Juju 3.5.4 and 3.6.28 did in November 2026.

// infoOf is ModelInfo's answer about "prod" in one line.
func (c *client) infoLine() string {
	c.t.Helper()
	var reply struct {
		Results []struct {
			Result struct {
				Status struct{ Status string }
				Users  []struct{ User string }
			}
			Error *rpc.Error
		}
	}
	c.decode(c.call("ModelManager", 10, "ModelInfo", entities("model-"+prod)), &reply)
	switch item := reply.Results[0]; {
	case item.Error != nil:
		return item.Error.Message + " / " + string(item.Error.Code)
	case len(item.Result.Users) == 0:
		return item.Result.Status.Status + " without users"
	default:
		return item.Result.Status.Status
	}
}

// A source that knows version 6 of MigrationTarget uses it, and a client that knows only older
// versions finds those.
func TestFacadesByRelease(t *testing.T) {
	for _, c := range []struct {
		version             string
		takes, applications int
	}{{"3.6.14", 3, 20}, {"3.6.27", 3, 20}, {"3.6.28", 6, 22}, {"3.6.29", 6, 22}, {"4.0.15", 7, 22}} {
		synctest.Test(t, func(t *testing.T) {
			b := between(t, c.version, c.version)
			_, onController := b.login(t, addressA, "/api", "user-admin", "pw")
			_, onModel := b.login(t, addressA, "/model/"+prod+"/api", "user-admin", "pw")
			if takes, applications := best(t, onController, "MigrationTarget"), best(t, onModel, "Application"); takes != c.takes || applications != c.applications {
				t.Errorf("%s has MigrationTarget up to %d and Application up to %d, want %d and %d", c.version, takes, applications, c.takes, c.applications)
			}
		})
	}
}

func TestReapInPieces(t *testing.T) {
	for version, c := range map[string]struct {
		userless string // what ModelInfo says of a model without users
		removed  bool   // ModelStatus says that the model has been removed, and connections to it are closed
	}{
		"3.5.4":  {"permission denied / unauthorized access", false},
		"3.6.28": {"busy without users", true},
	} {
		t.Run(version, func(t *testing.T) { reapInPieces(t, version, c.userless, c.removed) })
	}
}

func reapInPieces(t *testing.T, version, userless string, removed bool) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := between(t, version, version)
		if err := b.a.Update(prod, func(m *controller.Model) { m.Users[1] = controller.ModelUser{Name: "admin", Access: "admin"} }); err != nil {
			t.Fatal(err)
		}
		admin := b.admin(t, addressA)
		onModel, _ := b.login(t, addressA, "/model/"+prod+"/api", "user-admin", "pw")
		b.begin(t)
		var infos, statuses []string
		err := b.a.Await(t.Context(), func() bool {
			m, _ := b.a.Migration(prod)
			if m.Phase != controller.Reap && m.Phase != controller.Done {
				return false
			}
			line := admin.infoLine()
			if len(infos) == 0 || infos[len(infos)-1] != line {
				infos = append(infos, line)
			}
			status := string(admin.call("ModelManager", 10, "ModelStatus", entities("model-"+prod)))
			if strings.Contains(status, "has been removed") && !slices.Contains(statuses, "removed") {
				statuses = append(statuses, "removed")
			}
			return m.Phase == controller.Done
		})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{
			"busy",
			`obtaining model permission: user permission for "us#alice@external" on "e#` + prod + `" not found / not found`,
			userless,
			"cannot get status: model not found / not found",
			`model "` + prod + `": settings not found / not found`,
			"permission denied / unauthorized access",
			"redirection to alternative server required / redirection required",
		}
		if diff := cmp.Diff(want, infos); diff != "" {
			t.Errorf("ModelInfo (-want +got):\n%s", diff)
		}
		if said := len(statuses) > 0; said != removed {
			t.Errorf("ModelStatus says that the model has been removed: %v", said)
		}
		if closed := onModel.conn.Err() != nil; closed != removed {
			t.Errorf("the connection to the model was closed: %v", closed)
		}
	})
}

func TestHalfReaped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := between(t, "3.6.28", "3.6.28")
		b.a.Script(prod, controller.Outcome{ReapFails: "boom", HalfReaped: true})
		b.begin(t)
		if err := b.a.AwaitPhase(t.Context(), prod, controller.ReapFailed); err != nil {
			t.Fatal(err)
		}
		if got := b.admin(t, addressA).infoLine(); got != "cannot get status: model not found / not found" {
			t.Errorf("ModelInfo: %s", got)
		}
		if got := b.next(t, addressA); got != exporting {
			t.Errorf("the copy says %q", got)
		}
	})
}

// The target cannot report a model that came with a user whom it does not know, although it hosts the model.
func TestAUserWhomTheTargetDoesNotKnow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := between(t, "3.6.28", "3.6.28")
		if err := b.a.Update(prod, func(m *controller.Model) {
			m.Users = append(m.Users, controller.ModelUser{Name: "dora", Access: "read"})
		}); err != nil {
			t.Fatal(err)
		}
		target := b.toB()
		target["skip-user-checks"] = true
		if _, refused := b.admin(t, addressA).migrate(target); refused != nil {
			t.Fatal(refused)
		}
		if err := b.a.AwaitPhase(t.Context(), prod, controller.Done); err != nil {
			t.Fatal(err)
		}
		admin := b.admin(t, addressB)
		if got := admin.infoLine(); got != `user "dora" not found / not found` {
			t.Errorf("ModelInfo: %s", got)
		}
		if _, listed := admin.summary(); !listed || b.probe(t, addressB) != "present" {
			t.Errorf("listed %v, probe %s", listed, b.probe(t, addressB))
		}
	})
}

func TestConnectedOffersEndAtTheImport(t *testing.T) {
	const uuid = "c9f6c9f6-0000-4000-8000-000000000001"
	for version, want := range map[string]controller.Phase{"3.6.27": controller.Done, "3.6.28": controller.AbortDone} {
		synctest.Test(t, func(t *testing.T) {
			b := between(t, version, version)
			if err := b.a.Update(prod, func(m *controller.Model) {
				m.Offers = []controller.Offer{{Name: "idle", Application: "app"}, {Name: "pg", Application: "pg", UUID: uuid, Connections: 1}}
			}); err != nil {
				t.Fatal(err)
			}
			b.begin(t)
			if err := b.a.AwaitPhase(t.Context(), prod, controller.Done, controller.AbortDone); err != nil {
				t.Fatal(err)
			}
			m, _ := b.a.Migration(prod)
			const text = `aborted, removing model from target controller: model data transfer failed, failed to import model into target controller: remoteentitites: offer for app "` + uuid + `" not found (not found)`
			if m.Phase != want || want == controller.AbortDone && m.Text != text {
				t.Errorf("%s: %s: %s", version, m.Phase, m.Text)
			}
		})
	}
}

func TestWhatStopsAMigrationAndIsNotToBeSeen(t *testing.T) {
	tests := map[string]struct {
		change  func(*controller.Model)
		status  string
		refused string
	}{
		"invalid": {func(m *controller.Model) { m.CredentialInvalid = true }, "suspended", ""},
		"revoked": {func(m *controller.Model) { m.CredentialRevoked = true }, "available", "source prechecks failed: model has revoked credentials"},
		"bases": {
			func(m *controller.Model) { m.Machines[0].Base, m.Machines[1].Base = "ubuntu@18.04", "ubuntu@16.04" }, "available",
			"source prechecks failed: cannot migrate to controller due to issues:\n\"alice/prod\":\n- the model hosts deprecated ubuntu machine(s): ubuntu@16.04(1), ubuntu@18.04(1)",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, nil)
				if err := b.a.Update(prod, test.change); err != nil {
					t.Fatal(err)
				}
				admin := b.admin(t, addressA)
				if got := admin.infoLine(); got != test.status {
					t.Errorf("ModelInfo: %s", got)
				}
				_, refused := admin.migrate(b.toB())
				if got := messageOf(refused); got != test.refused {
					t.Errorf("refused %q, want %q", got, test.refused)
				}
			})
		})
	}
}

func messageOf(e *rpc.Error) string {
	if e == nil {
		return ""
	}
	return e.Message
}

func TestSecretBackendsOfAModelWithoutSecrets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := between(t, "3.6.28", "3.6.28")
		seen := string(b.admin(t, addressA).call("ModelManager", 10, "ModelInfo", entities("model-"+prod)))
		if !strings.Contains(seen, `"secret-backends":null`) {
			t.Error(seen)
		}
	})
}

// TestAbortRemovesACopy calls Abort as a superuser, as the source of a migration does after a failure.
func TestAbortRemovesACopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		copied := prodModel()
		if err := b.b.AddImportingCopy(copied); err != nil {
			t.Fatal(err)
		}
		abort := map[string]string{"model-tag": "model-" + prod}
		if _, refused := b.admin(t, addressA).migrate(b.toB()); messageOf(refused) != `target prechecks failed: model named "prod" already exists` {
			t.Errorf("refused: %v", refused)
		}
		b.admin(t, addressB).call("MigrationTarget", 3, "Abort", abort)
		if got := b.next(t, addressB); got != missing {
			t.Errorf("the copy says %q", got)
		}
		if _, err := call(t.Context(), b.admin(t, addressA).conn, "MigrationTarget", 3, "Abort", abort); err == nil {
			t.Error("the model itself can be aborted")
		}
		b.begin(t)
	})
}

func TestCloudInfo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		seen := string(b.admin(t, addressA).call("Cloud", 7, "CloudInfo", entities("cloud-localhost", "cloud-x")))
		if !strings.Contains(seen, `"type":"lxd"`) || !strings.Contains(seen, `"users":[{"name":"admin","display-name":"admin","access":"admin"}]`) ||
			!strings.Contains(seen, `"cloud \"x\" not found"`) {
			t.Error(seen)
		}
	})
}
