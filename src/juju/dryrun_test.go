package juju_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
)

// dryRun is a request with a password that must appear only on the wire.
func dryRun() juju.DryRun {
	return juju.DryRun{
		ModelUUID: modelUUID, TargetUUID: targetUUID, TargetName: "east", Addresses: []string{"10.0.0.2:17070"}, CACert: "PEM",
		Account: juju.Credentials{User: "migrator", Password: juju.NewSecret("canary-of-the-target")},
	}
}

// loggedIn is a connection to a server of that release, which answers everything but the
// login the same.
func loggedIn(t *testing.T, release, facades, rest string) (*juju.Conn, *fake) {
	t.Helper()
	conn, host := dial(t, juju.Options{ControllerUUID: controllerUUID}, func(r request) string {
		if r.Type == "Admin" {
			return `"response":{"controller-tag":"controller-` + controllerUUID + `","facades":[` + facades + `],"server-version":` + release + `}`
		}
		return rest
	})
	if _, err := conn.Login(t.Context(), admin()); err != nil {
		t.Fatal(err)
	}
	return conn, host
}

const controllerFacade = `{"name":"Controller","versions":[11,12]}`

const accepted = `"response":{"results":[{"model-tag":"model-` + modelUUID + `","migration-id":""}]}`

func TestDryRunIsAllThatCanBeSent(t *testing.T) {
	conn, host := loggedIn(t, `"3.6.28"`, controllerFacade, accepted)
	if refusal, err := conn.DryRun(t.Context(), dryRun()); refusal != nil || err != nil {
		t.Fatalf("got %v, %v", refusal, err)
	}
	want := []string{`{"request-id":2,"type":"Controller","version":12,"request":"InitiateMigration","params":{"specs":[{"model-tag":"model-` + modelUUID + `",` +
		`"target-info":{"controller-tag":"controller-` + targetUUID + `","controller-alias":"east","addrs":["10.0.0.2:17070"],"ca-cert":"PEM",` +
		`"auth-tag":"user-migrator","password":"canary-of-the-target"}}],"dry-run":true}}`}
	if diff := cmp.Diff(want, host.requests[1:]); diff != "" {
		t.Errorf("requests differ (-want +got):\n%s", diff)
	}
}

// A server that is not known to honour dry-run gets no request.
func TestDryRunChecksTheReleaseOfTheConnection(t *testing.T) {
	honoured := []string{"3.6.13", "3.6.14", "3.6.28", "3.6.100", "4.0.15", "4.0.16", "4.1-beta2", "4.1-beta10", "4.1-rc1", "4.1.0", "4.1.1"}
	ignored := []string{
		"2.9.51", "3.5.4", "3.6.0", "3.6.12", "3.6-rc1", "3.6-beta14", "3.6.13.1", "3.6.14.1", "3.7.0", "3.5.13", "3.6",
		"4.0-beta8", "4.0-rc20", "4.0.0", "4.0.14", "4.0.15.1", "4.1-beta1", "4.1-beta0", "4.1-beta2.1", "4.1-beta", "4.1-alpha3", "4.1-rc0", "4.2-beta1", "4.2.0", "5.0.0",
		"", "nonsense", "3.6.x", "3.6.-13", "+3.6.13", "3.6.+13", " 3.6.13", "3.6.13 ", "3.6.13-x", "03.6.99999999999999999999",
	}
	try := func(release string) (string, bool, error) {
		quoted, _ := json.Marshal(release)
		conn, host := loggedIn(t, string(quoted), controllerFacade, accepted)
		_, err := conn.DryRun(t.Context(), dryRun())
		requests := strings.Join(host.requests, "\n")
		return requests, strings.Contains(requests, "InitiateMigration"), err
	}
	for _, release := range honoured {
		if _, sent, err := try(release); !sent || err != nil {
			t.Errorf("%q: sent %v, %v", release, sent, err)
		}
	}
	for _, release := range ignored {
		requests, sent, err := try(release)
		refused, is := errors.AsType[*juju.DryRunIgnoredError](err)
		if sent || !is || refused.Version != release || !errors.Is(err, rpc.ErrNotSent) || !strings.Contains(err.Error(), release) {
			t.Errorf("%q: %v, sent %v:\n%s", release, err, sent, requests)
		}
		if strings.Contains(requests, "canary-of-the-target") {
			t.Errorf("%q: the server got the password of the target", release)
		}
	}
}

