package juju_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const backendsFacade = `{"name":"SecretBackends","versions":[1]}`

// The names are by id, also that of a backend that could not be reached.
func TestSecretBackends(t *testing.T) {
	conn, host := loggedIn(t, `"3.5.4"`, backendsFacade, `"response":{"results":[
		{"result":{"name":"internal","backend-type":"controller"},"id":"c0","num-secrets":0,"status":"active"},
		{"result":{"name":"vault","backend-type":"vault"},"id":"v1","num-secrets":2,"status":"error","error":{"message":"no route"}}]}`)
	got, err := conn.SecretBackends(t.Context())
	if diff := cmp.Diff(map[string]string{"c0": "internal", "v1": "vault"}, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	want := `{"request-id":2,"type":"SecretBackends","version":1,"request":"ListSecretBackends","params":{"names":null,"reveal":false}}`
	if diff := cmp.Diff(want, host.requests[1]); diff != "" {
		t.Error(diff)
	}
}

// Each controller has a backend of its own, so an empty list does not prove that it lacks others.
func TestNoSecretBackendsIsNoAnswer(t *testing.T) {
	for _, answer := range []string{`"response":{}`, `"response":{"results":null}`, `"response":{"results":[]}`} {
		conn, _ := loggedIn(t, `"3.5.4"`, backendsFacade, answer)
		if got, err := conn.SecretBackends(t.Context()); err == nil {
			t.Errorf("%s: %v", answer, got)
		}
	}
}
