package juju_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
)

// Only the answer about a lock reports that a machine is being upgraded. All other answers are
// errors too.
func TestSeriesLocks(t *testing.T) {
	const answer = `{"Results":[
		{"error":{"message":"channel missing from args","code":""},"unit-names":null},
		{"error":{"message":"upgrade series lock found for \"0/lxd/1\"; series upgrade is in the \"prepare completed\" state","code":"","info":{"Status":"prepare completed"}},"unit-names":null},
		{"error":{"message":"machine-2 is running centos and is not valid for Ubuntu series upgrade","code":""},"unit-names":null}]}`
	offered := juju.FacadeVersions{"MachineManager": {9, 10}}
	for name, test := range map[string]struct {
		server  caller
		facades juju.FacadeVersions
		want    []string
		fails   bool
	}{
		"one of three": {caller{response: answer}, offered, []string{"0/lxd/1"}, false},
		"too few":      {caller{response: `{"Results":[]}`}, offered, nil, true},
		"call error":   {caller{err: &rpc.Error{Message: "permission denied"}}, offered, nil, true},
		"Juju 4":       {caller{response: answer}, juju.FacadeVersions{"MachineManager": {11}}, nil, true},
		"Juju 2.9":     {caller{response: answer}, juju.FacadeVersions{"MachineManager": {6, 7}}, nil, true},
	} {
		got, err := juju.SeriesLocks(t.Context(), &test.server, test.facades, []string{"0", "0/lxd/1", "2"})
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if (err != nil) != test.fails {
			t.Errorf("%s: %v", name, err)
		}
	}
}
