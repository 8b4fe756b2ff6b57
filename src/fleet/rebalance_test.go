package fleet_test

import (
	"fmt"
	"slices"
	"testing"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration/facts"
)

// small is a world of a few models on three controllers, as numbers: where each
// model is, and how many agents it has.
type small struct {
	at, size []int
	weights  []int
}

func (w small) snapshot() (fleet.Snapshot, fleet.Policy) {
	names := []string{"east", "north", "west"}
	s := jaas()
	var p fleet.Policy
	for i := range s.Controllers {
		s.Controllers[i].AgentVersion = "3.6.28"
	}
	for i, name := range names {
		p.Targets = append(p.Targets, fleet.Weighted{Name: name, Weight: w.weights[i]})
	}
	for i, at := range w.at {
		s.Models = append(s.Models, model(fmt.Sprintf("m%d", i), names[at], w.size[i]))
	}
	return s, p
}

// even reports whether loads are within the tolerance of their shares, or less than one away, computed with fractions.
func (w small) even(loads []int, tolerance int) bool {
	total, weights := 0, 0
	for i, load := range loads {
		total += load
		weights += w.weights[i]
	}
	for i, load := range loads {
		share := float64(total) * float64(w.weights[i]) / float64(weights)
		d := max(float64(load)-share, share-float64(load))
		if d > share*float64(tolerance)/100+1e-9 && d >= 1-1e-9 {
			return false
		}
	}
	return true
}

// fewest tries all placements, and returns the fewest moves that make the loads even; -1 if none does.
func (w small) fewest(tolerance int) int {
	best := -1
	for code := range pow3(len(w.at)) {
		loads, moves := make([]int, 3), 0
		for i := range w.at {
			to := code / pow3(i) % 3
			loads[to] += w.size[i]
			if to != w.at[i] {
				moves++
			}
		}
		if w.even(loads, tolerance) && (best < 0 || moves < best) {
			best = moves
		}
	}
	return best
}

func pow3(n int) int {
	out := 1
	for range n {
		out *= 3
	}
	return out
}

// TestBalanceAgainstAllPlacements compares the plan with the best of all placements in small worlds: counted by models
// the moves are the fewest, and the bound is never above what is possible.
func TestBalanceAgainstAllPlacements(t *testing.T) {
	sizes := []int{1, 2, 3, 5, 8, 13}
	even := map[fleet.By]int{}
	for _, weights := range [][]int{{1, 1, 1}, {3, 1, 1}, {1, 1, 0}, {2, 1, 0}} {
		for n := 1; n <= 5; n++ {
			for code := range pow3(n) {
				w := small{weights: weights}
				for i := range n {
					w.at, w.size = append(w.at, code/pow3(i)%3), append(w.size, sizes[(i*5+code)%len(sizes)])
				}
				for _, by := range []fleet.By{fleet.ByModels, fleet.ByAgents} {
					if by == fleet.ByModels {
						w := w
						w.size = slices.Repeat([]int{1}, n)
						compare(t, w, by, even)
					} else {
						compare(t, w, by, even)
					}
				}
			}
		}
	}
	if even[fleet.ByModels] == 0 || even[fleet.ByAgents] == 0 {
		t.Errorf("nothing became even: %v", even)
	}
}

func compare(t *testing.T, w small, by fleet.By, even map[fleet.By]int) {
	t.Helper()
	const tolerance = 10
	s, p := w.snapshot()
	got, err := fleet.MakeRebalance(s, p, fleet.Balance{By: by, Tolerance: tolerance, MaxMoves: 100})
	if err != nil {
		t.Fatal(err)
	}
	loads, best := make([]int, 3), w.fewest(tolerance)
	for i, x := range got.Spread {
		loads[i] = x.After
	}
	moves := len(got.Plan.Moves)
	switch {
	case got.Even != w.even(loads, tolerance):
		t.Fatalf("%s %+v: even is %v with loads %v", by, w, got.Even, loads)
	case best >= 0 && got.Bound > best:
		t.Fatalf("%s %+v: the bound is %d, %d moves are enough", by, w, got.Bound, best)
	case got.Even && (moves < best || moves < got.Bound):
		t.Fatalf("%s %+v: %d moves, %d at least", by, w, moves, best)
	case by == fleet.ByModels && (!got.Even || moves != best):
		t.Fatalf("%+v: %d moves, even %v; %d are enough", w, moves, got.Even, best)
	case got.Even:
		even[by]++
	}
	applied := map[facts.ControllerUUID]int{}
	for _, m := range s.Models {
		on := m.Recorded
		for _, e := range got.Plan.Moves {
			if e.Model == m.UUID {
				on = controllerUUID(e.Target())
			}
		}
		applied[on] += size(by, m)
	}
	for _, x := range got.Spread {
		if applied[controllerUUID(x.Controller)] != x.After {
			t.Fatalf("%s %+v: %s has %d after the plan, the spread says %d", by, w, x.Controller, applied[controllerUUID(x.Controller)], x.After)
		}
	}
}

func size(by fleet.By, m facts.Model) int {
	if by == fleet.ByModels {
		return 1
	}
	return m.Agents()
}
