package charmtest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/charm/charmtest"
)

// call is one line of a test: what is called, and what is printed.
type call struct {
	args []string // tool and arguments
	want string   // stdout as it is; stderr lines with "! " before; "= code"
	in   string   // stdin
}

func c(line, want string) call { return call{args: strings.Fields(line), want: want} }

// quoted takes the arguments as they are.
func quoted(want string, args ...string) call { return call{args: args, want: want} }

func bad(line, text string) call { return c(line, "! ERROR "+text+"\n= 2\n") }

func refused(line, text string) call { return c(line, "! ERROR "+text+"\n= 1\n") }

const (
	userSecret  = "secret:9m4e2mr0ui3e8a215n4g"
	otherSecret = "secret:9m4e2mr0ui3e8a215n5g"
)

// scenario is a unit with a bit of everything.
func scenario() charmtest.Options {
	return charmtest.Options{
		Config: map[string]any{"url": "wss://x", "creds": userSecret},
		Secrets: []charmtest.Secret{
			{ID: userSecret, Content: map[string]string{"client-id": "me", "number": "12345"}},
			{ID: otherSecret, Content: map[string]string{"key": "v"}, NotGranted: true},
		},
		Relations: []charmtest.Relation{
			{
				ID: 0, Endpoint: "jimm", RemoteApp: "jimm-k8s", RemoteData: map[string]string{"app-key": "app-value"},
				Units:         map[string]map[string]string{"jimm-k8s/0": {"a": "1", "b": "2"}, "jimm-k8s/1": {}},
				LocalUnitData: map[string]string{"mine": "yes"}, LocalAppData: map[string]string{"ours": "yes"},
			},
			{ID: 3, Endpoint: "other", RemoteApp: "else", Units: map[string]map[string]string{"else/0": {"x": "y"}}},
			{ID: 4, Endpoint: "movers", Units: map[string]map[string]string{"mover/1": {"p": "q"}}, LocalAppData: map[string]string{"shared": "1"}},
		},
		State: map[string]string{"kept": "before"},
	}
}

// toolTest is a list of calls in one dispatch.
type toolTest struct {
	name   string
	hook   string // empty: the action move
	detail charmtest.HookDetails
	opts   func(*charmtest.Options)
	params map[string]any
	calls  []call
}

func notLeader(o *charmtest.Options) { o.NotLeader = true }

