package fleet

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"jimm-migrator/src/migration/facts"
)

// Goal is what a plan is for.
type Goal string

// The goals.
const (
	// Move migrates the models that are named.
	Move Goal = "move"
	// Drain migrates all models away from a controller.
	Drain Goal = "drain"
	// Reverse migrates models back to the controller that they left.
	Reverse Goal = "reverse"
	// Rebalance evens out the load of controllers.
	Rebalance Goal = "rebalance"
	// Upgrade migrates and upgrades models until their agents run a version.
	Upgrade Goal = "upgrade"
)

// Caps limit how much happens at once, including the migrations of other clients.
type Caps struct {
	// Parallel limits all migrations, Source and Target those of one controller.
	Parallel, Source, Target int
	// Agents limits the agents that arrive at one target at once. A model with more agents is migrated alone.
	Agents int
}

// DefaultCaps are conservative.
func DefaultCaps() Caps { return Caps{Parallel: 4, Source: 4, Target: 2, Agents: 600} }

// Rules decide when a run stops.
type Rules struct {
	// Failures is how many are tolerated.
	Failures int
	// Canary migrates one small model to each target first, then one more at once for each that has succeeded.
	Canary bool
	// ModelTimeout limits how long one model is watched.
	ModelTimeout time.Duration
}

// DefaultRules tolerate no failure.
func DefaultRules() Rules { return Rules{Canary: true, ModelTimeout: 60 * time.Minute} }

// Step is one step of a model's route: to a controller, or to an agent version.
type Step struct{ Controller, Version string }

// String returns the step as a plan writes it.
func (s Step) String() string {
	if s.Version != "" {
		return upgradePrefix + s.Version
	}
	return s.Controller
}

const upgradePrefix = "upgrade:"

// Entry is one model of a plan.
type Entry struct {
	Wave   int
	Model  string // UUID
	Source string // Name of the controller.
	Route  []Step
	Agents int
	Name   string // owner/name
}

// Target is the controller that the model ends on.
func (e Entry) Target() string {
	for _, s := range slices.Backward(e.Route) {
		if s.Controller != "" {
			return s.Controller
		}
	}
	return e.Source
}

// First is the controller that the model migrates to first.
func (e Entry) First() string {
	for _, s := range e.Route {
		if s.Controller != "" {
			return s.Controller
		}
	}
	return e.Source
}

// Leg returns the next step for a model that is on the controller, as an entry of one step, and the number of steps of
// the route behind it. At least done steps are behind it. If no step is left the leg's route is empty; ok is false if
// the controller is not on the route. The result depends only on what is observed.
func (e Entry) Leg(on string, done int) (leg Entry, behind int, ok bool) {
	behind, ok = done, e.after(done) == on
	for i, s := range e.Route {
		if s.Controller == on && i+1 > done {
			behind, ok = i+1, true
		}
	}
	leg = e
	leg.Source, leg.Route = on, e.Route[behind:min(behind+1, len(e.Route))]
	return leg, behind, ok
}

// after is the controller that has the model after this many steps.
func (e Entry) after(steps int) string {
	at := e.Source
	for _, s := range e.Route[:steps] {
		if s.Controller != "" {
			at = s.Controller
		}
	}
	return at
}

// upgrades reports whether the first step is an upgrade.
func (e Entry) upgrades() bool { return len(e.Route) > 0 && e.Route[0].Version != "" }

// lane is what a canary proves: that models can be migrated to a controller, or that agents can be upgraded on it.
func (e Entry) lane() string {
	if e.upgrades() {
		return e.Source + " " + e.Route[0].String()
	}
	return e.First()
}

// Left is a model that a plan leaves where it is.
type Left struct {
	Reason Reason
	Model  string
	Name   string
	// Detail adds to the reason, or is "". It is not part of the text.
	Detail string
}

// String returns the model with the reason, on one line.
func (l Left) String() string {
	why := string(l.Reason)
	if l.Detail != "" {
		why += ": " + l.Detail
	}
	return strings.TrimSpace(l.Model+" "+l.Name) + " (" + why + ")"
}

// Reason reports why a model is left.
type Reason string

// The reasons.
const (
	LeftOwnModel        Reason = "own-model"
	LeftControllerModel Reason = "controller-model"
	LeftJIMMModel       Reason = "jimm-model"
	LeftJIMMNeighbour   Reason = "jimm-neighbour"
	LeftExcluded        Reason = "excluded"
	LeftNotAlive        Reason = "not-alive"
	LeftMoving          Reason = "moving"
	LeftConnectedOffers Reason = "connected-offers"
	LeftAlreadyThere    Reason = alreadyThere
	LeftNoTarget        Reason = "no-target"
	LeftUnclear         Reason = "unknown-target"
	LeftConnected       Reason = "connected"
	LeftMovedRecently   Reason = "moved-recently"
	LeftMovedOn         Reason = "moved-on"
	LeftGone            Reason = "gone"
	LeftStillThere      Reason = "still-there"
	LeftNoRedirect      Reason = "no-redirect"
	LeftNotInLog        Reason = "not-in-log"
	LeftNoAnswer        Reason = "no-answer"
	LeftAmbiguous       Reason = "ambiguous"
	// The reasons for models on a drained controller that JIMM does not record there.
	LeftUnknownToJIMM Reason = "unknown-to-jimm"
	LeftHalfImported  Reason = "half-imported"
	LeftOver          Reason = "left-over"
	LeftDrift         Reason = "drift"
)

// Host is a controller of a plan.
type Host struct {
	Name    string
	UUID    facts.ControllerUUID
	Version string
}

// Plan reports which models move, from where to where, and what is left.
type Plan struct {
	JAAS string
	Made time.Time
	Unit string
	Goal Goal
	// Of is the drained controller, or the one that models return to, or the version that agents are to run.
	Of          string
	Controllers []Host
	Caps        Caps
	Rules       Rules
	// Checks names the checks that were made for the plan: [ChecksRecords] if "", or [ChecksFull].
	Checks string
	// Edges is what was known of the cross-model relations; Pairs are those of the models of the plan.
	Edges string
	Pairs []Edge
	Moves []Entry
	Left  []Left
	// More counts the models that did not fit.
	More int
}

// sort puts a plan in the order of its text.
func (p *Plan) sort() {
	facts.Sort(p.Controllers, func(a, b Host) int { return strings.Compare(a.Name, b.Name) })
	facts.Sort(p.Pairs, func(a, b Edge) int {
		return cmp.Or(strings.Compare(a.Offerer, b.Offerer), strings.Compare(a.Consumer, b.Consumer))
	})
	p.Pairs = slices.Compact(p.Pairs)
	facts.Sort(p.Moves, func(a, b Entry) int {
		return cmp.Or(a.Wave-b.Wave, strings.Compare(a.Source, b.Source), strings.Compare(a.Target(), b.Target()), smallest(a, b))
	})
	facts.Sort(p.Left, func(a, b Left) int {
		return cmp.Or(strings.Compare(string(a.Reason), string(b.Reason)), strings.Compare(a.Name, b.Name), strings.Compare(a.Model, b.Model))
	})
}

// Agents counts the agents that arrive at each target.
func (p Plan) Agents() map[string]int {
	out := map[string]int{}
	for _, e := range p.Moves {
		out[e.Target()] += e.Agents
	}
	return out
}
