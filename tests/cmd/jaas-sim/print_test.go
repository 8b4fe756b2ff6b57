package main_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/charm/charmtest"
	main "jimm-migrator/tests/cmd/jaas-sim"
)

// The shapes are those of `juju run` of Juju 3.6-rc1, observed.
func TestTask_PrintsPlain(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		task charmtest.Task
		want string
	}{{
		name: "completed",
		task: charmtest.Task{ID: "2", Status: "completed", Results: map[string]any{
			"outcome": "migrated", "model": map[string]any{"uuid": "u", "name": "yes"}, "return-code": 0.0,
		}},
		want: "model:\n  name: \"yes\"\n  uuid: u\noutcome: migrated\n\n",
	}, {
		name: "without results",
		task: charmtest.Task{ID: "2", Status: "completed", Results: map[string]any{"return-code": 0.0}},
		want: "\n",
	}, {
		name: "failed",
		task: charmtest.Task{ID: "4", Status: "failed", Message: "no such model", Results: map[string]any{"outcome": "refused"}},
		want: "Action id 4 failed: no such model\noutcome: refused\n\n",
	}, {
		name: "with output of the process",
		task: charmtest.Task{ID: "6", Status: "completed", Results: map[string]any{"stdout": "a\n\nb\n", "stderr": "oh\n"}},
		want: "\na\n\nb\noh\n",
	}} {
		var out strings.Builder
		if err := main.PrintPlain(&out, test.task); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if diff := cmp.Diff(test.want, out.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestLine_IsMangledAsJujuDoes(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 10, 2, 54, 0, time.FixedZone("", 3600))
	for message, want := range map[string]string{
		"phase 1: migration started": "09:02:54 phase 1: migration started\n",
		"multi\nline":                "09:02:54 multi\nline\n",
		"50% done":                   "09:02:54 50%!d(MISSING)one\n",
	} {
		var out strings.Builder
		main.PrintLine(&out, charmtest.LogMessage{Time: at, Message: message}, true)
		if out.String() != want {
			t.Errorf("%q is printed as %q, want %q", message, out.String(), want)
		}
	}
}
