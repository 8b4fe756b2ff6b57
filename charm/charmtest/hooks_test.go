package charmtest_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jimm-migrator/charm"
	"jimm-migrator/charm/charmtest"
)

func TestHooksOfANewUnit(t *testing.T) {
	for _, test := range []struct {
		opts     charmtest.Options
		hooks    string
		statuses []charmtest.StatusChange
	}{
		{
			charmtest.Options{},
			"install leader-elected config-changed start",
			[]charmtest.StatusChange{
				{Status: charmtest.Status{Status: "maintenance", Message: "installing charm software"}},
				{Status: charmtest.Status{Status: "unknown"}},
			},
		},
		{
			charmtest.Options{NotLeader: true},
			"install config-changed start",
			[]charmtest.StatusChange{
				{Status: charmtest.Status{Status: "maintenance", Message: "installing charm software"}},
				{Status: charmtest.Status{Status: "unknown"}},
			},
		},
	} {
		var hooks []string
		opts := test.opts
		opts.CharmDir = charmDir(t, nil)
		opts.Func = func(_ context.Context, env []string, _ charm.Runner) int {
			name, _ := charmtest.Lookup(env)("JUJU_HOOK_NAME")
			hooks = append(hooks, name)
			return 0
		}
		agent := charmtest.Start(t, opts)
		if err := agent.Install(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(hooks, " "); got != test.hooks {
			t.Errorf("hooks %q, want %q", got, test.hooks)
		}
		if diff := cmp.Diff(test.statuses, agent.Statuses(), cmpopts.IgnoreFields(charmtest.StatusChange{}, "Time")); diff != "" {
			t.Errorf("wrong statuses (-want +got):\n%s", diff)
		}
	}
}

func TestEndOfAUnit(t *testing.T) {
	opts := charmtest.Options{CharmDir: charmDir(t, nil), Func: func(ctx context.Context, _ []string, tools charm.Runner) int {
		_, _ = tools.Run(ctx, charm.ToolCall{Tool: "status-set", Args: []string{"--", "active", "still here"}})
		return 0
	}}
	agent := charmtest.Start(t, opts)
	for _, hook := range []string{"stop", "remove"} {
		if result, err := agent.RunHook(t.Context(), hook); err != nil || result.Failed() {
			t.Fatal(result, err)
		}
	}
	var got []charmtest.Status
	for _, change := range agent.Statuses() {
		got = append(got, change.Status)
	}
	want := []charmtest.Status{
		{Status: "maintenance", Message: "stopping charm software"},
		{Status: "active", Message: "still here"},
		{Status: "maintenance"},
		{Status: "maintenance", Message: "cleaning up prior to charm deletion"},
		{Status: "active", Message: "still here"},
		{Status: "terminated"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
}

func TestAFailedHookStopsTheUnit(t *testing.T) {
	agent, _ := ways[0].start(t, map[string][]step{
		"hooks/config-changed": {
			{Call: []string{"status-set", "active", "set"}},
			{Call: []string{"application-version-set", "1.2"}},
			{Call: []string{"state-set", "a=1"}},
			{Call: []string{"relation-set", "-r", "0", "a=1"}},
			{Exit: 1},
		},
		"actions/look":        {},
		"hooks/upgrade-charm": {{Call: []string{"relation-set", "-r", "0", "a=2"}}},
	}, charmtest.Options{Relations: []charmtest.Relation{{Endpoint: "jimm", RemoteApp: "jimm-k8s"}}})
	err := agent.Install(t.Context())
	if err == nil || err.Error() != `hook failed: "config-changed": exit status 1` {
		t.Fatalf("got %v", err)
	}
	wantStatus := charmtest.Status{Status: "error", Message: `hook failed: "config-changed"`}
	if agent.Status() != wantStatus || agent.AgentStatus() != wantStatus {
		t.Errorf("statuses %v and %v", agent.Status(), agent.AgentStatus())
	}
	// Immediate writes have been kept, transactional ones have not.
	if agent.WorkloadVersion() != "1.2" || len(agent.State()) != 0 || len(agent.LocalData(0, false)) != 0 {
		t.Errorf("version %q, state %v, relation data %v", agent.WorkloadVersion(), agent.State(), agent.LocalData(0, false))
	}
	if _, err := agent.RunHook(t.Context(), "start"); err == nil {
		t.Error("another hook was run although the unit is in error")
	}
	if task, err := agent.RunAction(t.Context(), "look", nil); err != nil || task.Status != charmtest.TaskCompleted {
		t.Errorf("actions still run: %+v, %v", task, err)
	}
	if _, err := agent.RunHook(t.Context(), "config-changed"); err != nil {
		t.Errorf("the same hook may be tried again: %v", err)
	}
	agent.Resolve()
	if got := agent.Status(); got.Message != "set" {
		t.Errorf("status %v after the resolve", got)
	}
	if err := agent.Upgrade(t.Context()); err == nil {
		t.Error("config-changed still fails")
	}
	if diff := cmp.Diff(map[string]string{"a": "2"}, agent.LocalData(0, false)); diff != "" {
		t.Errorf("wrong relation data (-want +got):\n%s", diff)
	}
}

func TestATerminatedHookIsNoError(t *testing.T) {
	agent, _ := asProcesses.start(t, map[string][]step{"hooks/config-changed": {{Signal: 9}}}, charmtest.Options{})
	result, err := agent.RunHook(t.Context(), "config-changed")
	if err != nil || result.Error != "terminated" || result.ExitCode != -1 {
		t.Errorf("got %+v, %v", result, err)
	}
	if agent.Status().Status == "error" {
		t.Error("the unit is in error: Juju queues the hook again instead")
	}
}

func TestACommitThatFailsFailsTheHook(t *testing.T) {
	agent, _ := ways[0].start(t, map[string][]step{"hooks/config-changed": {}}, charmtest.Options{})
	agent.FailCommit(context.DeadlineExceeded)
	result, err := agent.RunHook(t.Context(), "config-changed")
	if err != nil || result.Error != context.DeadlineExceeded.Error() {
		t.Errorf("got %+v, %v", result, err)
	}
	if result, err = agent.RunHook(t.Context(), "config-changed"); err != nil || result.Failed() {
		t.Errorf("the second time: %+v, %v", result, err)
	}
}

func TestImpossibleHooksAreRefused(t *testing.T) {
	agent, _ := ways[0].start(t, nil, func() charmtest.Options { o := scenario(); o.NotLeader = true; return o }())
	for _, test := range []struct {
		hook   string
		detail charmtest.HookDetails
		want   string
	}{
		{"confg-changed", charmtest.HookDetails{}, "Juju has no such hook"},
		{"leader-elected", charmtest.HookDetails{}, "not the leader"},
		{"start", charmtest.HookDetails{RemoteUnit: "a/0"}, "takes no details"},
		{"nope-relation-changed", charmtest.HookDetails{}, "Juju has no such hook"},
		{"jimm-relation-updated", charmtest.HookDetails{RemoteUnit: "jimm-k8s/0"}, "Juju has no such hook"},
		{"jimm-relation-joined", charmtest.HookDetails{}, `has no unit ""`},
		{"jimm-relation-changed", charmtest.HookDetails{RemoteUnit: "jimm-k8s/7"}, `has no unit "jimm-k8s/7"`},
		{"jimm-relation-changed", charmtest.HookDetails{Relation: 3}, "has no relation 3"},
		{"jimm-relation-broken", charmtest.HookDetails{RemoteUnit: "jimm-k8s/0"}, "has no remote unit"},
		{"secret-changed", charmtest.HookDetails{Secret: "secret:9m4e2mr0ui3e8a215n00"}, "there is no secret"},
		{"secret-changed", charmtest.HookDetails{Secret: userSecret}, "has never read"},
		{"secret-rotate", charmtest.HookDetails{Secret: userSecret}, "does not own"},
		{"workload-pebble-ready", charmtest.HookDetails{}, "Juju has no such hook"},
	} {
		if _, err := agent.RunHook(t.Context(), test.hook, test.detail); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s %+v: got %v, want %q", test.hook, test.detail, err, test.want)
		}
	}
}

func TestImpossibleScenariosAreRefused(t *testing.T) {
	for _, test := range []struct {
		name string
		opts charmtest.Options
		want string
	}{
		{"unknown option", charmtest.Options{Config: map[string]any{"nope": 1}}, `unknown option "nope"`},
		{"wrong type", charmtest.Options{Config: map[string]any{"debug": "yes"}}, `option "debug" expected boolean, got "yes"`},
		{"no secret", charmtest.Options{Config: map[string]any{"creds": "foo"}}, `option "creds" expected secret, got "foo"`},
		{"secret id", charmtest.Options{Secrets: []charmtest.Secret{{ID: "short", Content: map[string]string{"key": "v"}}}}, `secret "short": an id has 20 characters`},
		{"secret twice", charmtest.Options{Secrets: []charmtest.Secret{
			{ID: userSecret, Content: map[string]string{"key": "v"}}, {ID: userSecret, Content: map[string]string{"key": "v"}},
		}}, "is there twice"},
		{"endpoint", charmtest.Options{Relations: []charmtest.Relation{{Endpoint: "nope", RemoteApp: "x"}}}, `endpoint "nope", which the charm does not have`},
		{"no remote", charmtest.Options{Relations: []charmtest.Relation{{Endpoint: "jimm"}}}, "without a remote application"},
		{"peer with remote", charmtest.Options{Relations: []charmtest.Relation{{Endpoint: "movers", RemoteApp: "x"}}}, "with a remote application"},
		{"foreign unit", charmtest.Options{Relations: []charmtest.Relation{
			{Endpoint: "jimm", RemoteApp: "x", Units: map[string]map[string]string{"y/0": nil}},
		}}, `not one of "x"`},
		{"relation twice", charmtest.Options{Relations: []charmtest.Relation{
			{ID: 5, Endpoint: "jimm", RemoteApp: "x"}, {ID: 5, Endpoint: "other", RemoteApp: "y"},
		}}, "relation 5 is there twice"},
		{"old Juju", charmtest.Options{JujuVersion: "3.5.4"}, "charm requires Juju version >= 3.6.0, model has version 3.5.4"},
		{"two ways", charmtest.Options{App: &charm.App{}, Dispatch: "x"}, "not several"},
		{"app name", charmtest.Options{AppName: "Mover"}, "not a unit's name"},
		{"state", charmtest.Options{State: map[string]string{"k": strings.Repeat("x", 65_537)}}, "max allowed value length"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.opts.CharmDir = charmDir(t, nil)
			if _, err := charmtest.New(test.opts); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestEverythingWrongIsReportedAtOnce(t *testing.T) {
	_, err := charmtest.New(charmtest.Options{
		CharmDir: charmDir(t, nil),
		Config:   map[string]any{"nope": 1, "debug": "yes"},
		Secrets:  []charmtest.Secret{{}},
	})
	for _, want := range []string{"nope", "debug", "missing secret value"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
}

func TestConfigChanges(t *testing.T) {
	agent, transcript := ways[0].start(t, map[string][]step{"actions/look": {{Call: []string{"config-get", "--format=json"}}}}, charmtest.Options{
		Config: map[string]any{"url": "", "timeout": "7", "ratio": 1, "debug": true},
	})
	look(t, agent)
	if err := agent.SetConfig(map[string]any{"url": nil, "timeout": nil, "creds": "secret://0b6d4f5e-1a57-4f1c-8c4e-6f0f2b9b7d10/9m4e2mr0ui3e8a215n4g"}); err != nil {
		t.Fatal(err)
	}
	look(t, agent)
	if err := agent.SetConfig(map[string]any{"debug": "false", "timeout": 1.5}); err == nil {
		t.Error("1.5 was taken for an int")
	}
	look(t, agent)
	const head = "> [\"config-get\" \"--format=json\"]\n"
	after := head + `{"creds":"secret://0b6d4f5e-1a57-4f1c-8c4e-6f0f2b9b7d10/9m4e2mr0ui3e8a215n4g","debug":true,"ratio":1,"timeout":1000000}` + "\n"
	want := head + `{"debug":true,"ratio":1,"timeout":7,"url":""}` + "\n" + after + after
	if diff := cmp.Diff(want, transcript.String()); diff != "" {
		t.Errorf("wrong configuration (-want +got):\n%s", diff)
	}
}

func TestLeadershipThatComesLateIsNotSeen(t *testing.T) {
	opts := charmtest.Options{NotLeader: true}
	var agent *charmtest.Agent
	opts.OnStatus = func(charmtest.StatusChange) { agent.SetLeader(true) }
	agent, transcript := ways[0].start(t, map[string][]step{"actions/look": {
		{Call: []string{"is-leader"}},
		{Call: []string{"status-set", "active"}},
		{Call: []string{"is-leader"}},
	}}, opts)
	look(t, agent)
	look(t, agent)
	got := strings.Count(transcript.String(), "False\n")
	if got != 2 || strings.Count(transcript.String(), "True\n") != 2 {
		t.Errorf("a no is final for its dispatch, and only for that:\n%s", transcript)
	}
}

func TestJujuLogOfARelationHook(t *testing.T) {
	agent, _ := ways[0].start(t, map[string][]step{"hooks/jimm-relation-created": {
		{Call: []string{"juju-log", "-l", "bogus", "--", "50%", "done"}},
		{Call: []string{"juju-log", "--debug", "--", "-x"}},
	}}, scenario())
	if _, err := agent.RunHook(t.Context(), "jimm-relation-created"); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, record := range agent.Log() {
		got = append(got, record.Level+" "+record.Module+" "+record.Message)
	}
	want := []string{
		`WARNING unit.mover/0.juju-log Specified log level of "bogus" is not valid`,
		"INFO unit.mover/0.juju-log jimm:0: 50% done",
		"DEBUG unit.mover/0.juju-log jimm:0: -x",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("wrong log (-want +got):\n%s", diff)
	}
}

func TestRelationsComeAndGo(t *testing.T) {
	agent, _ := ways[0].start(t, nil, charmtest.Options{})
	id, err := agent.AddRelation(charmtest.Relation{Endpoint: "jimm", RemoteApp: "jimm-k8s"})
	if err != nil || id != 0 {
		t.Fatalf("got %d, %v", id, err)
	}
	second, err := agent.AddRelation(charmtest.Relation{Endpoint: "jimm", RemoteApp: "jimm2"})
	if err != nil || second != 1 {
		t.Fatalf("got %d, %v", second, err)
	}
	if err := agent.SetRemoteData(id, "jimm-k8s/0", map[string]string{"a": "b"}); err != nil {
		t.Fatal(err)
	}
	if err := agent.SetRemoteData(id, "jimm2/0", nil); err == nil {
		t.Error("data of a unit of another application was taken")
	}
	for _, hook := range []string{"jimm-relation-created", "jimm-relation-joined", "jimm-relation-changed", "jimm-relation-departed", "jimm-relation-broken"} {
		detail := charmtest.HookDetails{Relation: id, RemoteUnit: "jimm-k8s/0"}
		if strings.HasSuffix(hook, "created") || strings.HasSuffix(hook, "broken") {
			detail.RemoteUnit = ""
		}
		if _, err := agent.RunHook(t.Context(), hook, detail); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := agent.RunHook(t.Context(), "jimm-relation-created", charmtest.HookDetails{Relation: id}); err == nil {
		t.Error("the relation is there after it was broken")
	}
}

func TestRunningReportsWhatRuns(t *testing.T) {
	var agent *charmtest.Agent
	var status charmtest.Status
	var event, id string
	agent, err := charmtest.New(charmtest.Options{
		CharmDir: charmDir(t, nil),
		Func: func(context.Context, []string, charm.Runner) int {
			event, id, _ = agent.Running()
			status = agent.AgentStatus()
			return 0
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	look(t, agent)
	if event != "look" || id != "2" || status.Message != "running action look" {
		t.Errorf("got %q, %q, %v", event, id, status)
	}
	if _, _, ok := agent.Running(); ok || agent.AgentStatus().Status != "idle" {
		t.Error("something runs after the end")
	}
	if err := agent.Kill(); err == nil {
		t.Error("nothing was killed")
	}
	if err := agent.Terminate(charmtest.Termination{Grace: time.Second}); err == nil {
		t.Error("nothing was terminated")
	}
}
