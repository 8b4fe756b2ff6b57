package fleet

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"jimm-migrator/src/migration/facts"
)

// By is what the load of a controller is measured in.
type By string

// The measures.
const (
	ByAgents By = "agents"
	ByModels By = "models"
)

// Balance says how even the load shall be.
type Balance struct {
	By By
	// Tolerance is how far a controller may be from its share, in percent.
	Tolerance int
	// MaxMoves bounds the moves; 10 if 0.
	MaxMoves int
}

// Spread is the load of one controller before and after.
type Spread struct {
	Controller           string
	Before, After, Share int
}

// Balanced is a plan that evens out the load, and what is to be said about it.
type Balanced struct {
	Plan   Plan
	Spread []Spread
	// Bound is the fewest moves with which any plan could reach the shares.
	Bound int
	// Why says why it stops where it does.
	Why string
}

// rested is how long a model stays where it came to before it is moved again.
const rested = 24 * time.Hour

// MakeRebalance plans the fewest moves that bring each target within the
// tolerance of its share. Only models without edges move that are at rest and
// were not moved in the last day.
func MakeRebalance(s Snapshot, p Policy, b Balance) (Balanced, error) {
	p.Goal, p.From = Rebalance, ""
	if b.MaxMoves <= 0 {
		b.MaxMoves = 10
	}
	switch {
	case len(s.Moving) > 0:
		return Balanced{}, fmt.Errorf("cannot balance: %s now; wait until none does", facts.Count(len(s.Moving), "model moves", "models move"))
	case len(s.Gaps) > 0:
		return Balanced{}, fmt.Errorf("cannot balance: JIMM's list is not complete: %s", strings.Join(s.Gaps, "; "))
	}
	if len(p.Targets) == 0 {
		p.Targets = []Weighted{{Name: "*", Weight: 1}}
	}
	m, err := newMaker(s, p)
	if err != nil {
		return Balanced{}, err
	}
	if len(m.targets) < 2 {
		return Balanced{}, errors.New("cannot balance: it takes two controllers that are available and not cordoned")
	}
	bal := &balancer{maker: m, Balance: b}
	if err := bal.begin(); err != nil {
		return Balanced{}, err
	}
	why := bal.run()
	m.number()
	out := Balanced{Plan: m.plan(), Why: why, Bound: bal.bound()}
	for _, t := range m.targets {
		out.Spread = append(out.Spread, Spread{t.Name, bal.before[t.Name], bal.load[t.Name], bal.share[t.Name]})
	}
	return out, nil
}

type balancer struct {
	*maker
	Balance
	before, load, share map[string]int
	movable             map[string][]candidate // by controller, the largest first
}

// begin counts the loads and finds the models that may move.
func (b *balancer) begin() error {
	b.before, b.load, b.share, b.movable = map[string]int{}, map[string]int{}, map[string]int{}, map[string][]candidate{}
	excluded, _, err := b.matching(b.policy.Exclude)
	if err != nil {
		return err
	}
	in := map[string]bool{}
	weights, total := 0, 0
	for _, t := range b.targets {
		in[b.byName[t.Name].UUID] = true
		weights += t.Weight
	}
	for i := range b.snapshot.Models {
		model := &b.snapshot.Models[i]
		if !in[model.Recorded] || model.IsController {
			continue
		}
		name := b.snapshot.nameOf(model.Recorded)
		b.load[name] += b.size(model)
		total += b.size(model)
		c := candidate{Model: model}
		reason := b.rest(c, false, excluded[model.UUID])
		switch {
		case reason == "" && len(b.graph[model.UUID]) > 0:
			reason = LeftConnected
		case reason == "" && b.snapshot.Now.Sub(b.snapshot.Moved[model.UUID]) < rested:
			reason = LeftMovedLately
		}
		if reason == "" {
			b.movable[name] = append(b.movable[name], c)
		} else {
			b.leave(c, reason)
		}
	}
	for _, t := range b.targets {
		b.before[t.Name] = b.load[t.Name]
		if weights > 0 {
			b.share[t.Name] = total * t.Weight / weights
		}
		slices.SortFunc(b.movable[t.Name], func(x, y candidate) int {
			return cmp.Or(b.size(y.Model)-b.size(x.Model), strings.Compare(x.UUID, y.UUID))
		})
	}
	return nil
}

// size is what the model counts.
func (b *balancer) size(m *facts.Model) int {
	if b.By == ByModels {
		return 1
	}
	return m.Agents()
}

// slack is how far from its share a controller may be.
func (b *balancer) slack(name string) int { return b.share[name] * b.Tolerance / 100 }

// run moves models until every controller is near its share, and says why it
// stops. Each move brings two loads nearer to each other, so it ends.
func (b *balancer) run() string {
	for len(b.moves) < b.MaxMoves {
		over, under := b.ends()
		even := true
		for _, t := range b.targets {
			d := b.load[t.Name] - b.share[t.Name]
			even = even && max(d, -d) <= b.slack(t.Name)
		}
		if even {
			return fmt.Sprintf("every controller is within %d percent of its share", b.Tolerance)
		}
		if !b.improve(over, under) {
			return "no move makes it more even"
		}
	}
	return fmt.Sprintf("max-moves is %d", b.MaxMoves)
}

// ends returns the controllers by how far they are above their share, the
// furthest first, and those below, the furthest first.
func (b *balancer) ends() (over, under []string) {
	for _, t := range b.targets {
		over = append(over, t.Name)
	}
	slices.SortFunc(over, func(x, y string) int {
		return cmp.Or((b.load[y]-b.share[y])-(b.load[x]-b.share[x]), strings.Compare(x, y))
	})
	under = slices.Clone(over)
	slices.Reverse(under)
	return over, under
}

// improve makes one move: the largest model that does not overshoot, from the
// controller furthest above its share to the one furthest below that takes it.
func (b *balancer) improve(over, under []string) bool {
	for _, from := range over {
		if b.load[from] <= b.share[from] {
			return false
		}
		for _, to := range under {
			excess, lack := b.load[from]-b.share[from], b.share[to]-b.load[to]
			if from == to || lack <= 0 && excess <= -lack {
				continue
			}
			for i, c := range b.movable[from] {
				n := b.size(c.Model)
				// The larger of the two distances must shrink.
				if n == 0 || max(distance(excess-n), distance(lack-n)) >= max(distance(excess), distance(lack)) {
					continue
				}
				if b.judgements(c.Model)[b.index[to]].eligible != Eligible {
					continue
				}
				b.moves = append(b.moves, b.entry(c, to))
				b.movable[from] = slices.Delete(b.movable[from], i, i+1)
				b.load[from] -= n
				b.load[to] += n
				return true
			}
		}
	}
	return false
}

func distance(n int) int { return max(n, -n) }

// bound is the fewest models, the largest first, that cover what each controller
// has above its share and the tolerance.
func (b *balancer) bound() int {
	n := 0
	for _, t := range b.targets {
		excess := b.before[t.Name] - b.share[t.Name] - b.slack(t.Name)
		uuid := b.byName[t.Name].UUID
		var sizes []int
		for i := range b.snapshot.Models {
			m := &b.snapshot.Models[i]
			if m.Recorded == uuid && !m.IsController {
				sizes = append(sizes, b.size(m))
			}
		}
		slices.Sort(sizes)
		for _, size := range slices.Backward(sizes) {
			if excess <= 0 {
				break
			}
			excess -= size
			n++
		}
	}
	return n
}
