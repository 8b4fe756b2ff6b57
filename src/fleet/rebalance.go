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

// By is the measure of the load of a controller.
type By string

// The measures.
const (
	ByAgents By = "agents"
	ByModels By = "models"
)

// Balance describes how even the load should be.
type Balance struct {
	By By
	// Tolerance is how far a controller may be from its share, in percent.
	Tolerance int
	// MaxMoves limits the moves; 10 if 0.
	MaxMoves int
}

// Spread is the load of one controller before and after.
type Spread struct {
	Controller           string
	Before, After, Share int
}

// Balanced is a plan that evens out the load, and the facts about it.
type Balanced struct {
	Plan Plan
	Balance
	Spread []Spread
	// Bound is a number of moves below which no plan brings every controller within the tolerance of its share.
	Bound int
	// Even reports that this plan brings every controller within the tolerance.
	Even bool
	// Why is the reason why it stops there.
	Why string
}

// rested is how long a model stays on a controller before it is migrated again.
const rested = 24 * time.Hour

// MakeRebalance plans few moves that bring each target within the tolerance of its share; if models are counted,
// the fewest. It migrates only models that have no edges, are idle, and were not migrated in the last day.
func MakeRebalance(s Snapshot, p Policy, b Balance) (Balanced, error) {
	p.Goal, p.From = Rebalance, ""
	if b.MaxMoves <= 0 {
		b.MaxMoves = 10
	}
	switch {
	case len(s.Moving) > 0:
		return Balanced{}, fmt.Errorf("cannot balance: %s; wait until that has ended", facts.Count(len(s.Moving), "model is migrating", "models are migrating"))
	case len(s.Gaps) > 0:
		return Balanced{}, fmt.Errorf("cannot balance: JIMM's list is incomplete: %s", strings.Join(s.Gaps, "; "))
	case len(s.Edges.Unread) > 0:
		return Balanced{}, fmt.Errorf("cannot balance: cannot determine which models are connected: %s", strings.Join(s.Edges.Unread, "; "))
	}
	if len(p.Targets) == 0 {
		p.Targets = []Weighted{{Name: "*", Weight: 1}}
	}
	m, err := newMaker(s, p)
	if err != nil {
		return Balanced{}, err
	}
	if len(m.targets) < 2 {
		return Balanced{}, errors.New("cannot balance: at least two controllers must be available and not cordoned")
	}
	bal := &balancer{maker: m, Balance: b}
	if err := bal.begin(); err != nil {
		return Balanced{}, err
	}
	bound := bal.bound()
	why := bal.run()
	m.number()
	out := Balanced{Plan: m.plan(), Balance: b, Why: why, Bound: bound, Even: bal.even()}
	for _, t := range m.targets {
		out.Spread = append(out.Spread, Spread{t.Name, bal.before[t.Name], bal.load[t.Name], bal.total * t.Weight / bal.weights})
	}
	return out, nil
}

// balancer evens out the load. Loads are compared with shares after multiplication by the sum of the weights, to avoid
// rounding.
type balancer struct {
	*maker
	Balance
	total, weights int
	before, load   map[string]int
	movable        map[string][]candidate // by controller, the largest first
}

// begin counts the loads and finds the models that may be migrated.
func (b *balancer) begin() error {
	b.before, b.load, b.movable = map[string]int{}, map[string]int{}, map[string][]candidate{}
	excluded, _, err := b.matching(b.policy.Exclude)
	if err != nil {
		return err
	}
	in := map[facts.ControllerUUID]bool{}
	for _, t := range b.targets {
		in[b.byName[t.Name].UUID] = true
		b.weights += t.Weight
	}
	if b.weights == 0 {
		return errors.New("cannot balance: the shares of all targets are 0")
	}
	for i := range b.snapshot.Models {
		model := &b.snapshot.Models[i]
		if !in[model.Recorded] || model.IsController {
			continue
		}
		name := b.snapshot.nameOf(model.Recorded)
		b.load[name] += b.size(model)
		b.total += b.size(model)
		c := b.candidate(model, false)
		reason := b.rest(c, false, excluded[model.UUID])
		switch {
		case reason == "" && len(b.graph[model.UUID]) > 0:
			reason = LeftConnected
		case reason == "" && b.snapshot.Now.Sub(b.snapshot.Requested[model.UUID]) < rested:
			reason = LeftMovedRecently
		}
		if reason == "" {
			b.movable[name] = append(b.movable[name], c)
		} else {
			b.leave(c, reason)
		}
	}
	for _, t := range b.targets {
		b.before[t.Name] = b.load[t.Name]
		facts.Sort(b.movable[t.Name], func(x, y candidate) int {
			return cmp.Or(b.size(y.Model)-b.size(x.Model), strings.Compare(x.UUID, y.UUID))
		})
	}
	return nil
}

