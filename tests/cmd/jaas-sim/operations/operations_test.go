package operations_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/charm"
	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/cmd/jaas-sim/operations"
)

// serve serves a unit whose action "go" logs, waits until proceed is closed,
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
		return a.SetResults(ctx, map[string]any{"place": params.Where})
	}
	changes := &operations.Changes{}
	agent := charmtest.Start(t, charmtest.Options{
		CharmDir: "testdata/charm",
		App:      &charm.App{Actions: map[string]charm.ActionFunc{"go": act}},
		OnLog:    changes.Logged,
	})
	socket := filepath.Join(t.TempDir(), "s")
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: operations.Handler(ctx, agent, changes)}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return operations.NewClient(socket)
}

func request(where any) operations.Request {
	return operations.Request{Unit: "tiny/0", Action: "go", Params: map[string]any{"where": where}}
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
	if diff := cmp.Diff(operations.Enqueued{Operation: "1", Task: "2"}, enqueued); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	for range 2 { // a second look, at the ended task, sees the same
		var lines []string
		task, err := client.Follow(t.Context(), enqueued.Task, func(line charmtest.LogMessage) {
			lines = append(lines, line.Message)
			release() // the action waits for it: the first line came while it ran
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"going to west", "there"}, lines); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
		if task.Status != charmtest.TaskCompleted || task.Result("place") != "west" {
			t.Errorf("task is %+v", task)
		}
	}
}

func TestClient_StopsFollowingAndTheTaskGoesOn(t *testing.T) {
	t.Parallel()
	proceed := make(chan struct{})
	client := serve(t.Context(), t, proceed)
	enqueued, err := client.Enqueue(t.Context(), request("west"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	_, err = client.Follow(ctx, enqueued.Task, func(charmtest.LogMessage) { stop() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("following ended with %v", err)
	}
	close(proceed)
	task, err := client.Follow(t.Context(), enqueued.Task, func(charmtest.LogMessage) {})
	if err != nil || task.Status != charmtest.TaskCompleted {
		t.Errorf("error %v, task %+v", err, task)
	}
}

func TestClient_SeesWhatIsRefused(t *testing.T) {
	t.Parallel()
	client := serve(t.Context(), t, nil)
	enqueued, err := client.Enqueue(t.Context(), request(7))
	if err != nil || enqueued.Task != "" || enqueued.Operation != "1" ||
		!strings.Contains(enqueued.Refused, "(root).where : must be of type string, given 7") {
		t.Errorf("error %v, answer %+v", err, enqueued)
	}
	for want, ask := range map[string]func() error{
		`unit "tiny/1" not found`: func() error {
			_, err := client.Enqueue(t.Context(), operations.Request{Unit: "tiny/1", Action: "go"})
			return err
		},
		`task "7" not found`: func() error {
			_, err := client.Follow(t.Context(), "7", nil)
			return err
		},
	} {
		if err := ask(); err == nil || err.Error() != want {
			t.Errorf("got error %v, want %s", err, want)
		}
	}
}

func TestClient_NoticesThatTheWorldHasGone(t *testing.T) {
	t.Parallel()
	ctx, end := context.WithCancel(t.Context())
	client := serve(ctx, t, nil)
	enqueued, err := client.Enqueue(t.Context(), request("west"))
	if err != nil {
		t.Fatal(err)
	}
	task, err := client.Follow(t.Context(), enqueued.Task, func(charmtest.LogMessage) { end() })
	if err != nil || task.Status != charmtest.TaskFailed {
		t.Errorf("error %v, task %+v", err, task)
	}
	gone := operations.NewClient(filepath.Join(t.TempDir(), "gone"))
	if _, err := gone.Enqueue(t.Context(), request("west")); err == nil {
		t.Error("no error without a server")
	}
}
