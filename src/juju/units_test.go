package juju_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
)

// The answer contains relation data, and none of it is kept.
func TestJoinedUnits(t *testing.T) {
	const answer = `{"results":[
		{"result":{"tag":"unit-web-a-0","charm":"ch:web-7","relation-data":[
			{"relation-id":3,"endpoint":"db","related-endpoint":"db","ApplicationData":{"password":"s3cr3t"},"unit-relation-data":{"pg/0":{"InScope":true,"UnitData":{"password":"s3cr3t"}},"pg/1":{"InScope":false}}},
			{"relation-id":4,"endpoint":"log","cross-model":true,"unit-relation-data":{"remote-1/0":{"InScope":false}}}]}},
		{"result":{"tag":"unit-pg-0","relation-data":[{"relation-id":3,"endpoint":"db","unit-relation-data":{"web-a/0":{"InScope":true}}}]}}]}`
	offered := juju.FacadeVersions{"Application": {15, 16, 17, 18, 19, 20}}
	for name, test := range map[string]struct {
		server  caller
		facades juju.FacadeVersions
		want    []juju.Joined
	}{
		"both sides": {caller{response: answer}, offered, []juju.Joined{
			{Relation: 3, Units: map[string]bool{"pg/0": true, "pg/1": false}}, {Relation: 3, Units: map[string]bool{"web-a/0": true}},
		}},
		"none":       {caller{response: `{"results":[]}`}, offered, nil},
		"item error": {caller{response: `{"results":[{"error":{"message":"lost"}}]}`}, offered, nil},
		"call error": {caller{err: &rpc.Error{Message: "permission denied"}}, offered, nil},
		"Juju 4":     {caller{response: answer}, juju.FacadeVersions{"Application": {19, 20, 21, 22}}, nil},
	} {
		got, err := juju.JoinedUnits(t.Context(), &test.server, test.facades, []string{"web-a/0", "pg/0"})
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if fails := name != "both sides" && name != "none"; (err != nil) != fails {
			t.Errorf("%s: %v", name, err)
		}
	}
}