// size is what the model contributes to the load.
func (b *balancer) size(m *facts.Model) int {
	if b.By == ByModels {
		return 1
	}
	return m.Agents()
}

// above is how far a controller is above its share, multiplied by the weights.
func (b *balancer) above(t Weighted) int { return b.load[t.Name]*b.weights - b.total*t.Weight }

// slack is how far from its share a controller may be, multiplied by the weights: the tolerance, and in any case less
// than one model or agent.
func (b *balancer) slack(t Weighted) int {
	return max(b.total*t.Weight*b.Tolerance/100, b.weights-1)
}

// even reports whether every controller is within the tolerance of its share.
func (b *balancer) even() bool {
	return !slices.ContainsFunc(b.targets, func(t Weighted) bool { return distance(b.above(t)) > b.slack(t) })
}

// run migrates models until every controller is within the tolerance of its share, and returns why it stops. Each move
// brings two loads nearer to each other, so it ends.
func (b *balancer) run() string {
	for {
		switch {
		case b.even():
			return fmt.Sprintf("every controller is within %d percent of its share, or less than one %s away", b.Tolerance, strings.TrimSuffix(string(b.By), "s"))
		case len(b.moves) >= b.MaxMoves:
			return fmt.Sprintf("max-moves is %d", b.MaxMoves)
		case !b.improve():
			return "no single migration would improve the balance"
		}
	}
}

// improve makes the best move between the controller furthest above its share and the one furthest below, or else
// between the next two.
func (b *balancer) improve() bool {
	over := slices.Clone(b.targets)
	facts.Sort(over, func(x, y Weighted) int {
		return cmp.Or(b.above(y)-b.above(x), strings.Compare(x.Name, y.Name))
	})
	for _, from := range over {
		for _, to := range slices.Backward(over) {
			if b.above(to) >= b.above(from) {
				break
			}
			if i := b.best(from, to); i >= 0 {
				c := b.movable[from.Name][i]
				b.moves = append(b.moves, b.entry(c, to.Name))
				b.movable[from.Name] = slices.Delete(b.movable[from.Name], i, i+1)
				b.load[from.Name] -= b.size(c.Model)
				b.load[to.Name] += b.size(c.Model)
				return true
			}
		}
	}
	return false
}

// best returns the model on one controller for which a move to another minimises the larger of the two distances; -1
// for none.
func (b *balancer) best(from, to Weighted) int {
	found, least := -1, max(distance(b.above(from)), distance(b.above(to)))
	for i, c := range b.movable[from.Name] {
		n := b.size(c.Model) * b.weights
		d := max(distance(b.above(from)-n), distance(b.above(to)+n))
		if d < least && b.judgements(c.Model)[b.index[to.Name]].eligible == Eligible {
			found, least = i, d
		}
	}
	return found
}

func distance(n int) int { return max(n, -n) }

// bound is the fewest models, the largest first, that cover what all controllers have above their share and the
// tolerance, or what they lack; the larger of the two.
func (b *balancer) bound() int {
	leave, come := 0, 0
	for _, t := range b.targets {
		uuid := b.byName[t.Name].UUID
		leave += b.cover(b.above(t)-b.slack(t), func(m *facts.Model) bool { return m.Recorded == uuid })
		come += b.cover(-b.above(t)-b.slack(t), func(m *facts.Model) bool { return m.Recorded != uuid })
	}
	return max(leave, come)
}

// cover counts how many of the largest selected models together have at least this much.
func (b *balancer) cover(excess int, meant func(*facts.Model) bool) int {
	var sizes []int
	for i := range b.snapshot.Models {
		if m := &b.snapshot.Models[i]; !m.IsController && meant(m) {
			sizes = append(sizes, b.size(m)*b.weights)
		}
	}
	slices.Sort(sizes)
	n := 0
	for _, size := range slices.Backward(sizes) {
		if excess <= 0 {
			break
		}
		excess -= size
		n++
	}
	return n
}
