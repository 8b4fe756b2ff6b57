package operations_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jimm-migrator/charm"
	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/cmd/jaas-sim/operations"
)

// serve serves two units whose action "go" logs, waits until proceed is closed,
// logs again and returns its parameter.
func serve(ctx context.Context, t *testing.T, proceed <-chan struct{}) *operations.Client {
	t.Helper()
	act := func(ctx context.Context, a *charm.Action) error {
		var params struct {
			Where string `json:"where"`
		}
		if err := a.Params(&params); err != nil {
			return err
		}
		a.Log(ctx, "going to "+params.Where)
		select {
		case <-proceed:
		case <-ctx.Done():
			return ctx.Err()
		}
		a.Log(ctx, "there")
		if params.Where == "nowhere" {
			return errors.New("there is no such place")
		}
		return a.SetResults(ctx, map[string]any{"place": params.Where})
	}
	options := operations.Options{Sequence: &charmtest.Sequence{}, Changes: &operations.Changes{}}
	for number := range 2 {
		options.Agents = append(options.Agents, charmtest.Start(t, charmtest.Options{
			CharmDir:   "testdata/charm",
			App:        &charm.App{Actions: map[string]charm.ActionFunc{"go": act}},
			UnitNumber: number, NotLeader: number > 0,
			OnLog: options.Changes.Logged, Sequence: options.Sequence,
		}))
	}
	socket := filepath.Join(t.TempDir(), "s")
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: operations.Handler(operations.NewModel(ctx, options))}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return operations.NewClient(socket)
}

func request(where any, receivers ...string) operations.Request {
	if len(receivers) == 0 {
		receivers = []string{"tiny/0"}
	}
	return operations.Request{Receivers: receivers, Action: "go", Params: map[string]any{"where": where}}
}

// enqueue enqueues a task and returns its id.
func enqueue(t *testing.T, client *operations.Client, request operations.Request) string {
	t.Helper()
	enqueued, err := client.Enqueue(t.Context(), request)
	if err != nil || len(enqueued.Receivers) == 0 || enqueued.Receivers[0].Task == "" {
		t.Fatalf("error %v, answer %+v", err, enqueued)
	}
	return enqueued.Receivers[0].Task
}

func TestClient_FollowsAnActionToItsEnd(t *testing.T) {
	t.Parallel()
	proceed := make(chan struct{})
	release := sync.OnceFunc(func() { close(proceed) })
	client := serve(t.Context(), t, proceed)
	enqueued, err := client.Enqueue(t.Context(), request("west"))
	if err != nil {
		t.Fatal(err)
	}
	want := operations.Enqueued{Operation: "1", Receivers: []operations.EnqueuedForUnit{{Unit: "tiny/0", Task: "2"}}}
	if diff := cmp.Diff(want, enqueued); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	for range 2 { // a second observation, at the ended task, sees the same
		var lines []string
		task, err := client.Follow(t.Context(), "2", func(line charmtest.LogMessage) {
			lines = append(lines, line.Message)
			release() // the action waits for it: the first line was printed while it ran
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"going to west", "there"}, lines); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
		if task.Status != charmtest.TaskCompleted || task.Result("place") != "west" || task.Unit != "tiny/0" {
			t.Errorf("task is %+v", task)
		}
	}
}

