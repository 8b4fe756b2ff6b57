package charmtest_test

import (
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/charm/charmtest"
)

var asProcesses = ways[1]

// shellCharm is a charm whose dispatch is a shell script.
func shellCharm(t *testing.T, script string, mode os.FileMode) *charmtest.Agent {
	t.Helper()
	dir := charmDir(t, nil)
	if script != "" {
		if err := os.WriteFile(filepath.Join(dir, "dispatch"), []byte("#!/bin/sh\n"+script), mode); err != nil {
			t.Fatal(err)
		}
	}
	agent, err := charmtest.New(charmtest.Options{CharmDir: dir, Tools: tools})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := agent.Close(); err != nil {
			t.Error(err)
		}
	})
	return agent
}

func look(t *testing.T, agent *charmtest.Agent) charmtest.Task {
	t.Helper()
	task, err := agent.RunAction(t.Context(), "look", nil)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

// Outputs as Juju's agent was observed to take them.
func TestOutputIsTakenInWholeLines(t *testing.T) {
	for _, test := range []struct{ script, stdout, stderr, encoding string }{
		{`printf 'a\n\nb'`, "a\n\n", "", ""},
		{`printf 'a\r\nb\n'; printf 'e\n' >&2`, "a\nb\n", "e\n", ""},
		{`printf 'no end'`, "", "", ""},
		{`printf '\377\n'`, base64.StdEncoding.EncodeToString([]byte("\xff\n")), "", "base64"},
	} {
		task := look(t, shellCharm(t, test.script, 0o755))
		got := []string{task.Result("stdout"), task.Result("stderr"), task.Result("stdout-encoding")}
		if diff := cmp.Diff([]string{test.stdout, test.stderr, test.encoding}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.script, diff)
		}
		if _, ok := task.Results["stderr"]; ok != (test.stderr != "") {
			t.Errorf("%s: results %v, want no empty output", test.script, task.Results)
		}
	}
}

func TestOutputGoesToTheLog(t *testing.T) {
	agent := shellCharm(t, `echo out; echo err >&2; head -c 5000 /dev/zero | tr '\0' x; echo`, 0o755)
	task := look(t, agent)
	if got := len(task.Result("stdout")); got != len("out\n")+5001 {
		t.Errorf("stdout has %d bytes: a long line is one line", got)
	}
	var got []string
	for _, record := range agent.Log() {
		got = append(got, record.Level+" "+record.Module+" "+record.Message[:3])
	}
	slices.Sort(got)
	want := []string{"DEBUG unit.mover/0.look out", "DEBUG unit.mover/0.look xxx", "DEBUG unit.mover/0.look xxx", "WARNING unit.mover/0.look err"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("wrong log (-want +got):\n%s", diff)
	}
}

func TestDispatchThatCannotRun(t *testing.T) {
	for _, test := range []struct {
		name, script string
		mode         os.FileMode
		message      string
		results      bool
	}{
		{"missing", "", 0, `action not implemented on unit "mover/0"`, false},
		{"not executable", "exit 0", 0o644, `/charm/dispatch": permission denied`, true},
		{"segmentation fault", "kill -SEGV $$", 0o755, "signal: segmentation fault", true},
		{"terminated", "kill -TERM $$", 0o755, "terminated", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			agent := shellCharm(t, test.script, test.mode)
			task := look(t, agent)
			if task.Status != charmtest.TaskFailed || !strings.HasSuffix(task.Message, test.message) || (task.Results != nil) != test.results {
				t.Errorf("got %s %q %v", task.Status, task.Message, task.Results)
			}
			if code, ok := task.ReturnCode(); test.results && (!ok || code != -1) {
				t.Errorf("return code %d", code)
			}
			result, err := agent.RunHook(t.Context(), "update-status")
			if err != nil || result.Skipped == test.results || result.Failed() != test.results {
				t.Errorf("hook: %+v, %v", result, err)
			}
		})
	}
}

func TestProgramsPerHookAndAction(t *testing.T) {
	dir := charmDir(t, nil)
	for _, path := range []string{"hooks/start", "actions/look"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, path), []byte("#!/bin/sh\necho "+path+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	agent := charmtest.Start(t, charmtest.Options{CharmDir: dir, Tools: tools})
	if got := look(t, agent).Result("stdout"); got != "actions/look\n" {
		t.Errorf("got %q", got)
	}
	for hook, skipped := range map[string]bool{"start": false, "stop": true} {
		if result, err := agent.RunHook(t.Context(), hook); err != nil || result.Skipped != skipped {
			t.Errorf("%s: %+v, %v", hook, result, err)
		}
	}
}

func TestWhereAndAsWhomDispatchRuns(t *testing.T) {
	agent, _ := asProcesses.start(t, map[string][]step{"actions/look": {{Do: "cwd"}, {Do: "stdin"}, {Do: "write"}, {Do: "uid"}}}, charmtest.Options{})
	user, other := agent.User()
	if other != (os.Getuid() == 0) {
		t.Errorf("runs as %v, another user: %v", user, other)
	}
	want := "charm <nil>\n\"\" <nil>\nnew writable: false\nmetadata.yaml writable: false\ndispatch writable: false\n"
	if got := look(t, agent).Result("stdout"); !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %q", got, want)
	} else if uid := strings.Fields(strings.TrimPrefix(got, want)); other && (uid[0] != "170" || uid[1] != "170") {
		t.Errorf("user %v, want 170", uid)
	}
}

