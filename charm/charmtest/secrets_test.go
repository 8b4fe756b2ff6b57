package charmtest_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/charm/charmtest"
)

func TestSecretGet(t *testing.T) {
	id := strings.TrimPrefix(userSecret, "secret:")
	runToolTests(t, []toolTest{{name: "secret-get", calls: []call{
		c("secret-get "+userSecret+" --format=json", `{"client-id":"me","number":"12345"}`+"\n"),
		c("secret-get secret://0b6d4f5e-1a57-4f1c-8c4e-6f0f2b9b7d10/"+id+" client-id", "me\n"),
		c("secret-get "+id+" number", "\"12345\"\n"), // yaml, not smart
		c("secret-get "+id+" client-id", "me\n"),
		c("secret-get "+id+" client-id#base64", "bWU=\n"),
		bad("secret-get", "require either a secret URI or label"),
		bad("secret-get x", `secret URI "x" not valid`),
		bad("secret-get --peek --refresh "+id, "specify one of --peek or --refresh but not both"),
		bad("secret-get --format=smart "+id, `invalid value "smart" for option --format: unknown format "smart"`),
		refused("secret-get 9m4e2mr0ui3e8a215n00", `secret "9m4e2mr0ui3e8a215n00" not found`),
		refused("secret-get "+otherSecret, "permission denied"),
		refused("secret-get --label nope", `consumer label "nope" not found`),
		refused("secret-get "+id+" nokey", `secret key value "nokey" not found`),
		refused("secret-get "+id+" Number", `secret key value "Number" not found`),
		c("secret-get --label mine "+userSecret+" client-id", "me\n"),
		c("secret-get --label mine --format=json", `{"client-id":"me","number":"12345"}`+"\n"),
	}}})
}

func TestTheUnitStaysAtTheRevisionItTracks(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			read := func(args ...string) step {
				return step{Call: append(append([]string{"secret-get"}, args...), userSecret, "client-id")}
			}
			agent, _ := way.start(t, map[string][]step{
				"hooks/config-changed": {read()},
				"hooks/update-status":  {read(), read("--peek"), read()},
				"hooks/upgrade-charm":  {read("--refresh"), {Exit: 1}},
			}, scenario())
			run := func(hook string) {
				t.Helper()
				if _, err := agent.RunHook(t.Context(), hook); err != nil {
					t.Fatal(err)
				}
				agent.Resolve()
			}
			run("config-changed")
			if got := agent.TrackedRevision(userSecret); got != 1 {
				t.Fatalf("tracks %d after the first read, want 1", got)
			}
			if revision, err := agent.UpdateSecret(userSecret, map[string]string{"client-id": "new"}); err != nil || revision != 2 {
				t.Fatalf("UpdateSecret: %d, %v", revision, err)
			}
			run("update-status")
			if got := agent.TrackedRevision(userSecret); got != 1 {
				t.Errorf("tracks %d after --peek, want 1", got)
			}
			run("upgrade-charm")
			if got := agent.TrackedRevision(userSecret); got != 2 {
				t.Errorf("tracks %d after --refresh, want 2: it is kept although the hook failed", got)
			}
		})
	}
}

func TestWhatIsReadFollowsTheTrackedRevision(t *testing.T) {
	opts := scenario()
	var agent *charmtest.Agent
	opts.OnStatus = func(charmtest.StatusChange) {
		if _, err := agent.UpdateSecret(userSecret, map[string]string{"client-id": "new"}); err != nil {
			t.Error(err)
		}
	}
	var steps []step
	var want strings.Builder
	for _, c := range []call{
		c("secret-get "+userSecret+" client-id", "me\n"),
		c("status-set active", ""),
		c("secret-get "+userSecret+" client-id", "me\n"),
		c("secret-get --peek "+userSecret+" client-id", "new\n"),
		c("secret-get "+userSecret+" client-id", "me\n"),
		c("secret-get --refresh "+userSecret+" client-id", "new\n"),
		c("secret-get "+userSecret+" client-id", "new\n"),
	} {
		steps = append(steps, step{Call: c.args})
		write(&want, c.args, toolResult{stdout: c.want})
	}
	agent, transcript := ways[0].start(t, map[string][]step{"actions/move": steps}, opts)
	toolTest{}.dispatch(t, agent)
	if diff := cmp.Diff(want.String(), transcript.String()); diff != "" {
		t.Errorf("wrong transcript (-want +got):\n%s", diff)
	}
}

