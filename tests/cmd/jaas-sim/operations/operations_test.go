package operations_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/tests/cmd/jaas-sim/operations"
)

// unit logs two lines and returns its parameters. Each task waits for a word
// on proceed, if there is such a channel.
type unit struct {
	proceed chan struct{}
	running atomic.Int32
}

func (u *unit) Prepare(action string, params map[string]any) (map[string]any, error) {
	if action != "wave" {
		return nil, errors.New("validation failed: no waving")
	}
	return map[string]any{"hand": params["hand"], "default": true}, nil
}

func (u *unit) Run(ctx context.Context, task string, request operations.Request, log func(string)) operations.Outcome {
	log("task " + task + " begins")
	if n := u.running.Add(1); n > 1 {
		log(fmt.Sprintf("%d tasks at once", n))
	}
	defer u.running.Add(-1)
	if u.proceed != nil {
		select {
		case <-u.proceed:
		case <-ctx.Done():
			return operations.Outcome{Status: operations.StatusFailed, Message: "terminated"}
		}
	}
	log("ends")
	return operations.Outcome{Status: operations.StatusCompleted, Results: request.Params}
}

// serve serves operations on a unix socket and returns a client.
func serve(t *testing.T, o *operations.Operations) *operations.Client {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: o.Handler()}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return operations.NewClient(socket)
}

func collect(into *[]string) func(operations.Line) {
	return func(line operations.Line) { *into = append(*into, line.Message) }
}

func TestClient_RunsAnActionInAnotherProcess(t *testing.T) {
	t.Parallel()
	u := &unit{}
	client := serve(t, operations.New(t.Context(), map[string]operations.Unit{"app/0": u}))
	enqueued, err := client.Enqueue(t.Context(), operations.Request{
		Unit: "app/0", Action: "wave", Params: map[string]any{"hand": "left"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(operations.Enqueued{Operation: "1", Task: "2"}, enqueued); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	for range 2 { // a second look sees the same
		var lines []string
		state, err := client.Follow(t.Context(), enqueued.Task, collect(&lines))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"task 2 begins", "ends"}, lines); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(map[string]any{"hand": "left", "default": true}, state.Results); diff != "" {
			t.Errorf("results (-want +got):\n%s", diff)
		}
		if state.Status != operations.StatusCompleted || state.Unit != "app/0" || !state.Done() || state.Started.IsZero() {
			t.Errorf("state is %+v", state)
		}
	}
}

func TestClient_SeesWhyAnActionIsRefused(t *testing.T) {
	t.Parallel()
	client := serve(t, operations.New(t.Context(), map[string]operations.Unit{"app/0": &unit{}}))
	for i, test := range []struct{ unit, action, want string }{
		{"app/0", "dive", "validation failed: no waving"},
		{"app/1", "wave", `unit "app/1" not found`},
	} {
		got, err := client.Enqueue(t.Context(), operations.Request{Unit: test.unit, Action: test.action})
		want := operations.Enqueued{Operation: strconv.Itoa(i + 1), Refused: test.want}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("error %v, answer (-want +got):\n%s", err, diff)
		}
	}
	if _, err := client.Follow(t.Context(), "7", nil); err == nil || !strings.Contains(err.Error(), `task "7" not found`) {
		t.Errorf("following an unknown task gives %v", err)
	}
}

func TestClient_CannotReachAModelThatIsGone(t *testing.T) {
	t.Parallel()
	client := operations.NewClient(filepath.Join(t.TempDir(), "gone"))
	if _, err := client.Enqueue(t.Context(), operations.Request{}); err == nil {
		t.Error("no error without a server")
	}
}

func TestOperations_RunOneTaskOfAUnitAtATime(t *testing.T) {
	t.Parallel()
	u := &unit{proceed: make(chan struct{})}
	o := operations.New(t.Context(), map[string]operations.Unit{"app/0": u, "app/1": &unit{}})
	var tasks []*operations.Task
	for range 3 {
		_, task, refused := o.Enqueue(operations.Request{Unit: "app/0", Action: "wave"})
		if refused != nil {
			t.Fatal(refused)
		}
		tasks = append(tasks, task)
	}
	// The other unit does not wait for them.
	_, task, refused := o.Enqueue(operations.Request{Unit: "app/1", Action: "wave"})
	if refused != nil {
		t.Fatal(refused)
	}
	if state := task.Follow(t.Context(), func(operations.Line) {}); state.Status != operations.StatusCompleted {
		t.Errorf("the other unit's task is %s", state.Status)
	}
	for range tasks {
		u.proceed <- struct{}{}
	}
	for _, task := range tasks {
		var lines []string
		task.Follow(t.Context(), collect(&lines))
		if diff := cmp.Diff([]string{"task " + task.ID + " begins", "ends"}, lines); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
	}
}

func TestOperations_EndWithTheirModel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	o := operations.New(ctx, map[string]operations.Unit{"app/0": &unit{proceed: make(chan struct{})}})
	_, running, _ := o.Enqueue(operations.Request{Unit: "app/0", Action: "wave"})
	_, waiting, _ := o.Enqueue(operations.Request{Unit: "app/0", Action: "wave"})
	cancel()
	for _, task := range []*operations.Task{running, waiting} {
		if state := task.Follow(t.Context(), func(operations.Line) {}); state.Status != operations.StatusFailed {
			t.Errorf("task %s is %s", task.ID, state.Status)
		}
	}
}
