package fleet_test

import (
	"fmt"
	"testing"
	"time"

	"jimm-migrator/src/fleet"
)

// large is a JAAS with that many models on that many controllers.
func large(models, controllers int) fleet.Snapshot {
	s := jaas()
	s.Controllers = nil
	for i := range controllers {
		c := controller(fmt.Sprintf("c%02d", i), fmt.Sprintf("3.6.%d", 14+i%10))
		c.Region = fmt.Sprintf("r%d", i%5)
		s.Controllers = append(s.Controllers, c)
	}
	for i := range models {
		m := model(fmt.Sprintf("m%05d", i), fmt.Sprintf("c%02d", i%controllers), i%40)
		m.Region, m.AgentVersion = fmt.Sprintf("r%d", i%5), fmt.Sprintf("3.6.%d", 12+i%3)
		m.Owner = fmt.Sprintf("user%d@example.com", i%100)
		s.Models = append(s.Models, m)
	}
	return s
}

func BenchmarkPlan(b *testing.B) {
	s := large(10000, 50)
	p := fleet.Policy{Goal: fleet.Move, Models: []string{"*"}, Targets: to("*")}
	b.ReportAllocs()
	for b.Loop() {
		plan, err := fleet.Make(s, p)
		if err != nil || len(plan.Moves) != fleet.MostModels {
			b.Fatal(err, len(plan.Moves))
		}
	}
}

func BenchmarkMigratable(b *testing.B) {
	s := large(10000, 50)
	b.ReportAllocs()
	for b.Loop() {
		ask := fleet.Migratable(s)
		for _, m := range s.Models {
			ask(m)
		}
	}
}

func BenchmarkNext(b *testing.B) {
	var entries []fleet.Entry
	for i := range 1000 {
		entries = append(entries, entry(fmt.Sprintf("m%04d", i), "west", []string{"east", "north"}[i%2], i%50))
	}
	p := planOf(fleet.Caps{Parallel: 20, Source: 20, Target: 10, Agents: 600}, true, entries...)
	pr := fleet.Progress{States: make([]fleet.State, 1000), Proved: map[string]bool{"east": true, "north": true}}
	for i := range 300 {
		pr.States[i] = fleet.Well
	}
	w := fleet.World{}
	b.ReportAllocs()
	for b.Loop() {
		if started, _ := fleet.Next(p, w, pr, time.Hour); len(started) == 0 {
			b.Fatal("nothing starts")
		}
	}
}
