package operator_test

import (
	"context"
	"testing"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/src/operator"
)

// A model must not be migrated by the JIMM that it hosts.
func TestTheModelThatHostsJIMMIsKnownFromRelations(t *testing.T) {
	for name, test := range map[string]struct {
		config    map[string]any
		relations []charmtest.Relation
		want      string
	}{
		"beside this charm": {map[string]any{"jimm-url": nil}, []charmtest.Relation{info("jimm", map[string]map[string]string{"jimm/0": ingress("10.1.0.7")})}, ownModel},
		"in another model":  {map[string]any{"jimm-url": nil}, []charmtest.Relation{metrics("saas", scrape("iam", modelA, "jimm", "juju-jimm-k8s"), nil)}, modelA},
		"not told":          {nil, []charmtest.Relation{info("jimm", nil)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			agent := start(t, charmtest.Options{Config: config(test.config), Relations: test.relations, Model: charmtest.Model{Name: "jaas", UUID: ownModel}})
			act(t, agent, func(ctx context.Context, u operator.Unit) error {
				s, err := operator.Read(ctx, u)
				if err != nil || s.JIMMModel() != test.want {
					t.Errorf("%q, want %q, %v", s.JIMMModel(), test.want, err)
				}
				return err
			})
		})
	}
}
