package charmtest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jimm-migrator/charm"
	"jimm-migrator/charm/charmtest"
)

// The result in Juju 3.6 of each way in which dispatch can end.
func TestHowATaskEnds(t *testing.T) {
	const fail = "M"
	failed := step{Call: []string{"action-fail", "--", fail}, Quiet: true}
	writes := []step{
		{Call: []string{"state-set", "k=v"}, Quiet: true},
		{Call: []string{"action-set", "a.b=1"}, Quiet: true},
		{Call: []string{"action-log", "--", "said"}, Quiet: true},
		{Call: []string{"status-set", "blocked", "kept"}, Quiet: true},
	}
	for _, test := range []struct {
		name    string
		steps   []step
		process bool // only as a process
		status  charmtest.TaskStatus
		message string
		code    int
		kept    bool // transactional writes
	}{
		{name: "exit 0", status: charmtest.TaskCompleted, kept: true},
		{name: "action-fail, exit 0", steps: []step{failed}, status: charmtest.TaskFailed, message: fail, kept: true},
		{name: "action-fail, exit 1", steps: []step{failed, {Exit: 1}}, status: charmtest.TaskFailed, message: "exit status 1", code: 1},
		{name: "exit 3", steps: []step{{Exit: 3}}, status: charmtest.TaskFailed, message: "exit status 3", code: 3},
		{name: "panic", steps: []step{{Do: "panic"}}, status: charmtest.TaskFailed, message: "exit status 2", code: 2},
		{name: "killed", steps: []step{{Signal: int(syscall.SIGKILL)}}, process: true, status: charmtest.TaskFailed, message: "terminated", code: -1},
		{
			name:   "two reasons",
			steps:  []step{failed, {Call: []string{"action-fail", "--", "later"}, Quiet: true}, {Call: []string{"action-set", "late=1"}, Quiet: true}},
			status: charmtest.TaskFailed, message: "later", kept: true,
		},
	} {
		for _, way := range ways {
			if test.process && !way.process {
				continue
			}
			t.Run(test.name+"/"+way.name, func(t *testing.T) {
				t.Parallel()
				agent, _ := way.start(t, map[string][]step{"actions/move": append(slices.Clip(writes), test.steps...)}, charmtest.Options{})
				task, err := agent.RunAction(t.Context(), "move", map[string]any{"model": "m"})
				if err != nil {
					t.Fatal(err)
				}
				code, _ := task.ReturnCode()
				if task.Status != test.status || task.Message != test.message || code != test.code {
					t.Errorf("got %s %q %d, want %s %q %d", task.Status, task.Message, code, test.status, test.message, test.code)
				}
				if _, ok := task.Results["return-code"].(int); !ok {
					t.Errorf("return-code is %T, want int", task.Results["return-code"])
				}
				if got := agent.State()["k"] == "v"; got != test.kept {
					t.Errorf("state kept: %v, want %v", got, test.kept)
				}
				// Results, progress and status are kept whatever happens.
				if task.Result("a.b") != "1" || len(task.Log) != 1 || agent.Status() != (charmtest.Status{Status: "blocked", Message: "kept"}) {
					t.Errorf("lost: results %v, log %v, status %v", task.Results, task.Log, agent.Status())
				}
			})
		}
	}
}

func TestWhatIsEnqueued(t *testing.T) {
	agent, _ := ways[0].start(t, nil, charmtest.Options{})
	for _, test := range []struct {
		action string
		params map[string]any
		want   string
	}{
		{"move", nil, `validation failed: (root) : "model" property is missing and required, given {}`},
		{"move", map[string]any{"model": 1}, `validation failed: (root).model : must be of type string, given 1`},
		{
			"move",
			map[string]any{"model": "m", "bogus": "x"},
			`validation failed: (root) : additional property "bogus" is not allowed, given {"bogus":"x","model":"m"}`,
		},
		{"move", map[string]any{"model": "m", "mode": "c"}, `validation failed: (root).mode : must match one of the enum values ["a","b"], given "c"`},
		{"nope", nil, `action "nope" not defined on unit "mover/0"`},
	} {
		_, err := agent.Enqueue(test.action, test.params)
		refusal, ok := errors.AsType[*charmtest.EnqueueError](err)
		if !ok || refusal.Message != test.want {
			t.Errorf("%s %v: got %v, want %q", test.action, test.params, err, test.want)
			continue
		}
		task, err := agent.Task(refusal.Task)
		if err != nil || task.Status != charmtest.TaskError || task.Message != test.want {
			t.Errorf("refused task %+v, %v", task, err)
		}
	}
	id, err := agent.Enqueue("move", map[string]any{"model": "m"})
	if err != nil {
		t.Fatal(err)
	}
	task, err := agent.Task(id)
	if err != nil {
		t.Fatal(err)
	}
	want := charmtest.Task{
		ID: "12", Operation: "11", // operations and tasks share a sequence, refused ones take part
		Action: "move", Status: charmtest.TaskPending,
		Params: map[string]any{"model": "m", "retries": 3.0, "nested": map[string]any{"deep": "down"}},
	}
	if diff := cmp.Diff(want, task, cmpopts.IgnoreFields(charmtest.Task{}, "Enqueued")); diff != "" {
		t.Errorf("wrong task (-want +got):\n%s", diff)
	}
	if task.Enqueued.Nanosecond() != 0 || task.Enqueued.IsZero() {
		t.Errorf("enqueued at %v, want whole seconds", task.Enqueued)
	}
}

