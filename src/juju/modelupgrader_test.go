package juju_test

import (
	"strings"
	"testing"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
)

func TestUpgradeModelReadsBothKindsOfRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		server caller
		want   string
		err    string
	}{
		"chosen":       {caller{response: `{"chosen-version":"3.6.28"}`}, "3.6.28", ""},
		"item error":   {caller{response: `{"chosen-version":"0.0.0","error":{"message":"downgrade not supported","code":"not supported"}}`}, "", "downgrade not supported"},
		"call error":   {caller{err: &rpc.Error{Message: "model is not alive", Code: "not valid"}}, "", "model is not alive"},
		"no version":   {caller{response: `{"chosen-version":"0.0.0"}`}, "", "it names no version"},
		"empty answer": {caller{response: `{}`}, "", "it names no version"},
	} {
		got, err := juju.NewModelUpgrader(&test.server, 1).UpgradeModel(t.Context(), modelUUID, "3.6.28", false)
		if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	server := &caller{response: `{"chosen-version":"3.6.28"}`}
	for _, args := range [][2]string{{"", "3.6.28"}, {"model-" + modelUUID, "3.6.28"}, {modelUUID, ""}} {
		if _, err := juju.NewModelUpgrader(server, 2).UpgradeModel(t.Context(), args[0], args[1], false); err == nil || len(server.calls) > 0 {
			t.Errorf("%q was sent: %v", args, server.calls)
		}
	}
	if _, err := juju.NewModelUpgrader(server, 2).UpgradeModel(t.Context(), modelUUID, "4.0.15", true); err != nil || len(server.calls) != 1 ||
		!strings.HasPrefix(server.calls[0], "ModelUpgrader.UpgradeModel 2 ") {
		t.Errorf("Juju 4 is asked %v: %v", server.calls, err)
	}
}
