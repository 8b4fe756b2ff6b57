package juju_test

import (
	"testing"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
)

func TestChangeBlock(t *testing.T) {
	offered := juju.FacadeVersions{"Block": {2}}
	for name, test := range map[string]struct {
		server  caller
		facades juju.FacadeVersions
		blocked bool
		known   bool
	}{
		"none":        {caller{response: `{}`}, offered, false, true},
		"changes":     {caller{response: `{"results":[{"result":{"id":"0","tag":"","type":"BlockRemove"}},{"result":{"id":"1","tag":"","type":"BlockChange","message":"no"}}]}`}, offered, true, true},
		"removal":     {caller{response: `{"results":[{"result":{"id":"0","tag":"","type":"BlockRemove"}}]}`}, offered, false, true},
		"item error":  {caller{response: `{"results":[{"result":{},"error":{"message":"lost"}}]}`}, offered, false, false},
		"call error":  {caller{err: &rpc.Error{Message: "permission denied"}}, offered, false, false},
		"not offered": {caller{response: `{}`}, juju.FacadeVersions{}, false, false},
	} {
		blocked, err := juju.ChangeBlock(t.Context(), &test.server, test.facades)
		if blocked != test.blocked || (err == nil) != test.known {
			t.Errorf("%s: %v, %v", name, blocked, err)
		}
	}
}
