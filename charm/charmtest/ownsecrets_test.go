package charmtest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/charm/charmtest"
)

const ownSecret = "secret:9m4e2mr0ui3e8a215nag"

// withOwnSecret is a scenario in which the charm has a secret of its own.
func withOwnSecret() charmtest.Options {
	opts := scenario()
	opts.Secrets = append(opts.Secrets, charmtest.Secret{
		ID: ownSecret, Owner: charmtest.OwnerApplication, Label: "own", Content: map[string]string{"key": "one"},
	})
	return opts
}

func own(opts *charmtest.Options) { *opts = withOwnSecret() }

func ownAsFollower(opts *charmtest.Options) {
	own(opts)
	opts.NotLeader = true
}

func TestSecretsOfTheCharm(t *testing.T) {
	id := strings.TrimPrefix(ownSecret, "secret:")
	dir := t.TempDir()
	file := filepath.Join(dir, "value")
	if err := os.WriteFile(file, []byte("from file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	runToolTests(t, []toolTest{
		{name: "reading", hook: "config-changed", opts: own, calls: []call{
			c("secret-ids --format=json", `["`+id+`"]`+"\n"),
			c("secret-get --label own key", "one\n"),
			c("secret-info-get --label own --format=json", `{"`+id+`":{"label":"own","owner":"application","revision":1,"rotation":"never"}}`+"\n"),
			c("secret-info-get "+ownSecret+" --format=json", `{"`+id+`":{"label":"own","owner":"application","revision":1,"rotation":"never"}}`+"\n"),
			bad("secret-info-get", "require either a secret URI or label"),
			bad("secret-info-get --label own "+ownSecret, "specify either a secret URI or label but not both"),
		}},
		{name: "a new revision", hook: "config-changed", opts: own, calls: []call{
			c("secret-get "+ownSecret+" key", "one\n"),
			c("secret-set "+ownSecret+" key=two --label renamed --description text --rotate daily", ""),
			c("secret-get "+ownSecret+" key", "one\n"),
			c("secret-get --peek "+ownSecret+" key", "two\n"), // not yet committed
			c("secret-info-get "+ownSecret+" --format=json", `{"`+id+`":{"label":"renamed","owner":"application","revision":2,"rotation":"daily"}}`+"\n"),
			c("secret-set "+ownSecret+" key#base64=dGhyZWU=", ""),
			c("secret-get --refresh "+ownSecret+" key", "three\n"),
			c("secret-set "+ownSecret+" key#file="+file, ""),
			c("secret-get --peek "+ownSecret+" --format=json", `{"key":"from file\n"}`+"\n"),
			bad("secret-set "+ownSecret+" key#base64=%", `key value "key#base64=%" not valid`),
			bad("secret-set "+ownSecret+" key#other=x", `key "key#other" not valid`),
			bad("secret-set "+ownSecret+" key#file=/nowhere", `reading content for secret key "key": open /nowhere: no such file or directory`),
			bad("secret-set", "missing secret URI"),
			bad("secret-set x", `secret URI "x" not valid`),
			c("secret-set "+ownSecret+" --expire 2030-01-02T03:04:05", ""),
			bad("secret-set "+ownSecret+" --expire tomorrow", `expire time or duration "tomorrow" not valid`),
		}},
		{name: "granting", hook: "config-changed", opts: own, calls: []call{
			c("secret-grant "+ownSecret+" -r jimm:0", ""),
			c("secret-grant "+ownSecret+" -r jimm:0 --unit jimm-k8s/0", ""),
			bad("secret-grant "+ownSecret+" --unit foo", `unit "foo" not valid`),
			c("secret-revoke "+ownSecret+" --app jimm-k8s", ""),
			c("secret-revoke "+ownSecret+" -r jimm:0", ""),
			refused("secret-grant "+userSecret+" -r jimm:0", `secret "9m4e2mr0ui3e8a215n4g" not found`),
		}},
		{name: "removing", hook: "config-changed", opts: own, calls: []call{
			bad("secret-remove", "missing secret URI"),
			bad("secret-remove --revision x "+ownSecret, `invalid value "x" for option --revision: strconv.Atoi: parsing "x": invalid syntax`),
			c("secret-remove "+ownSecret, ""),
			c("secret-ids --format=json", "null\n"),
		}},
		{name: "not the leader", hook: "config-changed", opts: ownAsFollower, calls: []call{
			refused("secret-set "+ownSecret+" key=two", "this unit is not the leader"),
			refused("secret-remove "+ownSecret, "this unit is not the leader"),
			refused("secret-grant "+ownSecret+" -r jimm:0", "this unit is not the leader"),
			c("secret-ids --format=json", "null\n"),
			c("secret-get "+ownSecret+" key", "one\n"),
		}},
	})
}