// The release is that of the last login on the connection, not of one before it.
func TestDryRunForgetsTheReleaseOfAnEarlierLogin(t *testing.T) {
	answers := []string{
		`"response":{"controller-tag":"controller-` + controllerUUID + `","facades":[` + controllerFacade + `],"server-version":"3.6.28"}`,
		`"error":"invalid entity name or password","error-code":"unauthorized access","response":{}`,
		`"response":{"controller-tag":"controller-` + controllerUUID + `","facades":[` + controllerFacade + `],"server-version":"3.6.12"}`,
	}
	var conn *juju.Conn
	var host *fake
	conn, host = dial(t, juju.Options{ControllerUUID: controllerUUID}, func(r request) string {
		if r.Type == "Admin" {
			return answers[r.ID/2]
		}
		return accepted
	})
	sent := func() bool {
		_, err := conn.DryRun(t.Context(), dryRun())
		return err == nil
	}
	if sent() {
		t.Error("sent before a login")
	}
	if _, err := conn.Login(t.Context(), admin()); err != nil || !sent() {
		t.Errorf("not sent to 3.6.28: %v", err)
	}
	if _, err := conn.Login(t.Context(), admin()); err == nil || sent() {
		t.Errorf("sent after a login that was refused: %v", err)
	}
	if _, err := conn.Login(t.Context(), admin()); err != nil || sent() {
		t.Errorf("sent to 3.6.12: %v", err)
	}
	if len(host.requests) != 4 {
		t.Errorf("%d requests: %v", len(host.requests), host.requests)
	}
}

func TestDryRunReadsTheAnswer(t *testing.T) {
	item := func(members string) string {
		return `"response":{"results":[{"model-tag":"model-` + modelUUID + `",` + members + `}]}`
	}
	for name, test := range map[string]struct{ answer, refusal, err string }{
		"accepted":                {answer: accepted},
		"empty error":             {answer: item(`"migration-id":"","error":{"message":"","code":""}`)},
		"refused":                 {answer: item(`"migration-id":"","error":{"message":"source prechecks failed: cleanup needed","code":""}`), refusal: "source prechecks failed: cleanup needed"},
		"only a code":             {answer: item(`"error":{"message":"","code":"not found"}`), refusal: "not found"},
		"not a superuser":         {answer: `"error":"permission denied","error-code":"unauthorized access","response":{}`, err: "permission denied"},
		"no results":              {answer: `"response":{"results":[]}`, err: "not about one model"},
		"null":                    {answer: `"response":{"results":null}`, err: "not about one model"},
		"two":                     {answer: `"response":{"results":[{"migration-id":""},{"migration-id":""}]}`, err: "not about one model"},
		"started":                 {answer: item(`"migration-id":"` + modelUUID + `:0"`), err: `started migration "` + modelUUID + `:0"`},
		"started with an error":   {answer: item(`"migration-id":"x","error":{"message":"odd","code":""}`), err: `started migration "x"`},
		"started and a second":    {answer: `"response":{"results":[{"migration-id":""},{"migration-id":"y"}]}`, err: `started migration "y"`},
		"lost":                    {answer: "", err: "no connection"},
		"something else entirely": {answer: `"response":{"results":"none"}`, err: "cannot request a dry run"},
	} {
		conn, host := loggedIn(t, `"4.0.15"`, `{"name":"Controller","versions":[12,13,14]}`, test.answer)
		refusal, err := conn.DryRun(t.Context(), dryRun())
		got := ""
		if refusal != nil {
			got = refusal.Error()
		}
		if got != test.refusal || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
		_, started := errors.AsType[*juju.MigrationStartedError](err)
		if started != strings.HasPrefix(name, "started") {
			t.Errorf("%s: started: %v", name, started)
		}
		if text := fmt.Sprintf("%v %+v %#v %v", err, err, dryRun(), dryRun()); strings.Contains(text, "canary-of-the-target") {
			t.Errorf("%s: the password is shown: %s", name, text)
		}
		if !strings.Contains(host.requests[1], `"version":14`) {
			t.Errorf("%s: %s", name, host.requests[1])
		}
	}
}

// Missing parts of the request are found before anything is sent.
func TestDryRunIsNotSentIncomplete(t *testing.T) {
	conn, host := loggedIn(t, `"3.6.28"`, controllerFacade, accepted)
	for name, damage := range map[string]func(*juju.DryRun){
		"model": func(d *juju.DryRun) { d.ModelUUID = "" }, "target": func(d *juju.DryRun) { d.TargetUUID = "" },
		"addresses": func(d *juju.DryRun) { d.Addresses = nil }, "user": func(d *juju.DryRun) { d.Account.User = "" },
		"password": func(d *juju.DryRun) { d.Account.Password = juju.Secret{} },
	} {
		d := dryRun()
		damage(&d)
		if _, err := conn.DryRun(t.Context(), d); !errors.Is(err, rpc.ErrNotSent) {
			t.Errorf("%s: %v", name, err)
		}
	}
	without, other := loggedIn(t, `"3.6.28"`, `{"name":"ModelManager","versions":[9]}`, accepted)
	if _, err := without.DryRun(t.Context(), dryRun()); !errors.Is(err, rpc.ErrNotSent) {
		t.Errorf("without the facade: %v", err)
	}
	if len(host.requests)+len(other.requests) != 2 {
		t.Errorf("sent: %v %v", host.requests, other.requests)
	}
}
