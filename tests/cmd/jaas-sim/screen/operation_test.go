package screen_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/cmd/jaas-sim/operations"
	"jimm-migrator/tests/cmd/jaas-sim/screen"
)

func TestOperation_AsRecorded(t *testing.T) {
	t.Parallel()
	task := migrated(t)
	task.Params = map[string]any{"model": "prod", "timeout": "60m", "limit": 5.0}
	op := operations.Operation{
		ID: "5", Summary: "migrate-model run on unit-jimm-migrator-0", Status: "completed", Tasks: []operations.Task{task},
		Enqueued: task.Enqueued, Started: task.Started, Completed: task.Completed,
	}
	want := `summary: migrate-model run on unit-jimm-migrator-0
status: completed
action:
  name: migrate-model
  parameters:
    limit: 5
    model: prod
    timeout: 60m
timing:
  enqueued: 2026-11-22 09:41:05 +0000 UTC
  started: 2026-11-22 09:41:06 +0000 UTC
  completed: 2026-11-22 09:42:43 +0000 UTC
tasks:
  "12":
    host: jimm-migrator/0
    status: completed
    timing:
      enqueued: 2026-11-22 09:41:05 +0000 UTC
      started: 2026-11-22 09:41:06 +0000 UTC
      completed: 2026-11-22 09:42:43 +0000 UTC
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
`
	var out strings.Builder
	if err := screen.YAML(&out, screen.Operation(op, true)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("operation (-want +got):\n%s", diff)
	}
}

func TestOperation_WithoutTasksOrWithDifferentOnes(t *testing.T) {
	t.Parallel()
	refused := operations.Operation{
		ID: "1", Summary: "go run on unit-a-7", Status: "error", Fail: `error(s) enqueueing action(s): unit "a/7" not found`,
		Enqueued: clock(t, "10:00:00"),
	}
	mixed := operations.Operation{ID: "3", Summary: "s", Status: "pending", Tasks: []operations.Task{
		{Unit: "a/0", Task: charmtest.Task{ID: "10", Action: "go", Params: map[string]any{"a": "b"}}},
		{Unit: "a/1", Task: charmtest.Task{ID: "9", Action: "go"}},
	}}
	var out strings.Builder
	for _, op := range []operations.Operation{refused, mixed} {
		if err := screen.JSON(&out, screen.Operation(op, true)); err != nil {
			t.Fatal(err)
		}
	}
	want := `{"summary":"go run on unit-a-7","status":"error",` +
		`"fail":"error(s) enqueueing action(s): unit \"a/7\" not found","timing":{"enqueued":"2026-11-22 10:00:00 +0000 UTC"}}` + "\n" +
		`{"summary":"s","status":"pending","timing":{},"tasks":{"10":{"name":"go","host":"a/0","status":"","timing":{}},` +
		`"9":{"name":"go","host":"a/1","status":"","timing":{}}}}` + "\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
}

// The layout is that of Juju's own tests.
func TestTable_LinesUp(t *testing.T) {
	t.Parallel()
	ids := func(ids ...string) (tasks []operations.Task) {
		for _, id := range ids {
			tasks = append(tasks, operations.Task{Task: charmtest.Task{ID: id}})
		}
		return tasks
	}
	found := []operations.Operation{
		{ID: "1", Summary: "operation 1", Status: "error", Tasks: ids("2")},
		{ID: "3", Summary: "operation 3", Status: "running", Completed: clock(t, "06:06:06"), Tasks: ids("4")},
		{ID: "10", Summary: "operation 10", Status: "completed", Started: clock(t, "06:06:06"), Tasks: ids("2", "3", "4", "5", "6", "7")},
	}
	want := `ID  Status     Started              Finished             Task IDs      Summary
 1  error                                                2             operation 1
 3  running                         2026-11-22T06:06:06  4             operation 3
10  completed  2026-11-22T06:06:06                       2,3,4,5,6...  operation 10
`
	var out strings.Builder
	if err := screen.Table(&out, found, true); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}
