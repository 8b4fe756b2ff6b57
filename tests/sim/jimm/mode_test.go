package jimm_test

import (
	"strings"
	"testing"

	"jimm-migrator/tests/sim/jimm"
	"jimm-migrator/tests/sim/wire"
)

// TestAnswersOfControllersDecideByMode is the table of how an answer of the hosting controller changes a row of a JIMM
// of 2026, asked by a client and by the poller.
func TestAnswersOfControllersDecideByMode(t *testing.T) {
	ended := map[string]any{"status": "successful, removing", "start": "2026-07-01T10:05:00Z", "end": "2026-07-01T10:06:00Z"}
	running := map[string]any{"status": "starting", "start": "2026-07-01T10:05:00Z"}
	redirect := func(info any) any {
		return itemError("redirection to alternative server required", "redirection required", info)
	}
	alias := map[string]string{"controller-alias": "ctl-b"}
	const (
		passed   = `"result":{"name":"my-model"`
		internal = `{"message":"internal server error","code":""}`
		noRights = `{"message":"unauthorized","code":"unauthorized access"}`
		denied   = `{"message":"permission denied","code":"unauthorized access"}`
		moved    = `{"message":"redirection to alternative server required","code":"redirection required"}`
		unknown  = `{"message":"model not found","code":"model not found"}`
	)
	type outcome struct{ seen, row string }
	tests := []struct {
		name                       string
		answer                     any
		migrating, none, exporting outcome
	}{
		{
			"running", healthy(running),
			outcome{passed, "ctl-a migrating-internally"},
			outcome{passed, "ctl-a "},
			outcome{passed, "ctl-a exporting"},
		}, {
			"ended, whatever the text", healthy(ended),
			outcome{passed, "ctl-a "},
			outcome{passed, "ctl-a "},
			outcome{passed, "ctl-a exporting"},
		}, {
			"redirect to a known alias", redirect(alias),
			outcome{passed, "ctl-b "},
			outcome{moved, "ctl-a "},
			outcome{moved, "ctl-a exporting"},
		}, {
			"redirect without alias", redirect(map[string]string{"controller-tag": "controller-bbbbbbbb-0000-4000-8000-000000000002"}),
			outcome{internal, "ctl-a migrating-internally"},
			outcome{moved, "ctl-a "},
			outcome{moved, "ctl-a exporting"},
		}, {
			"redirect to an unknown alias", redirect(map[string]string{"controller-alias": "other"}),
			outcome{internal, "ctl-a migrating-internally"},
			outcome{moved, "ctl-a "},
			outcome{moved, "ctl-a exporting"},
		}, {
			"redirect without info", redirect(nil),
			outcome{internal, "ctl-a migrating-internally"},
			outcome{moved, "ctl-a "},
			outcome{moved, "ctl-a exporting"},
		}, {
			"redirect of the whole call",
			&wire.Error{Message: "redirection to alternative server required", Code: "redirection required", Info: alias},
			outcome{internal, "ctl-a migrating-internally"},
			outcome{"(redirection required)", "ctl-a "},
			outcome{"(redirection required)", "ctl-a exporting"},
		}, {
			"not found", itemError("model not found", "not found", nil),
			outcome{internal, "ctl-a migrating-internally"},
			outcome{noRights, "no row"},
			outcome{noRights, "ctl-a exporting"},
		}, {
			"unauthorized access", itemError("permission denied", "unauthorized access", nil),
			outcome{internal, "ctl-a migrating-internally"},
			outcome{denied, "no row"},
			outcome{denied, "ctl-a exporting"},
		}, {
			"model not found", itemError("model not found", "model not found", nil),
			outcome{internal, "ctl-a migrating-internally"},
			outcome{unknown, "ctl-a "},
			outcome{unknown, "ctl-a exporting"},
		},
	}
	for _, test := range tests {
		for mode, want := range map[jimm.Mode]outcome{
			jimm.ModeInternal: test.migrating, jimm.ModeNone: test.none, jimm.ModeExporting: test.exporting,
		} {
			inWorld(t, jimm.Generation2026(), nil, func(w *world) {
				t := w.t
				w.jimm.UpdateModel(modelUUID, func(m *jimm.Model) { m.Mode = mode })
				w.a.answer("ModelManager.ModelInfo", test.answer)
				w.b.answer("ModelManager.ModelInfo", healthy(nil))
				client := w.login("/api", admin)
				seen := call(t, client, "ModelManager", 10, "ModelInfo", entities(modelTag))
				if !strings.Contains(seen, want.seen) || w.mode() != want.row {
					t.Errorf("%s, mode %q: client sees %s, row %q; want %s, %q",
						test.name, mode, seen, w.mode(), want.seen, want.row)
				}
			})
			inWorld(t, jimm.Generation2026(), nil, func(w *world) {
				t := w.t
				w.jimm.UpdateModel(modelUUID, func(m *jimm.Model) { m.Mode = mode })
				w.a.answer("ModelManager.ModelInfo", test.answer)
				w.b.answer("ModelManager.ModelInfo", healthy(nil))
				w.jimm.PollOnce(t.Context())
				if w.mode() != want.row {
					t.Errorf("%s, mode %q: after a poll row %q, want %q", test.name, mode, w.mode(), want.row)
				}
			})
		}
	}
}