func TestRevisionsOfTheCharm(t *testing.T) {
	agent, transcript := ways[0].start(t, map[string][]step{
		"hooks/update-status":  {{Call: []string{"secret-set", ownSecret, "key=two"}}},
		"hooks/secret-expired": {{Call: []string{"secret-remove", "--revision", "1", ownSecret}}},
		"hooks/config-changed": {{Call: []string{"secret-get", ownSecret, "key"}}},
		"hooks/secret-rotate":  {{Call: []string{"secret-remove", ownSecret}}},
	}, withOwnSecret())
	run := func(hook string, d charmtest.HookDetails) {
		t.Helper()
		if result, err := agent.RunHook(t.Context(), hook, d); err != nil || result.Failed() {
			t.Fatalf("%+v, %v", result, err)
		}
	}
	run("config-changed", charmtest.HookDetails{}) // tracks revision 1
	run("update-status", charmtest.HookDetails{})
	run("secret-expired", charmtest.HookDetails{Secret: ownSecret, Revision: 1})
	transcript.Reset()
	run("config-changed", charmtest.HookDetails{})
	if want := `! ERROR secret revision 1 for "9m4e2mr0ui3e8a215nag" not found`; !strings.Contains(transcript.String(), want) {
		t.Errorf("got %s, want %s", transcript, want)
	}
	if got, err := agent.SecretContent(ownSecret); err != nil || got["key"] != "two" {
		t.Errorf("got %v, %v", got, err)
	}
	run("secret-rotate", charmtest.HookDetails{Secret: ownSecret})
	if _, err := agent.SecretContent(ownSecret); err == nil {
		t.Error("the secret is still there")
	}
}

func TestSecretsAreAddedByTheOperatorToo(t *testing.T) {
	agent, _ := ways[0].start(t, nil, withOwnSecret())
	uri, err := agent.AddSecret(charmtest.Secret{Content: map[string]string{"key": "v"}})
	if err != nil {
		t.Fatal(err)
	}
	another, err := agent.AddSecret(charmtest.Secret{Content: map[string]string{"key": "v"}})
	if err != nil || uri == another || len(uri) != len(userSecret) {
		t.Errorf("got %q and %q, %v", uri, another, err)
	}
	if err := agent.GrantSecret(ownSecret); err == nil {
		t.Error("a charm's own secret was granted to it")
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

func TestGoalStateAndApplicationStatus(t *testing.T) {
	synctest.Test(t, goalStateAndApplicationStatus) // the time does not move
}

func goalStateAndApplicationStatus(t *testing.T) {
	t.Helper()
	agent, transcript := ways[0].start(t, map[string][]step{"actions/look": {
		{Call: []string{"status-get", "--application", "--format=json"}},
		{Call: []string{"status-set", "--application", "active", "all well"}},
		{Call: []string{"goal-state", "--format=json"}},
		{Call: []string{"open-port", "--endpoints", "jimm,other", "80"}, Quiet: true},
		{Call: []string{"open-port", "icmp"}, Quiet: true},
		{Call: []string{"open-port", "--endpoints", "nope", "80"}},
	}, "actions/move": {
		{Call: []string{"opened-ports", "--endpoints"}},
		{Call: []string{"open-port", "2-1"}},
		{Call: []string{"open-port", "0"}},
		{Call: []string{"open-port", "two"}},
	}}, scenario())
	task := look(t, agent)
	since := task.Started.Format("2006-01-02 15:04:05Z")
	out := strings.ReplaceAll(transcript.String(), since, "T")
	unit := `{"message":"installing agent","status":"waiting","status-data":{}}`
	want := `> ["status-get" "--application" "--format=json"]
{"application-status":{"message":"","status":"unknown","status-data":{},"units":{"mover/0":` + unit + `}}}
> ["status-set" "--application" "active" "all well"]
> ["goal-state" "--format=json"]
{"relations":{"jimm":{"jimm-k8s":{"since":"T","status":"joined"},"jimm-k8s/0":{"since":"T","status":"active"},` +
		`"jimm-k8s/1":{"since":"T","status":"active"}},"other":{"else":{"since":"T","status":"joined"},"else/0":{"since":"T","status":"active"}}},` +
		`"units":{"mover/0":{"since":"T","status":"waiting"},"mover/1":{"since":"T","status":"active"}}}
> ["open-port" "--endpoints" "nope" "80"]
! ERROR unknown endpoint "nope"
= 1
`
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("wrong transcript (-want +got):\n%s", diff)
	}
	if got := agent.AppStatus(); got != (charmtest.Status{Status: "active", Message: "all well"}) {
		t.Errorf("application status %v", got)
	}
	transcript.Reset()
	toolTest{}.dispatch(t, agent)
	want = `> ["opened-ports" "--endpoints"]
80/tcp (jimm, other)
icmp (*)
> ["open-port" "2-1"]
! ERROR invalid port range 2-1/tcp
= 2
> ["open-port" "0"]
! ERROR port range bounds must be between 1 and 65535, got 0-0
= 2
> ["open-port" "two"]
! ERROR invalid port "two"
= 2
`
	if diff := cmp.Diff(want, transcript.String()); diff != "" {
		t.Errorf("wrong transcript (-want +got):\n%s", diff)
	}
}
