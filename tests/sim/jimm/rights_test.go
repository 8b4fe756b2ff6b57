package jimm_test

import (
	"strings"
	"testing"

	"jimm-migrator/tests/sim/jimm"
)

// TestRightsThatGoAwayInTheMiddle tests what JIMM answers to an administrator about a model after OpenFGA has gone
// down, or after the right has been revoked, while the connection stays. JIMM of 2024 answers as if it had no models
// (recorded); that of 2025 does the same (source). Calls for administrators only are still allowed: that right is read
// at login.
func TestRightsThatGoAwayInTheMiddle(t *testing.T) {
	right := jimm.Tuple{Object: "user-" + admin + "@serviceaccount", Relation: "administrator", Target: "controller-jimm"}
	losses := map[string]struct{ lose, mend func(*jimm.Server) }{
		"OpenFGA is away":  {func(s *jimm.Server) { s.OpenFGADown(true) }, func(s *jimm.Server) { s.OpenFGADown(false) }},
		"right is revoked": {func(s *jimm.Server) { s.Revoke(right) }, func(s *jimm.Server) { s.Grant(right) }},
	}
	for name, loss := range losses {
		for year, gen := range map[string]jimm.Generation{"2024": jimm.Generation2024(), "2025": jimm.Generation2025(), "2026": jimm.Generation2026()} {
			t.Run(name+" "+year, func(t *testing.T) {
				inWorld(t, gen, nil, func(w *world) {
					w.a.answer("ModelManager.ModelInfo", healthy(nil))
					w.a.answer("ModelManager.ListModelSummaries", items(map[string]any{"result": map[string]any{"uuid": modelUUID, "name": "my-model"}}))
					c := w.login("/api", admin)
					look := func() (info, list, controllers string) {
						t.Helper()
						return call(w.t, c, "ModelManager", 9, "ModelInfo", entities("model-"+modelUUID)),
							call(w.t, c, "ModelManager", 9, "ListModelSummaries", map[string]any{"user-tag": "user-x", "all": true}),
							call(w.t, c, "JIMM", 4, "ListControllers", nil)
					}
					whole := func(when string) {
						t.Helper()
						if info, list, _ := look(); !strings.Contains(info, "my-model") || !strings.Contains(list, "my-model") {
							t.Errorf("%s: %s, %s", when, info, list)
						}
					}
					whole("before")
					loss.lose(w.jimm)
					if year == "2026" {
						whole("meanwhile")
						return
					}
					info, list, controllers := look()
					if info != `{"results":[{"error":{"message":"unauthorized","code":"unauthorized access"}}]}` {
						t.Errorf("ModelInfo: %s", info)
					}
					if list != `{"results":null}` {
						t.Errorf("ListModelSummaries: %s", list)
					}
					if !strings.Contains(controllers, `"ctl-a"`) {
						t.Errorf("ListControllers: %s", controllers)
					}
					loss.mend(w.jimm)
					whole("afterwards")
					if w.mode() != "ctl-a " {
						t.Errorf("the row is %s", w.mode())
					}
				})
			})
		}
	}
}

// TestBlankOwner tests a model on a controller of 4.x: JIMM of 2026 calls it in a version without an owner's tag, and
// can neither record nor import the model (recorded with 4.0.15 and 4.1-beta2).
func TestBlankOwner(t *testing.T) {
	inWorld(t, jimm.Generation2026(), nil, func(w *world) {
		w.b.answer("Admin.Login", map[string]any{
			"controller-tag": "controller-" + w.b.uuid, "server-version": "4.0.15", "servers": []any{},
			"facades": []map[string]any{{"name": "ModelManager", "versions": []int{10, 11}}},
		})
		w.b.answer("ModelManager.ModelInfo", items(map[string]any{"result": map[string]any{
			"name": "my-model", "uuid": modelUUID, "qualifier": "alice", "cloud-tag": "cloud-localhost", "life": "alive",
		}}))
		c := w.login("/api", admin)
		for method, params := range map[string]map[string]string{
			"UpdateMigratedModel": {"model-tag": "model-" + modelUUID, "target-controller": "ctl-b"},
			"ImportModel":         {"model-tag": "model-" + modelUUID, "controller": "ctl-b", "owner": "alice@canonical.com"},
		} {
			if _, err := try(w.t, c, "JIMM", 4, method, params); err == nil || !strings.Contains(err.Error(), `"" is not a valid tag`) {
				t.Errorf("%s: %v", method, err)
			}
		}
		if w.mode() != "ctl-a " {
			t.Errorf("the row is %s", w.mode())
		}
		w.jimm.UpdateModel(modelUUID, func(m *jimm.Model) { m.Mode = jimm.ModeInternal })
		w.a.answer("ModelManager.ModelInfo", itemError("redirection to alternative server required", "redirection required", map[string]string{"controller-alias": "ctl-b"}))
		if seen := call(w.t, c, "ModelManager", 10, "ModelInfo", entities("model-"+modelUUID)); !strings.Contains(seen, "internal server error") {
			t.Errorf("ModelInfo: %s", seen)
		}
		if w.mode() != "ctl-a migrating-internally" {
			t.Errorf("the row is %s", w.mode())
		}
	})
}