func TestTargetThatRefusesIsDeletedOnlyByTheNextQuestion(t *testing.T) {
	inWorld(t, jimm.Generation2026(), nil, func(w *world) {
		t := w.t
		w.jimm.UpdateModel(modelUUID, func(m *jimm.Model) { m.Mode = jimm.ModeInternal })
		w.a.answer("ModelManager.ModelInfo", itemError("redirection to alternative server required",
			"redirection required", map[string]string{"controller-alias": "ctl-b"}))
		w.b.answer("ModelManager.ModelInfo", itemError("permission denied", "unauthorized access", nil))
		client := w.login("/api", admin)
		for _, want := range []string{"ctl-b ", "no row"} {
			seen := call(t, client, "ModelManager", 9, "ModelInfo", entities(modelTag))
			if !strings.Contains(seen, "permission denied") || w.mode() != want {
				t.Errorf("client sees %s, row %q; want permission denied, %q", seen, w.mode(), want)
			}
		}
	})
}

// A model that is recorded on its target while the poller dials the source is still asked for on the source, which
// denies it. The effect depends on the mode in which the round found the row.
func TestThePollerActsByTheRowThatItHasListed(t *testing.T) {
	for mode, want := range map[jimm.Mode]string{jimm.ModeInternal: "ctl-b ", jimm.ModeNone: "no row"} {
		inWorld(t, jimm.Generation2026(), nil, func(w *world) {
			t := w.t
			w.jimm.UpdateModel(modelUUID, func(m *jimm.Model) { m.Mode = mode })
			login := w.a.answers["Admin.Login"]
			w.a.answer("Admin.Login", func(*wire.Request) (any, error) {
				w.jimm.UpdateModel(modelUUID, func(m *jimm.Model) { m.Controller, m.Mode = "ctl-b", jimm.ModeNone })
				return login, nil
			})
			w.a.answer("ModelManager.ModelInfo", itemError("permission denied", "unauthorized access", nil))
			w.jimm.PollOnce(t.Context())
			if w.mode() != want {
				t.Errorf("mode %q: row is %q, want %q", mode, w.mode(), want)
			}
		})
	}
}

func TestOldJIMMNeverChangesARowByItself(t *testing.T) {
	for _, answer := range []any{
		itemError("permission denied", "unauthorized access", nil), itemError("x", "not found", nil),
		itemError("x", "redirection required", map[string]string{"controller-alias": "ctl-b"}),
	} {
		inWorld(t, jimm.Generation2024(), nil, func(w *world) {
			t := w.t
			w.a.answer("ModelManager.ModelInfo", answer)
			client := w.login("/api", admin)
			call(t, client, "ModelManager", 9, "ModelInfo", entities(modelTag))
			if w.mode() != "ctl-a " {
				t.Errorf("row is %q", w.mode())
			}
		})
	}
}
