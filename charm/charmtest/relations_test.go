package charmtest_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/charm/charmtest"
)

func TestRelationToolsInAnAction(t *testing.T) {
	runToolTests(t, []toolTest{
		{name: "ids and lists", calls: []call{
			c("relation-ids jimm --format=json", "[\"jimm:0\"]\n"),
			c("relation-ids nope", ""),
			c("relation-ids nope --format=json", "[]\n"),
			bad("relation-ids", "no endpoint name specified"),
			bad("relation-list", "no relation id specified"),
			c("relation-list -r jimm:0", "jimm-k8s/0\njimm-k8s/1\n"),
			c("relation-list -r 0 --format=json", "[\"jimm-k8s/0\",\"jimm-k8s/1\"]\n"),
			c("relation-list -r wrong:0 --app --format=json", "\"jimm-k8s\"\n"),
			c("relation-list --relation=movers:4", "mover/1\n"),
			bad("relation-list -r jimm:77", `invalid value "jimm:77" for option -r: relation not found`),
			bad("relation-list -r x", `invalid value "x" for option -r: invalid relation id`),
		}},
		{name: "reading", calls: []call{
			bad("relation-get -r 0", "no unit or application specified"),
			bad("relation-get", "no relation id specified"),
			c("relation-get -r 0 - jimm-k8s/0 --format=json", `{"a":"1","b":"2"}`+"\n"),
			c("relation-get -r 0 a jimm-k8s/0", "1\n"),
			c("relation-get -r 0 - jimm-k8s/0", "a: \"1\"\nb: \"2\"\n"),
			c("relation-get -r 0 nope jimm-k8s/0", ""),
			c("relation-get -r 0 nope jimm-k8s/0 --format=json", "null\n"),
			c("relation-get -r 0 - jimm-k8s/1", "{}\n"),
			c("relation-get -r 0 --app - jimm-k8s --format=json", `{"app-key":"app-value"}`+"\n"),
			c("relation-get -r 0 --app - jimm-k8s/0 --format=json", `{"app-key":"app-value"}`+"\n"),
			bad("relation-get -r 0 - jimm-k8s", `expected unit name, got application name "jimm-k8s"`),
			quoted("! ERROR invalid unit name \"bad name\"\n= 2\n", "relation-get", "-r", "0", "-", "bad name"),
			refused("relation-get -r 0 - jimm-k8s/9",
				`cannot read settings for unit "jimm-k8s/9" in relation "mover:jimm jimm-k8s:jimm": unit "jimm-k8s/9": settings not found`),
			refused("relation-get -r 0 - else/0", "permission denied"),
			refused("relation-get -r 0 --app - else", "permission denied"),
			refused("relation-get -r 0 - mover/1", "permission denied"),
			c("relation-get -r 4 - mover/1", "p: q\n"),
		}},
		{name: "own data", calls: []call{
			c("relation-get -r 0 - mover/0 --format=json", `{"mine":"yes"}`+"\n"),
			c("relation-set -r 0 new=1 mine=", ""),
			c("relation-get -r 0 - mover/0 --format=json", `{"new":"1"}`+"\n"), // not yet committed
			c("relation-set -r 0 --app ours=no", ""),
			c("relation-get -r 0 --app - mover --format=json", `{"ours":"no"}`+"\n"),
			bad("relation-set -r 0 x", `expected "key=value", got "x"`),
			bad("relation-set -r 0 x=1 x=2", `key "x" specified more than once`),
			bad("relation-set x=1", "no relation id specified"),
			{args: []string{"relation-set", "-r", "0", "--file", "-", "b=arg"}, in: `{"a": "file", "b": "file"}`},
			c("relation-get -r 0 - mover/0 --format=json", `{"a":"file","b":"arg","new":"1"}`+"\n"),
			{
				args: []string{"relation-set", "-r", "0", "--file", "-"}, in: `{"a": {"b": "c"}}`,
				want: "! ERROR yaml: unmarshal errors:\n  line 1: cannot unmarshal !!map into string\n= 1\n",
			},
		}},
		{name: "not the leader", opts: notLeader, calls: []call{
			refused("relation-set -r 0 --app ours=no", "cannot write relation settings"),
			refused("relation-get -r 0 --app - mover", "permission denied"),
			c("relation-get -r 4 --app - mover --format=json", `{"shared":"1"}`+"\n"),
			c("relation-set -r 0 new=1", ""),
		}},
	})
}