// The variables that Juju 3.6 was observed to set on Ubuntu in Kubernetes.
func TestEnvironmentIsJujusAlone(t *testing.T) {
	common := strings.Fields(`CHARM_DIR JUJU_CHARM_DIR JUJU_CONTEXT_ID JUJU_HOOK_NAME JUJU_DISPATCH_PATH
		JUJU_AGENT_SOCKET_ADDRESS JUJU_AGENT_SOCKET_NETWORK JUJU_UNIT_NAME JUJU_MODEL_UUID JUJU_MODEL_NAME
		JUJU_API_ADDRESSES JUJU_SLA JUJU_MACHINE_ID JUJU_PRINCIPAL_UNIT JUJU_AVAILABILITY_ZONE JUJU_VERSION
		CLOUD_API_VERSION JUJU_CHARM_HTTP_PROXY JUJU_CHARM_HTTPS_PROXY JUJU_CHARM_FTP_PROXY JUJU_CHARM_NO_PROXY
		LANG TERM PATH DEBIAN_FRONTEND APT_LISTCHANGES_FRONTEND
		KUBERNETES_PORT KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT`)
	for _, test := range []struct {
		path   string
		more   map[string]string
		detail charmtest.HookDetails
	}{
		{path: "actions/look", more: map[string]string{
			"JUJU_ACTION_NAME": "look", "JUJU_ACTION_UUID": "2", "JUJU_ACTION_TAG": "action-2",
		}},
		{path: "hooks/start"},
		{path: "hooks/jimm-relation-changed", detail: charmtest.HookDetails{RemoteUnit: "jimm-k8s/0"}, more: map[string]string{
			"JUJU_RELATION": "jimm", "JUJU_RELATION_ID": "jimm:0", "JUJU_REMOTE_APP": "jimm-k8s", "JUJU_REMOTE_UNIT": "jimm-k8s/0",
		}},
		{path: "hooks/jimm-relation-departed", detail: charmtest.HookDetails{RemoteUnit: "jimm-k8s/1"}, more: map[string]string{
			"JUJU_RELATION": "jimm", "JUJU_RELATION_ID": "jimm:0", "JUJU_REMOTE_APP": "jimm-k8s", "JUJU_REMOTE_UNIT": "jimm-k8s/1",
			"JUJU_DEPARTING_UNIT": "jimm-k8s/1",
		}},
	} {
		for _, way := range ways {
			t.Run(test.path+"/"+way.name, func(t *testing.T) {
				agent, transcript := way.start(t, map[string][]step{test.path: {{Do: "env"}}}, scenario())
				output := ""
				if hook, ok := strings.CutPrefix(test.path, "hooks/"); ok {
					result, err := agent.RunHook(t.Context(), hook, test.detail)
					if err != nil {
						t.Fatal(err)
					}
					output = result.Stdout
				} else {
					output = look(t, agent).Result("stdout")
				}
				if !way.process {
					output = transcript.String()
				}
				checkEnv(t, strings.Fields(strings.ReplaceAll(output, "not set", "not-set")), common, test.path, test.more)
			})
		}
	}
}

func checkEnv(t *testing.T, env, common []string, path string, more map[string]string) {
	t.Helper()
	got := map[string]string{}
	for _, entry := range env {
		if name, value, ok := strings.Cut(entry, "="); ok {
			got[name] = value
		}
	}
	if got["JUJU_DISPATCH_PATH"] != path || got["JUJU_UNIT_NAME"] != "mover/0" || got["JUJU_MACHINE_ID"] != "" ||
		!strings.HasPrefix(got["JUJU_CONTEXT_ID"], "mover/0-"+filepath.Base(path)+"-") ||
		(got["JUJU_HOOK_NAME"] == "") != strings.HasPrefix(path, "actions/") {
		t.Errorf("wrong values: %q", got)
	}
	delete(got, "GORACE") // ours; see quickExit
	for name, value := range more {
		if got[name] != value {
			t.Errorf("%s is %q, want %q", name, got[name], value)
		}
		delete(got, name)
	}
	for _, name := range common {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is not set", name)
		}
		delete(got, name)
	}
	if len(got) > 0 {
		t.Errorf("set besides: %q", got)
	}
}

func TestSecretEnvironment(t *testing.T) {
	agent, transcript := ways[0].start(t, map[string][]step{
		"hooks/config-changed": {{Call: []string{"secret-get", "--label", "creds", userSecret}, Quiet: true}},
		"hooks/secret-changed": {{Do: "env"}},
	}, scenario())
	detail := charmtest.HookDetails{Secret: userSecret}
	if _, err := agent.RunHook(t.Context(), "secret-changed", detail); err == nil {
		t.Error("secret-changed of a secret that the unit has never read")
	}
	if _, err := agent.RunHook(t.Context(), "config-changed"); err != nil {
		t.Fatal(err)
	}
	if _, err := agent.RunHook(t.Context(), "secret-changed", detail); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"JUJU_SECRET_ID=" + userSecret + "\n", "JUJU_SECRET_LABEL=creds\n"} {
		if !strings.Contains(transcript.String(), want) {
			t.Errorf("%q is missing in %s", want, transcript)
		}
	}
}