func TestGrantsDecideWhoReads(t *testing.T) {
	read := step{Call: []string{"secret-get", otherSecret, "key"}}
	agent, transcript := ways[0].start(t, map[string][]step{"actions/look": {read}}, scenario())
	for _, test := range []struct {
		change func(string) error
		want   string
	}{
		{nil, "! ERROR permission denied\n= 1\n"},
		{agent.GrantSecret, "v\n"},
		{agent.RevokeSecret, "! ERROR permission denied\n= 1\n"},
		{agent.RemoveSecret, "! ERROR secret \"9m4e2mr0ui3e8a215n5g\" not found\n= 1\n"},
	} {
		if test.change != nil {
			if err := test.change(otherSecret); err != nil {
				t.Fatal(err)
			}
		}
		transcript.Reset()
		if _, err := agent.RunAction(t.Context(), "look", nil); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(transcript.String(), test.want) {
			t.Errorf("got %q, want suffix %q", transcript, test.want)
		}
	}
}

// A unit cannot use one label for two secrets while both exist.
func TestALabelIsOfOneSecret(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			agent, _ := way.start(t, map[string][]step{
				"hooks/config-changed": {{Call: []string{"secret-get", "--label", "mine", userSecret}}},
				"hooks/update-status":  {{Call: []string{"secret-get", "--label", "mine", otherSecret}}},
			}, scenario())
			if err := agent.GrantSecret(otherSecret); err != nil {
				t.Fatal(err)
			}
			for _, hook := range []string{"config-changed", "update-status"} {
				if _, err := agent.RunHook(t.Context(), hook); err != nil {
					t.Fatal(err)
				}
				agent.Resolve()
			}
			calls := agent.Calls()
			if last := calls[len(calls)-1]; calls[0].ExitCode != 0 || last.ExitCode != 1 || !strings.Contains(last.Stderr, `secret label "mine" for consumer "unit-`) {
				t.Errorf("%+v", calls)
			}
			if err := agent.RemoveSecret(userSecret); err != nil {
				t.Fatal(err)
			}
			if _, err := agent.RunHook(t.Context(), "update-status"); err != nil {
				t.Fatal(err)
			}
			if calls = agent.Calls(); calls[len(calls)-1].ExitCode != 0 {
				t.Errorf("the name of a removed secret is not free: %+v", calls[len(calls)-1])
			}
		})
	}
}

func TestSecretsAreAddedByTheUserToo(t *testing.T) {
	agent, _ := ways[0].start(t, nil, scenario())
	uri, err := agent.AddSecret(charmtest.Secret{Content: map[string]string{"key": "v"}})
	if err != nil {
		t.Fatal(err)
	}
	another, err := agent.AddSecret(charmtest.Secret{Content: map[string]string{"key": "v"}})
	if err != nil || uri == another || len(uri) != len(userSecret) {
		t.Errorf("got %q and %q, %v", uri, another, err)
	}
	if _, err := agent.UpdateSecret(uri, map[string]string{"k": "v"}); err == nil {
		t.Error("bad content was taken")
	}
	for _, err := range []error{agent.RevokeSecret("secret:9m4e2mr0ui3e8a215n00"), agent.RemoveSecret("x")} {
		if err == nil {
			t.Error("no error for a secret that is not there")
		}
	}
}

func TestSecretContentHasLimits(t *testing.T) {
	value := strings.Repeat("x", 8<<10)
	many := map[string]string{}
	for key := range strings.FieldsSeq("aaa bbb ccc ddd eee fff ggg hhh iii") {
		many[key] = value
	}
	for _, test := range []struct {
		content map[string]string
		want    string
	}{
		{map[string]string{"key": value + "x"}, `secret content for key "key" too large: 8193 bytes`},
		{many, "secret content too large: 73728 bytes"},
		{map[string]string{"Key": "x"}, `key "Key" not valid`},
		{map[string]string{"ab": "x"}, `key "ab" not valid`},
		{map[string]string{"a-b": "x"}, `key "a-b" not valid`},
	} {
		_, err := charmtest.New(charmtest.Options{CharmDir: charmDir(t, nil), Secrets: []charmtest.Secret{{Content: test.content}}})
		if err == nil || !strings.HasSuffix(err.Error(), test.want) {
			t.Errorf("got %v, want %q", err, test.want)
		}
	}
}