func TestRelationToolsInAHook(t *testing.T) {
	runToolTests(t, []toolTest{
		{name: "changed", hook: "jimm-relation-changed", detail: charmtest.HookDetails{RemoteUnit: "jimm-k8s/0"}, calls: []call{
			c("relation-ids", "jimm:0\n"),
			c("relation-list", "jimm-k8s/0\njimm-k8s/1\n"),
			c("relation-get a", "1\n"),
			c("relation-get --app app-key", "app-value\n"),
			// The default is the hook's unit, even for another relation.
			refused("relation-get -r other:3", "permission denied"),
			c("relation-get -r other:3 x else/0", "y\n"),
		}},
		{name: "changed application data", hook: "jimm-relation-changed", calls: []call{
			c("relation-get app-key", "app-value\n"),
		}},
		{name: "broken", hook: "jimm-relation-broken", calls: []call{
			c("relation-ids jimm", ""),
			c("relation-list -r 0", ""),
			c("relation-list -r 0 --format=json", "[]\n"),
			c("relation-get -r 0 a jimm-k8s/0", "1\n"),
			c("relation-set -r 0 bye=1", ""),
		}},
		{name: "departed", hook: "jimm-relation-departed", detail: charmtest.HookDetails{RemoteUnit: "jimm-k8s/1"}, calls: []call{
			c("relation-list", "jimm-k8s/0\n"),
		}},
	})
}

func TestRelationWritesAreKeptOnlyByAGoodEnd(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			set := step{Call: []string{"relation-set", "-r", "0", "done=1"}}
			agent, _ := way.start(t, map[string][]step{
				"hooks/config-changed": {set, {Exit: 1}},
				"hooks/update-status":  {set},
			}, scenario())
			if result, err := agent.RunHook(t.Context(), "config-changed"); err != nil || result.Error != "exit status 1" {
				t.Fatalf("got %+v, %v", result, err)
			}
			if got := agent.LocalData(0, false); got["done"] != "" {
				t.Errorf("data was kept although the hook failed: %v", got)
			}
			agent.Resolve()
			if _, err := agent.RunHook(t.Context(), "update-status"); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]string{"mine": "yes", "done": "1"}, agent.LocalData(0, false)); diff != "" {
				t.Errorf("wrong data (-want +got):\n%s", diff)
			}
		})
	}
}

func TestADispatchDoesNotSeeWhatChangesMeanwhile(t *testing.T) {
	type reading = []call
	ask := reading{
		c("config-get url", "wss://x\n"),
		c("relation-get -r 0 a jimm-k8s/0", "1\n"),
		c("relation-list -r 0", "jimm-k8s/0\njimm-k8s/1\n"),
	}
	var steps []step
	for range 2 {
		for _, c := range ask {
			steps = append(steps, step{Call: c.args})
		}
		steps = append(steps, step{Call: []string{"action-log", "--", "changed"}})
	}
	opts := scenario()
	var agent *charmtest.Agent
	opts.OnLog = func(string, charmtest.LogMessage) {
		if err := agent.SetConfig(map[string]any{"url": "wss://y"}); err != nil {
			t.Error(err)
		}
		if err := agent.SetRemoteData(0, "jimm-k8s/0", map[string]string{"a": "2"}); err != nil {
			t.Error(err)
		}
		if err := agent.SetRemoteData(0, "jimm-k8s/2", map[string]string{}); err != nil {
			t.Error(err)
		}
	}
	agent, transcript := ways[0].start(t, map[string][]step{"actions/move": steps}, opts)
	for _, want := range []string{"1", "2"} {
		transcript.Reset()
		toolTest{}.dispatch(t, agent)
		first, second := transcript.String()[:transcript.Len()/2], transcript.String()[transcript.Len()/2:]
		if diff := cmp.Diff(first, second); diff != "" {
			t.Errorf("dispatch %s has seen a change (-before +after):\n%s", want, diff)
		}
	}
	if want := "> [\"relation-get\" \"-r\" \"0\" \"a\" \"jimm-k8s/0\"]\n2\n"; !strings.Contains(transcript.String(), want) {
		t.Errorf("the next dispatch has not seen the changes:\n%s", transcript)
	}
}