func TestClient_StopsFollowingAndTheTaskGoesOn(t *testing.T) {
	t.Parallel()
	proceed := make(chan struct{})
	client := serve(t.Context(), t, proceed)
	task := enqueue(t, client, request("west"))
	ctx, stop := context.WithCancel(t.Context())
	_, err := client.Follow(ctx, task, func(charmtest.LogMessage) { stop() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("following ended with %v", err)
	}
	close(proceed)
	ended, err := client.Follow(t.Context(), task, nil)
	if err != nil || ended.Status != charmtest.TaskCompleted {
		t.Errorf("error %v, task %+v", err, ended)
	}
}

func TestClient_NoticesThatTheWorldHasGone(t *testing.T) {
	t.Parallel()
	ctx, end := context.WithCancel(t.Context())
	client := serve(ctx, t, nil)
	task, err := client.Follow(t.Context(), enqueue(t, client, request("west")), func(charmtest.LogMessage) { end() })
	if err != nil || task.Status != charmtest.TaskFailed {
		t.Errorf("error %v, task %+v", err, task)
	}
	gone := operations.NewClient(filepath.Join(t.TempDir(), "gone"))
	if _, err := gone.Enqueue(t.Context(), request("west")); err == nil {
		t.Error("no error without a server")
	}
}

// The texts are those of Juju 3.6.
func TestClient_SeesWhatIsRefused(t *testing.T) {
	t.Parallel()
	client := serve(t.Context(), t, nil)
	for _, test := range []struct {
		request operations.Request
		want    string
	}{
		{request(7), "validation failed: (root).where : must be of type string, given 7"},
		{request("west", "tiny/7"), `"unit-tiny-7" not found`},
		{request("west", "huge/leader"), `could not determine leader for "huge"`},
		{operations.Request{Receivers: []string{"tiny/0"}, Action: "fly"}, `action "fly" not defined on unit "tiny/0"`},
	} {
		enqueued, err := client.Enqueue(t.Context(), test.request)
		want := []operations.EnqueuedForUnit{{Error: test.want}}
		if diff := cmp.Diff(want, enqueued.Receivers, cmpopts.IgnoreFields(operations.EnqueuedForUnit{}, "Unit", "Task")); err != nil || diff != "" {
			t.Errorf("error %v, answer (-want +got):\n%s", err, diff)
		}
		op, err := client.Operation(t.Context(), enqueued.Operation)
		if err != nil || op.Status != "error" || op.Fail != "error(s) enqueueing action(s): "+test.want {
			t.Errorf("error %v, operation %+v", err, op)
		}
	}
	for want, ask := range map[string]func() error{
		"id not found": func() error {
			_, err := client.Task(t.Context(), "99")
			return err
		},
		`action "99" not found`: func() error {
			_, err := client.Cancel(t.Context(), "99")
			return err
		},
		"operation 99 not found": func() error {
			_, err := client.Operation(t.Context(), "99")
			return err
		},
	} {
		if err := ask(); err == nil || err.Error() != want {
			t.Errorf("got error %v, want %s", err, want)
		}
	}
}

func TestModel_RunsTheTasksOfAUnitInTheirOrder(t *testing.T) {
	t.Parallel()
	proceed := make(chan struct{})
	client := serve(t.Context(), t, proceed)
	first := enqueue(t, client, request("west", "tiny/leader"))
	second := enqueue(t, client, request("east"))
	third := enqueue(t, client, request("south"))
	if _, err := client.Cancel(t.Context(), second); err != nil {
		t.Error(err)
	}
	waiting, err := client.Task(t.Context(), third)
	if err != nil || waiting.Status != charmtest.TaskPending {
		t.Errorf("error %v, task %+v", err, waiting)
	}
	close(proceed)
	for id, want := range map[string]charmtest.TaskStatus{
		first: charmtest.TaskCompleted, second: charmtest.TaskCancelled, third: charmtest.TaskCompleted,
	} {
		if task, err := client.Follow(t.Context(), id, nil); err != nil || task.Status != want {
			t.Errorf("error %v, task %+v, want it %s", err, task, want)
		}
	}
}

func TestModel_StopsFollowingATaskThatAborts(t *testing.T) {
	t.Parallel()
	client := serve(t.Context(), t, nil)
	id := enqueue(t, client, request("west"))
	task, err := client.Follow(t.Context(), id, func(charmtest.LogMessage) {
		if task, err := client.Cancel(t.Context(), id); err != nil || task.Status != charmtest.TaskAborting {
			t.Errorf("error %v, task %+v", err, task)
		}
	})
	if err != nil || task.Status != charmtest.TaskAborting && task.Status != charmtest.TaskAborted {
		t.Errorf("error %v, task %+v", err, task)
	}
	for range 2 { // the second one is not an error either
		if _, err := client.Cancel(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
}

func TestModel_StatusOfAnOperationOnTwoUnits(t *testing.T) {
	t.Parallel()
	proceed := make(chan struct{})
	client := serve(t.Context(), t, proceed)
	both, err := client.Enqueue(t.Context(), request("nowhere", "tiny/0", "tiny/1"))
	if err != nil {
		t.Fatal(err)
	}
	one, err := client.Enqueue(t.Context(), request("west", "tiny/1", "tiny/9"))
	if err != nil {
		t.Fatal(err)
	}
	whileItRuns := sync.OnceFunc(func() {
		op, err := client.Operation(t.Context(), both.Operation)
		if err != nil || op.Status != "running" || op.Started.IsZero() || !op.Completed.IsZero() {
			t.Errorf("error %v, operation %+v", err, op)
		}
		close(proceed)
	})
	_, err = client.Follow(t.Context(), "2", func(charmtest.LogMessage) { whileItRuns() })
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range []string{"3", "5"} {
		if _, err := client.Follow(t.Context(), task, nil); err != nil {
			t.Fatal(err)
		}
	}
	found, err := client.Operations(t.Context(), operations.Query{})
	if err != nil {
		t.Fatal(err)
	}
	want := []operations.Operation{{
		ID: "1", Summary: "go run on unit-tiny-0,unit-tiny-1", Status: "failed", Tasks: []operations.Task{
			{Unit: "tiny/0", Task: charmtest.Task{ID: "2", Status: "failed", Message: "there is no such place"}},
			{Unit: "tiny/1", Task: charmtest.Task{ID: "3", Status: "failed", Message: "there is no such place"}},
		},
	}, {
		ID: one.Operation, Summary: "go run on unit-tiny-1,unit-tiny-9", Status: "error",
		Fail:  `error(s) enqueueing action(s): "unit-tiny-9" not found`,
		Tasks: []operations.Task{{Unit: "tiny/1", Task: charmtest.Task{ID: "5", Status: "completed"}}},
	}}
	ignored := cmp.Options{
		cmpopts.IgnoreTypes(time.Time{}), cmpopts.IgnoreFields(charmtest.Task{}, "Operation", "Action", "Params"),
	}
	if diff := cmp.Diff(want, found, ignored); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
	for _, op := range found {
		if op.Enqueued.IsZero() || op.Started.IsZero() || op.Completed.IsZero() {
			t.Errorf("times are missing: %+v", op)
		}
	}
}

// Juju counts the texts of refusals, not the units that are refused.
func TestModel_HasAnErrorAfterTheSameRefusalTwice(t *testing.T) {
	t.Parallel()
	client := serve(t.Context(), t, nil)
	enqueued, err := client.Enqueue(t.Context(), request(7, "tiny/0", "tiny/1"))
	if err != nil {
		t.Fatal(err)
	}
	op, err := client.Operation(t.Context(), enqueued.Operation)
	if err != nil || op.Status != "error" || op.Fail == "" || len(op.Tasks) != 2 {
		t.Errorf("error %v, operation %+v", err, op)
	}
}

func TestModel_SelectsOperations(t *testing.T) {
	t.Parallel()
	proceed := make(chan struct{})
	close(proceed)
	client := serve(t.Context(), t, proceed)
	for _, where := range []string{"west", "nowhere"} {
		for _, unit := range []string{"tiny/0", "tiny/1"} {
			if _, err := client.Follow(t.Context(), enqueue(t, client, request(where, unit)), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, test := range []struct {
		query operations.Query
		want  []string
	}{
		{operations.Query{}, []string{"1", "3", "5", "7"}},
		{operations.Query{Units: []string{"tiny/1"}}, []string{"3", "7"}},
		{operations.Query{Applications: []string{"tiny"}, Status: []string{"failed"}}, []string{"5", "7"}},
		{operations.Query{Applications: []string{"huge"}}, nil},
		{operations.Query{Actions: []string{"fly"}}, nil},
		{operations.Query{Actions: []string{"fly", "go"}, Units: []string{"tiny/0"}, Status: []string{"completed"}}, []string{"1"}},
	} {
		found, err := client.Operations(t.Context(), test.query)
		var got []string
		for _, op := range found {
			got = append(got, op.ID)
		}
		if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
			t.Errorf("%+v: error %v, operations (-want +got):\n%s", test.query, err, diff)
		}
	}
}