func TestStubsWithoutAnAgent(t *testing.T) {
	agent := shellCharm(t, `
		is-leader; echo $? >&2
		JUJU_CONTEXT_ID=bogus is-leader; echo $? >&2
		JUJU_CONTEXT_ID= is-leader; echo $? >&2
		JUJU_AGENT_SOCKET_NETWORK= is-leader; echo $? >&2
		JUJU_AGENT_SOCKET_ADDRESS=/nowhere is-leader; echo $? >&2
		JUJU_AGENT_TOKEN=x is-leader; echo $? >&2
		state-set --file - a=1 </dev/null; echo $? >&2
	`, 0o755)
	want := `0
ERROR bad request: wrong context ID; got "bogus"
1
ERROR JUJU_CONTEXT_ID not set
1
ERROR JUJU_AGENT_SOCKET_NETWORK not set
1
ERROR dial unix /nowhere: connect: no such file or directory
1
ERROR bad request: token does not match
1
0
`
	if diff := cmp.Diff(want, look(t, agent).Result("stderr")); diff != "" {
		t.Errorf("wrong output (-want +got):\n%s", diff)
	}
}

func TestToolsUsedAtOnceAreAllHeard(t *testing.T) {
	for _, way := range ways {
		agent, _ := way.start(t, map[string][]step{"actions/look": {{Do: "parallel"}}}, charmtest.Options{})
		if got := len(look(t, agent).Log); got != 8 {
			t.Errorf("%s: %d messages, want 8", way.name, got)
		}
	}
}

func TestChildrenOutliveACancelButNotTheAgent(t *testing.T) {
	scripts := map[string][]step{"actions/look": {
		{Do: "child"},
		{Call: []string{"action-log", "--", "ready"}, Quiet: true},
		{Do: "block"},
	}}
	var agent *charmtest.Agent
	t.Run("cancel", func(t *testing.T) {
		var task charmtest.Task
		agent, task = interrupt(t, asProcesses, scripts, func(a *charmtest.Agent, id string) error { return a.Cancel(id) })
		if task.Status != charmtest.TaskAborted {
			t.Errorf("got %+v", task)
		}
		if got := children(agent); got != 1 {
			t.Errorf("%d children live after the cancel, want 1", got)
		}
	})
	// The agent is closed at the end of the sub-test.
	if got := children(agent); got != 0 {
		t.Errorf("%d children live after Close", got)
	}
}

// children counts the running processes with the environment of an agent's
// dispatches. Zombies have no environment.
func children(agent *charmtest.Agent) int {
	id := "JUJU_CONTEXT_ID=" + agent.Unit() + "-look-"
	found, _ := filepath.Glob("/proc/[0-9]*/environ")
	n := 0
	for _, path := range found {
		if env, err := os.ReadFile(path); err == nil && strings.Contains(string(env), id) && strings.Contains(string(env), "charmtest-") {
			n++
		}
	}
	return n
}

func TestAChildThatHoldsTheOutputDoesNotHoldUpTheAgent(t *testing.T) {
	agent := shellCharm(t, `echo before; sleep 600 & echo after`, 0o755)
	if got := look(t, agent).Result("stdout"); got != "before\nafter\n" {
		t.Errorf("got %q", got)
	}
}

func TestTheEndOfTheCallersContextKills(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			ready := make(chan bool, 1)
			agent, _ := way.start(t, blocked(), charmtest.Options{OnLog: func(string, charmtest.LogMessage) { ready <- true }})
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				<-ready
				cancel()
			}()
			task, err := agent.RunAction(ctx, "look", nil)
			if err == nil || task.Message != "terminated" {
				t.Errorf("got %+v, %v", task, err)
			}
		})
	}
}

func TestProcessesNeedTools(t *testing.T) {
	_, err := charmtest.New(charmtest.Options{CharmDir: charmDir(t, nil), Dispatch: "/bin/true"})
	if err == nil || !strings.Contains(err.Error(), "BuildTools") {
		t.Errorf("got %v, want a hint", err)
	}
}

func TestThePodIsNewAfterChurn(t *testing.T) {
	agent := shellCharm(t, `state-set seen=$JUJU_HOOK_NAME`, 0o755)
	if err := agent.Install(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := agent.Churn(t.Context()); err != nil {
		t.Fatal(err)
	}
	var hooks []string
	for _, call := range agent.Calls() {
		hooks = append(hooks, call.Event)
	}
	want := strings.Fields("install leader-elected config-changed start upgrade-charm config-changed start")
	if diff := cmp.Diff(want, hooks); diff != "" {
		t.Errorf("wrong hooks (-want +got):\n%s", diff)
	}
	if agent.State()["seen"] != "start" {
		t.Errorf("state %v: it is the controller's, and survives", agent.State())
	}
}
