package config_test

import (
	"context"
	"testing"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/src/config"
	"jimm-migrator/tests/unit"
)

// A model must not be migrated by the JIMM that it hosts.
func TestTheModelThatHostsJIMMIsKnownFromRelations(t *testing.T) {
	for name, test := range map[string]struct {
		config    map[string]any
		relations []charmtest.Relation
		want      string
	}{
		"beside this charm": {map[string]any{"jimm-url": nil}, []charmtest.Relation{unit.Info("jimm", map[string]map[string]string{"jimm/0": unit.Ingress("10.1.0.7")})}, unit.OwnModel},
		"in another model":  {map[string]any{"jimm-url": nil}, []charmtest.Relation{unit.Metrics("saas", unit.Scrape("iam", unit.ModelA, "jimm", "juju-jimm-k8s"), nil)}, unit.ModelA},
		"not published":     {nil, []charmtest.Relation{unit.Info("jimm", nil)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			agent := unit.Start(t, charmtest.Options{Config: unit.Config(test.config), Relations: test.relations, Model: charmtest.Model{Name: "jaas", UUID: unit.OwnModel}})
			unit.Act(t, agent, func(ctx context.Context, u config.Unit) error {
				s, err := config.Read(ctx, u)
				if err != nil || s.JIMMModel() != test.want {
					t.Errorf("%q, want %q, %v", s.JIMMModel(), test.want, err)
				}
				return err
			})
		})
	}
}
