// Package sample has values of the engine for the tests of several packages.
package sample

import "jimm-migrator/src/migration/facts"

// Inventory is what a healthy model has.
func Inventory() facts.Inventory {
	return facts.Inventory{
		Type: "iaas", AgentVersion: "3.6.14", Status: "available", StorageReported: true, Changes: facts.ChangesAllowed,
		Applications: map[string]facts.Application{
			"web":  {Charm: "ch:amd64/jammy/web-7", Base: "ubuntu@22.04/stable", Units: 2},
			"nrpe": {Charm: "ch:amd64/jammy/nrpe-1", Base: "ubuntu@22.04/stable"},
		},
		Machines: map[string]facts.Machine{
			"0": {Agent: "started", Instance: "running", Version: "3.6.14", Base: "ubuntu@22.04/stable", InstanceID: "i-0"},
			"1": {Agent: "started", Instance: "running", Version: "3.6.14", Base: "ubuntu@22.04/stable", InstanceID: "i-1"},
		},
		Units: map[string]facts.Unit{
			"web/0":  {Machine: "0", Agent: "idle", Workload: "active", Version: "3.6.14"},
			"web/1":  {Machine: "1", Agent: "executing", Workload: "active", Version: "3.6.14"},
			"nrpe/0": {Machine: "0", Agent: "idle", Workload: "active", Version: "3.6.14"},
		},
		Relations: map[string]facts.Relation{"nrpe:info web:juju-info": {Status: "joined"}},
		Offers:    map[string]facts.Offer{}, Remotes: map[string]facts.Remote{}, Storage: map[string]facts.Storage{},
	}
}
