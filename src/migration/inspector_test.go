package migration_test

import (
	"context"
	"errors"
	"sync"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/tests/sample"
)

// inspector is an Inspector in memory. A model has the same contents on every controller, unless a
// change is set for one.
type inspector struct {
	mu      sync.Mutex
	fake    *fake
	change  map[string]func(reading int, i *facts.Inventory) // By name of controller; reading counts from 1.
	err     map[string]error                                 // By name of controller.
	targets []facts.ControllerUUID
	listErr error
	hosts   []facts.ControllerUUID
	hostErr error
	// consumers are the models that use offers, by the name of the offer.
	consumers map[string][]string

	readings map[string]int // By name of controller.
	asked    int            // For hosts.
	listed   int            // For targets.
}

// withInspector wraps the fake in an inspector.
func withInspector(f *fake) (survey.JAAS, *inspector) {
	g := &inspector{
		fake: f, change: map[string]func(int, *facts.Inventory){}, err: map[string]error{}, readings: map[string]int{},
		targets: []facts.ControllerUUID{east().UUID}, hosts: []facts.ControllerUUID{east().UUID},
	}
	jaas := f.jaas()
	jaas.Inspector = g
	jaas.Traits.LogsSecrets = !f.completes
	return jaas, g
}

func (g *inspector) Inventory(context.Context, facts.InventoryRequest) (facts.Inventory, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fake.mu.Lock()
	defer g.fake.mu.Unlock()
	record := g.fake.record
	name := nameOf(record)
	g.readings[name]++
	if err := g.err[name]; err != nil {
		return facts.Inventory{}, err
	}
	if g.fake.at(record).Kind != facts.InfoLive {
		return facts.Inventory{}, errors.New("invalid entity name or password")
	}
	out := sample.Inventory()
	out.Controller = record
	if change := g.change[name]; change != nil {
		change(g.readings[name], &out)
	}
	return out, nil
}

func (g *inspector) Targets(context.Context, string) ([]facts.ControllerUUID, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.listed++
	return g.targets, g.listErr
}

func (g *inspector) Grants(context.Context, string) ([]string, error) { return nil, nil }

func (g *inspector) Hosts(context.Context, string) ([]facts.ControllerUUID, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked++
	return g.hosts, g.hostErr
}

func (g *inspector) Consumers(context.Context, facts.Model) (map[string][]string, error) {
	return g.consumers, nil
}