// runToolTests runs the tests in both ways: the tools must not differ.
func runToolTests(t *testing.T, tests []toolTest) {
	t.Helper()
	for _, test := range tests {
		var steps []step
		var want strings.Builder
		for _, c := range test.calls {
			steps = append(steps, step{Call: c.args, Stdin: c.in})
			fmt.Fprintf(&want, "> %q\n%s", c.args, c.want)
		}
		for _, way := range ways {
			t.Run(test.name+"/"+way.name, func(t *testing.T) {
				t.Parallel()
				opts := scenario()
				if test.opts != nil {
					test.opts(&opts)
				}
				path := "actions/move"
				if test.hook != "" {
					path = "hooks/" + test.hook
				}
				agent, transcript := way.start(t, map[string][]step{path: steps}, opts)
				got := test.dispatch(t, agent)
				if !way.process {
					got = transcript.String()
				}
				if diff := cmp.Diff(want.String(), got); diff != "" {
					t.Errorf("wrong transcript (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// dispatch runs the hook or action and returns its stdout.
func (test toolTest) dispatch(t *testing.T, agent *charmtest.Agent) string {
	t.Helper()
	if test.hook != "" {
		result, err := agent.RunHook(t.Context(), test.hook, test.detail)
		if err != nil || result.Failed() {
			t.Fatalf("hook: %v %+v", err, result)
		}
		return result.Stdout
	}
	params := test.params
	if params == nil {
		params = map[string]any{"model": "m"}
	}
	task, err := agent.RunAction(t.Context(), "move", params)
	if err != nil {
		t.Fatal(err)
	}
	return task.Result("stdout")
}

// Everything in these tests was observed with Juju 3.6's own hook tools, unless
// a comment says that it is from their source.

func TestArgumentsOfAllTools(t *testing.T) {
	runToolTests(t, []toolTest{
		{name: "flags are flags anywhere", calls: []call{
			bad("action-log -x", "option provided but not defined: -x"),
			bad("action-set -foo=1", "option provided but not defined: -f"),
			bad("status-set active -dash", "option provided but not defined: -d"),
			bad("action-log --long text", "option provided but not defined: --long"),
			c("action-log -- -x", ""),
			c("action-log --", "! ERROR no message specified\n= 2\n"),
		}},
		{name: "values of flags", calls: []call{
			c("config-get --format=json url", "\"wss://x\"\n"),
			c("config-get url --format json", "\"wss://x\"\n"),
			c("relation-list -rjimm:0 --format=json", "[\"jimm-k8s/0\",\"jimm-k8s/1\"]\n"),
			bad("config-get --format xml", `invalid value "xml" for option --format: unknown format "xml"`),
			bad("config-get --format", "option needs an argument: --format"), // from the sources
			bad("config-get --=x", `empty option in argument "--=x"`),
			c("is-leader --format=yaml", "true\n"),
			c("config-get --all=false --format=json debug", "false\n"),
		}},
		{name: "too many", calls: []call{
			bad("action-fail a b", `unrecognized args: ["b"]`),
			bad("config-get a b", `unrecognized args: ["b"]`),
			bad("is-leader x", `unrecognized args: ["x"]`),
		}},
		{name: "unknown tools", calls: []call{
			refused("storage-list", "bad request: unknown command: storage-list"),
			refused("open-port 80", "bad request: unknown command: open-port"),
			refused("secret-add key=value", "bad request: unknown command: secret-add"),
		}},
	})
}

func TestHelpIsNotAnError(t *testing.T) {
	for _, way := range ways {
		agent, transcript := way.start(t, map[string][]step{"actions/move": {{Call: []string{"action-set", "--help"}}}}, scenario())
		got := toolTest{}.dispatch(t, agent)
		if !way.process {
			got = transcript.String()
		}
		if !strings.HasPrefix(got, "> [\"action-set\" \"--help\"]\nUsage: action-set ") || strings.Contains(got, "\n= ") {
			t.Errorf("%s: got %q, want usage on stdout and exit code 0", way.name, got)
		}
	}
}

func TestActionTools(t *testing.T) {
	const keyRule = ` must start and end with lowercase alphanumeric, and contain only lowercase alphanumeric and hyphens`
	badKey := func(arg, part string) call {
		return quoted("! ERROR key "+part+keyRule+"\n= 2\n", "action-set", arg)
	}
	runToolTests(t, []toolTest{
		{name: "action-set refuses keys", calls: []call{
			c("action-set", ""),
			bad("action-set foo", `argument "foo" must be of the form key...=value`),
			badKey("Foo=1", `"Foo"`),
			badKey("foo_bar=1", `"foo_bar"`),
			badKey("foo-=1", `"foo-"`),
			badKey("foo..bar=1", `""`),
			badKey(".foo=1", `""`),
			badKey("foo.=1", `""`),
			badKey("foo bar=1", `"foo bar"`),
			badKey("élan=1", `"élan"`),
			badKey("=1", `""`),
			bad("action-set stdout=1", `cannot set reserved action key "stdout"`),
			bad("action-set a.stderr.b=1", `cannot set reserved action key "stderr"`),
			bad("action-set stdout-encoding=1", `cannot set reserved action key "stdout-encoding"`),
			bad("action-set x.stderr-encoding=1", `cannot set reserved action key "stderr-encoding"`),
			c("action-set 1foo=1 a=2 a-b=3 return-code=77", ""),
		}},
		{name: "action-set of Juju before 3.6.4", opts: func(o *charmtest.Options) { o.JujuVersion = "3.6.3" }, calls: []call{
			bad("action-set Foo=1", `key "Foo" must start and end with lowercase alphanumeric, and contain only lowercase alphanumeric, hyphens and periods`),
		}},
		{name: "action-get", params: map[string]any{"model": "m", "timeout": 123456789012}, calls: []call{
			c("action-get --format=json", `{"model":"m","nested":{"deep":"down"},"retries":3,"timeout":123456789012}`+"\n"),
			c("action-get model", "m\n"),
			c("action-get nested.deep", "down\n"),
			c("action-get timeout", "1.23456789012e+11\n"),
			c("action-get timeout --format=json", "123456789012\n"),
			c("action-get nope", ""),
			c("action-get nope --format=json", "null\n"),
			c("action-get nope --format=yaml", ""),
			c("action-get model.below --format=json", "null\n"),
			c("action-get nested", "deep: down\n"),
		}},
		{name: "action-log and action-fail", calls: []call{
			bad("action-log", "no message specified"),
			quoted("", "action-log", ""),
			quoted("", "action-log", "--", "several\nlines", "and", "words"),
			c("action-fail", ""),
			quoted("", "action-fail", ""),
			bad("action-fail why though", `unrecognized args: ["though"]`),
		}},
		{name: "outside an action", hook: "config-changed", calls: []call{
			refused("action-get", "not running an action"),
			refused("action-set a=1", "not running an action"),
			refused("action-log a", "not running an action"),
			refused("action-fail a", "not running an action"),
		}},
	})
}

func TestConfigStatusAndLeaderTools(t *testing.T) {
	runToolTests(t, []toolTest{
		{name: "config-get", hook: "config-changed", calls: []call{
			c("config-get --format=json", `{"creds":"`+userSecret+`","debug":false,"timeout":1000000,"url":"wss://x"}`+"\n"),
			c("config-get --format=json --all", `{"creds":"`+userSecret+`","debug":false,"ratio":null,"timeout":1000000,"url":"wss://x"}`+"\n"),
			c("config-get timeout", "1e+06\n"),
			c("config-get timeout --format=json", "1000000\n"),
			c("config-get debug", "False\n"),
			c("config-get debug --format=yaml", "false\n"),
			c("config-get ratio", ""),
			c("config-get nope --format=json", "null\n"),
			bad("config-get --all timeout", `cannot use argument --all together with key "timeout"`),
		}},
		{name: "status", hook: "config-changed", calls: []call{
			bad("status-set", "invalid args, require <status> [message]"),
			bad("status-set error", `invalid status "error", expected one of [maintenance blocked waiting active]`),
			bad("status-set active two words", `unrecognized args: ["words"]`),
			c("status-get", "waiting\n"),
			c("status-set active", ""),
			c("status-set --application blocked me", ""),
			c("status-get --include-data --format=json", `{"message":"installing agent","status":"waiting","status-data":{}}`+"\n"),
			c("status-get --format=json", `{"status":"waiting"}`+"\n"),
			c("status-get --application", "blocked\n"),
			c("status-get --application --include-data --format=json", `{"application-status":{"message":"me","status":"blocked","status-data":{},`+
				`"units":{"mover/0":{"message":"installing agent","status":"waiting","status-data":{}}}}}`+"\n"),
			c("status-get --application --format=json", `{"application-status":{"status":"blocked","units":{"mover/0":{"status":"waiting"}}}}`+"\n"),
		}},
		{name: "leader", hook: "config-changed", calls: []call{
			c("is-leader", "True\n"),
			c("is-leader --format=json", "true\n"),
		}},
		{name: "not the leader", hook: "config-changed", opts: notLeader, calls: []call{
			c("is-leader", "False\n"),
			c("is-leader --format=json", "false\n"),
			refused("status-set --application active", "this unit is not the leader"),
			refused("status-get --application", "finding application status: this unit is not the leader"),
		}},
		{name: "version and log", hook: "config-changed", calls: []call{
			bad("application-version-set", "no version specified"),
			bad("application-version-set 1 2", `unrecognized args: ["2"]`),
			c("application-version-set -- 1.2", ""),
			bad("juju-log", "no message specified"),
			bad("juju-log -l", "option needs an argument: -l"),
			c("juju-log -l warn -- 100% sure", ""),
		}},
	})
}

func TestStateTools(t *testing.T) {
	long, big := strings.Repeat("k", 257), strings.Repeat("v", 65_537)
	runToolTests(t, []toolTest{{name: "state", calls: []call{
		c("state-get", "kept: before\n"),
		c("state-set", ""),
		bad("state-set a", `expected "key=value", got "a"`),
		bad("state-set =x", `expected "key=value", got "=x"`),
		bad("state-set a=1 a=2", `key "a" specified more than once`),
		quoted("", "state-set", "--", " odd.Key$ =  trimmed  ", "empty="),
		c("state-get --format=json", `{"empty":"","kept":"before","odd.Key$":"trimmed"}`+"\n"),
		c("state-get kept", "before\n"),
		c("state-get nope", ""),
		c("state-get nope --format=json", "\"\"\n"),
		refused("state-get --strict nope", `"nope" not found`),
		quoted("! ERROR max allowed key length (256) exceeded\n= 1\n", "state-set", long+"=1"),
		quoted("! ERROR max allowed value length (65536) exceeded\n= 1\n", "state-set", "k="+big),
		c("state-delete kept", ""),
		c("state-delete nope", ""),
		c("state-delete", ""),
		{args: []string{"state-set", "--file", "-", "over=argument"}, in: `{"n": 1, "no": null, "b": true, "over": "file", "s": "x y"}`},
		c("state-get --format=json", `{"b":"true","empty":"","n":"1","no":"","odd.Key$":"trimmed","over":"argument","s":"x y"}`+"\n"),
		refused("state-set --file /nowhere/x", "open /nowhere/x: no such file or directory"),
	}}, {name: "empty state", opts: func(o *charmtest.Options) { o.State = nil }, calls: []call{
		c("state-get", "{}\n"),
		c("state-get --format=json", "null\n"),
		c("state-get nope --format=json", "\"\"\n"),
		c("state-set a=1", ""),
		c("state-delete a", ""),
		c("state-get --format=json", "{}\n"),
	}}})
}
