package screen_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/cmd/jaas-sim/operations"
	"jimm-migrator/tests/cmd/jaas-sim/screen"
)

// clock returns a time of the day on which `juju run` of 3.6-rc1 was recorded.
func clock(t *testing.T, hours string) time.Time {
	t.Helper()
	at, err := time.Parse(time.DateTime, "2026-11-22 "+hours)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// migrated is the task that was recorded as completed.
func migrated(t *testing.T) operations.Task {
	t.Helper()
	return operations.Task{Unit: "jimm-migrator/0", Task: charmtest.Task{
		ID: "12", Action: "migrate-model", Status: charmtest.TaskCompleted,
		Enqueued: clock(t, "09:41:05"), Started: clock(t, "09:41:06"), Completed: clock(t, "09:42:43"),
		Log: []charmtest.LogMessage{
			{Time: clock(t, "09:41:07"), Message: "[1/6] resolving model"},
			{Time: clock(t, "09:41:09"), Message: "[2/6] prechecks passed: 3 machines, 2 applications, agents 3.6.11"},
		},
		Results: map[string]any{
			"outcome":     "migrated",
			"model":       map[string]any{"name": "alice@example.com/prod", "uuid": "7c1d1c0e-5f0a-4d5e-8b1a-0d6b8f8f1a55"},
			"return-code": 0.0, // as it comes from JSON
		},
	}}
}

// failed is the task that was recorded as failed.
func failed(t *testing.T) operations.Task {
	t.Helper()
	return operations.Task{Unit: "jimm-migrator/0", Task: charmtest.Task{
		ID: "13", Action: "migrate-model", Status: charmtest.TaskFailed,
		Message:  `target controller "k8s-east" has no credential for cloud "aws"`,
		Enqueued: clock(t, "10:02:09"), Started: clock(t, "10:02:10"), Completed: clock(t, "10:02:12"),
		Log: []charmtest.LogMessage{{Time: clock(t, "10:02:11"), Message: "[2/6] prechecks"}},
		Results: map[string]any{
			"error-code": "target-cloud-missing", "failed-phase": "prechecks", "outcome": "not-started", "return-code": 0.0,
		},
	}}
}

func TestTask_AsRecorded(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name             string
		task             operations.Task
		yaml, json, text string
	}{{
		name: "completed",
		task: migrated(t),
		yaml: `jimm-migrator/0:
  id: "12"
  log:
  - 2026-11-22 09:41:07 +0000 UTC [1/6] resolving model
  - '2026-11-22 09:41:09 +0000 UTC [2/6] prechecks passed: 3 machines, 2 applications,
    agents 3.6.11'
  results:
    model:
      name: alice@example.com/prod
      uuid: 7c1d1c0e-5f0a-4d5e-8b1a-0d6b8f8f1a55
    outcome: migrated
    return-code: 0
  status: completed
  timing:
    completed: 2026-11-22 09:42:43 +0000 UTC
    enqueued: 2026-11-22 09:41:05 +0000 UTC
    started: 2026-11-22 09:41:06 +0000 UTC
  unit: jimm-migrator/0
`,
		json: `{"jimm-migrator/0":{"id":"12","log":["2026-11-22 09:41:07 +0000 UTC [1/6] resolving model",` +
			`"2026-11-22 09:41:09 +0000 UTC [2/6] prechecks passed: 3 machines, 2 applications, agents 3.6.11"],` +
			`"results":{"model":{"name":"alice@example.com/prod","uuid":"7c1d1c0e-5f0a-4d5e-8b1a-0d6b8f8f1a55"},` +
			`"outcome":"migrated","return-code":0},"status":"completed","timing":{"completed":"2026-11-22 09:42:43 +0000 UTC",` +
			`"enqueued":"2026-11-22 09:41:05 +0000 UTC","started":"2026-11-22 09:41:06 +0000 UTC"},"unit":"jimm-migrator/0"}}` + "\n",
		text: "model:\n  name: alice@example.com/prod\n  uuid: 7c1d1c0e-5f0a-4d5e-8b1a-0d6b8f8f1a55\noutcome: migrated\n\n",
	}, {
		name: "failed",
		task: failed(t),
		yaml: `jimm-migrator/0:
  id: "13"
  log:
  - 2026-11-22 10:02:11 +0000 UTC [2/6] prechecks
  message: target controller "k8s-east" has no credential for cloud "aws"
  results:
    error-code: target-cloud-missing
    failed-phase: prechecks
    outcome: not-started
    return-code: 0
  status: failed
  timing:
    completed: 2026-11-22 10:02:12 +0000 UTC
    enqueued: 2026-11-22 10:02:09 +0000 UTC
    started: 2026-11-22 10:02:10 +0000 UTC
  unit: jimm-migrator/0
`,
		json: `{"jimm-migrator/0":{"id":"13","log":["2026-11-22 10:02:11 +0000 UTC [2/6] prechecks"],` +
			`"message":"target controller \"k8s-east\" has no credential for cloud \"aws\"",` +
			`"results":{"error-code":"target-cloud-missing","failed-phase":"prechecks","outcome":"not-started","return-code":0},` +
			`"status":"failed","timing":{"completed":"2026-11-22 10:02:12 +0000 UTC","enqueued":"2026-11-22 10:02:09 +0000 UTC",` +
			`"started":"2026-11-22 10:02:10 +0000 UTC"},"unit":"jimm-migrator/0"}}` + "\n",
		text: `Action id 13 failed: target controller "k8s-east" has no credential for cloud "aws"
error-code: target-cloud-missing
failed-phase: prechecks
outcome: not-started

`,
	}} {
		shown, code := screen.Task(test.task, true)
		if code != 0 {
			t.Errorf("%s: return code %d", test.name, code)
		}
		var yaml, json, text strings.Builder
		all := map[string]any{test.task.Unit: shown}
		err := errors.Join(screen.YAML(&yaml, all), screen.JSON(&json, all), screen.Plain(&text, all))
		if err != nil {
			t.Fatal(err)
		}
		for _, pair := range [][2]string{{test.yaml, yaml.String()}, {test.json, json.String()}, {test.text, text.String()}} {
			if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.name, diff)
			}
		}
	}
}