func TestOnlyTheFirst1001MessagesAreKept(t *testing.T) {
	logged := 0
	opts := charmtest.Options{OnLog: func(string, charmtest.LogMessage) { logged++ }}
	agent, transcript := ways[0].start(t, map[string][]step{
		"actions/look": {{Call: []string{"action-log", "--", "m"}, Times: 1005}},
	}, opts)
	task, err := agent.RunAction(t.Context(), "look", nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(task.Log) != 1001 || logged != 1001 {
		t.Errorf("%d messages kept, %d passed to OnLog, want 1001", len(task.Log), logged)
	}
	if strings.Contains(transcript.String(), "!") {
		t.Error("the tool has complained: Juju drops messages silently")
	}
	if got := agent.Careless(); len(got) != 1 || !strings.Contains(got[0], "1001 messages") {
		t.Errorf("Careless says %q, want one complaint about lost messages", got)
	}
}

func TestResultsMergeAsPaths(t *testing.T) {
	agent, _ := ways[0].start(t, map[string][]step{"actions/look": {
		{Call: []string{"action-set", "foo.bar=1", "keep=\xff", "return-code=77"}},
		{Call: []string{"action-set", "foo=2"}},
		{Call: []string{"action-set", "foo.bar=3", "multi=a\nb=c"}},
		{Call: []string{"action-set", "good=1", "Bad=1"}},
	}}, charmtest.Options{})
	task, err := agent.RunAction(t.Context(), "look", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"foo": map[string]any{"bar": "3"}, "keep": "\ufffd", "multi": "a\nb=c", "return-code": 0}
	if diff := cmp.Diff(want, task.Results); diff != "" {
		t.Errorf("wrong results (-want +got):\n%s", diff)
	}
}

func TestStatusSetIsSeenByTheNextDispatchOnly(t *testing.T) {
	opts := charmtest.Options{}
	var seen []string
	opts.OnStatus = func(s charmtest.StatusChange) { seen = append(seen, s.Event+": "+s.Status.Status+" "+s.Message) }
	agent, transcript := ways[0].start(t, map[string][]step{
		"actions/look": {
			{Call: []string{"status-get"}},
			{Call: []string{"status-set", "active", "now"}},
			{Call: []string{"status-get"}},
		},
		"hooks/update-status": {{Call: []string{"status-get"}}},
	}, opts)
	if _, err := agent.RunAction(t.Context(), "look", nil); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(transcript.String(), "active\n") {
		t.Errorf("the dispatch sees its own status:\n%s", transcript)
	}
	transcript.Reset()
	if _, err := agent.RunHook(t.Context(), "update-status"); err != nil {
		t.Fatal(err)
	}
	if want := "> [\"status-get\"]\nactive\n"; transcript.String() != want {
		t.Errorf("got %q, want %q", transcript, want)
	}
	if diff := cmp.Diff([]string{"look: active now"}, seen); diff != "" {
		t.Errorf("wrong statuses passed to OnStatus (-want +got):\n%s", diff)
	}
}

func TestACommitThatFails(t *testing.T) {
	agent, _ := ways[0].start(t, map[string][]step{"actions/look": {{Call: []string{"state-set", "a=1"}}}}, charmtest.Options{})
	agent.FailCommit(errors.New("connection is shut down"))
	task, err := agent.RunAction(t.Context(), "look", nil)
	if err != nil {
		t.Fatal(err)
	}
	code, _ := task.ReturnCode()
	if task.Status != charmtest.TaskFailed || task.Message != "committing requested changes failed" ||
		code != 0 || task.Result("stderr") != "connection is shut down" {
		t.Errorf("got %+v", task)
	}
	if len(agent.State()) != 0 {
		t.Errorf("state was kept: %v", agent.State())
	}
}

func TestTooMuchStateFailsTheCommit(t *testing.T) {
	opts := charmtest.Options{MaxStateSize: 100}
	agent, _ := ways[0].start(t, map[string][]step{"actions/look": {{Call: []string{"state-set", "a=" + strings.Repeat("x", 100)}}}}, opts)
	task, err := agent.RunAction(t.Context(), "look", nil)
	if err != nil || task.Result("stderr") != "max allowed size (100) exceeded" {
		t.Errorf("got %+v, %v", task, err)
	}
}

func TestCancelBeforeItRuns(t *testing.T) {
	agent, _ := ways[0].start(t, nil, charmtest.Options{})
	id, err := agent.Enqueue("look", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := agent.Cancel(id); err != nil {
		t.Fatal(err)
	}
	task, err := agent.Task(id)
	if err != nil || task.Status != charmtest.TaskCancelled || task.Message != "action cancelled via the API" || task.Results != nil {
		t.Errorf("got %+v, %v", task, err)
	}
	if _, err := agent.RunTask(t.Context(), id); err == nil {
		t.Error("a cancelled task was run")
	}
	if err := agent.Cancel(id); err == nil {
		t.Error("a cancelled task was cancelled again")
	}
}

func TestOneThingAtATime(t *testing.T) {
	running, most := 0, 0
	agent, err := charmtest.New(charmtest.Options{
		CharmDir: charmDir(t, nil),
		Func: func(context.Context, []string, charm.Runner) int {
			running++ // races, for the race detector, if two run at once
			most = max(most, running)
			running--
			return 0
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 20)
	for i := range 20 {
		go func() {
			var err error
			if i%2 == 0 {
				_, err = agent.RunHook(t.Context(), "update-status")
			} else {
				_, err = agent.RunAction(t.Context(), "look", nil)
			}
			done <- err
		}()
	}
	for range 20 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if most != 1 {
		t.Errorf("%d at once", most)
	}
}

func TestToolsOfADispatchThatIsOverAreRefused(t *testing.T) {
	var kept charm.Runner
	agent, err := charmtest.New(charmtest.Options{
		CharmDir: charmDir(t, nil),
		Func: func(_ context.Context, _ []string, tools charm.Runner) int {
			kept = tools
			return 0
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := agent.RunHook(t.Context(), "update-status"); err != nil {
		t.Fatal(err)
	}
	for _, runner := range []charm.Runner{kept, agent} {
		_, err = runner.Run(t.Context(), charm.ToolCall{Tool: "is-leader"})
		refused, ok := errors.AsType[*charm.ToolError](err)
		if !ok || refused.ExitCode != 1 || !refused.AgentGone() {
			t.Errorf("got %v, want the agent to be gone", err)
		}
	}
}

func TestWhatTheKernelRefuses(t *testing.T) {
	var got []error
	agent, err := charmtest.New(charmtest.Options{
		CharmDir: charmDir(t, nil),
		Func: func(ctx context.Context, _ []string, tools charm.Runner) int {
			for _, call := range []charm.ToolCall{
				{Tool: "action-set", Args: []string{"--", "a=" + strings.Repeat("x", 131_069)}},
				{Tool: "action-set", Args: []string{"--", "a=" + strings.Repeat("x", 131_070)}},
				{Tool: "action-log", Args: []string{"--", "a\x00b"}},
				{Tool: "no-such-tool"},
			} {
				_, err := tools.Run(ctx, call)
				got = append(got, err)
			}
			return 0
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := agent.RunAction(t.Context(), "look", nil); err != nil {
		t.Fatal(err)
	}
	if got[0] != nil || !errors.Is(got[1], syscall.E2BIG) || !errors.Is(got[2], syscall.EINVAL) || got[3] == nil {
		t.Errorf("got %v", fmt.Sprint(got))
	}
}

// Several units of a model number their tasks together, and an operation may
// have tasks on each.
func TestUnitsShareASequence(t *testing.T) {
	opts := charmtest.Options{Sequence: &charmtest.Sequence{}}
	first, _ := ways[0].start(t, nil, opts)
	opts.UnitNumber, opts.NotLeader = 1, true
	second, _ := ways[0].start(t, nil, opts)
	operation := opts.Sequence.Next()
	for i, agent := range []*charmtest.Agent{first, second} {
		id, err := agent.EnqueueIn(operation, "look", nil)
		if err != nil {
			t.Fatal(err)
		}
		task, err := agent.RunTask(t.Context(), id)
		if want := strconv.Itoa(2 + i); err != nil || task.ID != want || task.Operation != "1" || task.Status != charmtest.TaskCompleted {
			t.Errorf("error %v, task %+v, want %s of operation 1", err, task, want)
		}
	}
}

// However early a cancel comes, it ends the task.
func TestCancelAtAnyMoment(t *testing.T) {
	agent, _ := ways[0].start(t, map[string][]step{"actions/look": {{Do: "block"}}}, charmtest.Options{})
	for i := range 200 {
		id, err := agent.Enqueue("look", nil)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan charmtest.Task, 1)
		go func() {
			task, err := agent.RunTask(t.Context(), id)
			if err != nil { // cancelled before
				task, _ = agent.Task(id)
			}
			ended <- task
		}()
		for task := (charmtest.Task{}); i%2 == 1 && task.Status != charmtest.TaskRunning; task, _ = agent.Task(id) {
			runtime.Gosched() // until the moment in which it begins
		}
		if err := agent.Cancel(id); err != nil {
			t.Fatal(err)
		}
		if task := <-ended; task.Status != charmtest.TaskAborted && task.Status != charmtest.TaskCancelled {
			t.Fatalf("got %+v", task)
		}
	}
}
