package jaas_test

import (
	"fmt"
	"strconv"
	"testing"

	"jimm-migrator/src/jaas"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/migration/facts"
)

// JIMM of July 2026 mixes up two models with the same name in one call.
func TestOffersAreAskedWithDistinctNames(t *testing.T) {
	var models []facts.Model
	for i := range 230 {
		models = append(models, facts.Model{UUID: strconv.Itoa(i), Owner: fmt.Sprintf("user%d", i%7), Name: fmt.Sprintf("m%d", i/7%9)})
	}
	for i := range 120 {
		models = append(models, facts.Model{UUID: strconv.Itoa(1000 + i), Owner: "alice", Name: fmt.Sprintf("own%d", i)})
	}
	seen := map[string]bool{}
	batches := jaas.OfferBatches(models)
	for _, batch := range batches {
		names := map[string]bool{}
		for _, m := range batch {
			if names[m.Name] {
				t.Errorf("%q is twice in one call", m.Name)
			}
			names[m.Name], seen[m.UUID] = true, true
		}
		if len(batch) > jimm.MostOfferFilters {
			t.Errorf("%d models in one call", len(batch))
		}
	}
	if len(seen) != len(models) {
		t.Errorf("%d of %d models are asked about", len(seen), len(models))
	}
	if len(batches) > 30 { // About as often as the most frequent name.
		t.Errorf("%d calls", len(batches))
	}
}