func TestPlain_OfOneTask(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		task charmtest.Task
		want string
		code int
	}{
		{"nothing", charmtest.Task{Status: "completed", Results: map[string]any{"return-code": 0.0}}, "\n", 0},
		{"not run yet", charmtest.Task{Status: "pending"}, "Task 2 pending\n\n", -1},
		{"cancelled", charmtest.Task{Status: "cancelled", Message: "action cancelled via the API"}, "Task 2 cancelled\n\n", -1},
		{"aborted", charmtest.Task{
			Status: "aborted", Message: "terminated", Results: map[string]any{"return-code": -1.0, "step": "watch"},
		}, "step: watch\n\n", -1},
		{"exit code", charmtest.Task{
			Status: "failed", Message: "exit status 1", Results: map[string]any{"return-code": 1.0},
		}, "Action id 2 failed: exit status 1\n\n", 1},
		{
			"no message",
			charmtest.Task{Status: "failed", Results: map[string]any{"return-code": 0.0}},
			"Action id 2 failed: <nil>\n\n", 0,
		},
		{"output of the process", charmtest.Task{
			Status:  "completed",
			Results: map[string]any{"return-code": 0.0, "stdout": "a\r\n\r\nb\r\n\n", "stderr": "\noh", "stdout-encoding": "utf-8"},
		}, "\na\n\nb\noh\n", 0},
		{"texts that are none in YAML", charmtest.Task{Status: "completed", Results: map[string]any{
			"bool": "yes", "number": "12", "exponent": "1e5", "signed": "1e+5", "uuid": "123e4567-e89b", "lines": "a\nb", "colon": "a: b",
			"date": "2026-11-22", "nested": map[string]any{"exponent": "12E3"},
		}}, `bool: "yes"
colon: 'a: b'
date: "2026-11-22"
exponent: 1e5
lines: |-
  a
  b
nested:
  exponent: 12E3
number: "12"
signed: "1e+5"
uuid: 123e4567-e89b

`, -1},
	} {
		test.task.ID = "2"
		shown, code := screen.Task(operations.Task{Task: test.task, Unit: "a/0"}, true)
		var out strings.Builder
		if err := screen.Plain(&out, map[string]any{"a/0": shown}); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if diff := cmp.Diff(test.want, out.String()); diff != "" || code != test.code {
			t.Errorf("%s: code %d, want %d (-want +got):\n%s", test.name, code, test.code, diff)
		}
	}
}

// As Juju's own tests have it.
func TestPlain_OfSeveralTasks(t *testing.T) {
	t.Parallel()
	all := map[string]any{}
	for i, task := range []charmtest.Task{{
		ID: "1", Status: "failed", Message: "action failed msg",
		Results: map[string]any{"outcome": "fail", "result-map": map[string]any{"message": "failed :'("}},
	}, {
		ID: "2", Status: "completed",
		Results: map[string]any{"outcome": "success", "result-map": map[string]any{"message": "pass"}, "stdout": "lost"},
	}} {
		unit := []string{"mysql/0", "mysql/1"}[i]
		all[unit], _ = screen.Task(operations.Task{Task: task, Unit: unit}, true)
	}
	var out strings.Builder
	if err := screen.Plain(&out, all); err != nil {
		t.Fatal(err)
	}
	want := `mysql/0:
  id: "1"
  message: action failed msg
  output: |
    outcome: fail
    result-map:
      message: failed :'(
  status: failed
mysql/1:
  id: "2"
  output: |
    outcome: success
    result-map:
      message: pass
  status: completed
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}

func TestLine_IsPrintedAsItIs(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	screen.Infof(&out, "%s", screen.Line(charmtest.LogMessage{Time: clock(t, "10:02:54"), Message: "50% done"}, true))
	if got := out.String(); got != "10:02:54 50% done\n" {
		t.Errorf("got %q", got)
	}
}

func TestCancelled_ShowsWhatBecameOfEachTask(t *testing.T) {
	t.Parallel()
	running, ended := migrated(t), failed(t)
	running.Status, running.Completed = charmtest.TaskAborting, time.Time{}
	absent := operations.Task{Task: charmtest.Task{ID: "99"}}
	shown := screen.Cancelled(
		[]operations.Task{running, ended, absent}, []error{nil, nil, errors.New(`action "99" not found`)},
	)
	var out strings.Builder
	if err := screen.YAML(&out, shown); err != nil {
		t.Fatal(err)
	}
	want := `actions:
- action: migrate-model
  completed at: n/a
  id: "12"
  status: aborting
  unit: jimm-migrator/0
- action: migrate-model
  completed at: "2026-11-22 10:02:12"
  id: "13"
  status: failed
  unit: jimm-migrator/0
- action: ""
  completed at: n/a
  error: action "99" not found
  id: "99"
  status: ""
  unit: ""
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}
