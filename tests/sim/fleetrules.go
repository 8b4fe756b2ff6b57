package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"jimm-migrator/tests/sim/controller"
)

// The rules for a run over many models. They check every MigrateModel of our own account as it arrives.
const (
	// RuleOverCap forbids more migrations at once than Fleet allows, including those of other clients.
	RuleOverCap = "over-cap"
	// RuleBothEnds forbids that a model and a model that it is connected to migrate at the same time.
	RuleBothEnds = "both-ends"
	// RuleStartAfterStop forbids a start after JAAS.StopStarts.
	RuleStartAfterStop = "start-after-stop"
	// RuleTwoStarts forbids a second start of a model in one run.
	RuleTwoStarts = "two-starts"
	// RuleUnplannedStart forbids starts that are not in Fleet.Planned.
	RuleUnplannedStart = "unplanned-start"
)

// Fleet holds the promises of a run over many models. The zero value of each member is no rule.
type Fleet struct {
	Parallel  int  `yaml:"parallel,omitempty"`   // migrations at once, in all
	PerSource int  `yaml:"per-source,omitempty"` // from one controller
	PerTarget int  `yaml:"per-target,omitempty"` // to one controller
	BothEnds  bool `yaml:"both-ends,omitempty"`  // connected models never migrate at the same time
	Once      bool `yaml:"once,omitempty"`       // a model is started once in a run
	// Planned are all the starts that are allowed.
	Planned []PlannedStart `yaml:"planned,omitempty"`
}

// PlannedStart is a move of a plan. Model is a UUID, owner/name, or a name that is unique.
type PlannedStart struct {
	Model string `yaml:"model"`
	From  string `yaml:"from,omitempty"` // the controller that hosts the model then; empty: any
	To    string `yaml:"to"`
}

// fleetRules is the state of the rules. JAAS.mu guards it.
type fleetRules struct {
	Fleet

	stopped string               // why no more may be started
	asked   map[string]time.Time // by UUID, when it was requested in this run
	targets map[string]string    // the target
}

// BeginRun begins a run over many models with the rules that it has promised, and discards the run before.
func (j *JAAS) BeginRun(fleet Fleet) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.fleet = fleetRules{Fleet: fleet, asked: map[string]time.Time{}, targets: map[string]string{}}
}

// StopStarts makes every later start of the run a violation. Why is the reason for the stop.
func (j *JAAS) StopStarts(why string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.fleet.stopped = why
}

// checkFleet checks a start of our own account.
func (j *JAAS) checkFleet(user string, spec recordParams, report func(rule, why string)) {
	if spec.empty() || user != j.Account("").ID+"@serviceaccount" {
		return
	}
	uuid := j.UUID(strings.TrimPrefix(spec.Model, "model-"))
	flying, source := j.flying(uuid), j.sourceOf(uuid)
	j.mu.Lock()
	rules := j.fleet
	_, again := rules.asked[uuid]
	if rules.asked != nil {
		rules.asked[uuid], rules.targets[uuid] = time.Now(), spec.Target
	}
	j.mu.Unlock()
	if rules.stopped != "" {
		report(RuleStartAfterStop, "the run has stopped: "+rules.stopped)
	}
	if again && rules.Once {
		report(RuleTwoStarts, "the run has started it already")
	}
	rules.checkCaps(flying, source, spec.Target, report)
	for _, other := range flying {
		if rules.BothEnds && j.connected(uuid, other.uuid) {
			report(RuleBothEnds, other.uuid+" is in flight and connected with it")
		}
	}
	if rules.Planned != nil && !slices.ContainsFunc(rules.Planned, func(p PlannedStart) bool {
		return j.UUID(p.Model) == uuid && p.To == spec.Target && (p.From == "" || p.From == source)
	}) {
		report(RuleUnplannedStart, fmt.Sprintf("no plan moves it from %q to %q", source, spec.Target))
	}
}

func (r *fleetRules) checkCaps(flying []flight, source, target string, report func(rule, why string)) {
	from, to := 0, 0
	for _, f := range flying {
		if f.source == source {
			from++
		}
		if f.target == target {
			to++
		}
	}
	for _, bound := range []struct {
		limit, n int
		where    string
	}{{r.Parallel, len(flying), "in all"}, {r.PerSource, from, "from " + source}, {r.PerTarget, to, "to " + target}} {
		if bound.limit > 0 && bound.n >= bound.limit {
			report(RuleOverCap, fmt.Sprintf("%d migrations are in flight %s", bound.n, bound.where))
		}
	}
}

// flight is a migration that runs, or that was requested just before.
type flight struct{ uuid, source, target string }

// askedLately is how long a request counts as a migration although no controller shows one.
const askedLately = 10 * time.Second

// flying returns all migrations in flight except those of the given model, of any client.
func (j *JAAS) flying(but string) (list []flight) {
	j.mu.Lock()
	asked, targets := maps.Clone(j.fleet.asked), maps.Clone(j.fleet.targets)
	j.mu.Unlock()
	for _, c := range j.world.Controllers {
		for _, m := range j.Controller(c.Name).Migrating() {
			if m.ModelUUID != but {
				list = append(list, flight{m.ModelUUID, c.Name, j.nameOf(m.Target)})
			}
			delete(asked, m.ModelUUID)
		}
	}
	for uuid, at := range asked {
		latest, known := j.Controller(j.sourceOf(uuid)).Migration(uuid)
		ended := known && latest.End != nil && !latest.Start.Before(at)
		if uuid != but && !ended && time.Since(at) < askedLately {
			list = append(list, flight{uuid, j.sourceOf(uuid), targets[uuid]})
		}
	}
	return list
}

// nameOf is the name of the controller with a tag.
func (j *JAAS) nameOf(tag string) string {
	for _, c := range j.world.Controllers {
		if "controller-"+c.UUID == tag {
			return c.Name
		}
	}
	return tag
}

// sourceOf is the controller that a model would leave: one that has it and is not importing it.
func (j *JAAS) sourceOf(uuid string) string {
	for _, place := range j.where(uuid) {
		if place.State != controller.StateImporting {
			return place.Controller
		}
	}
	return j.world.Controllers[0].Name
}

// connected reports whether one of two models consumes an offer of the other.
func (j *JAAS) connected(a, b string) bool {
	return j.consumes(a, b) || j.consumes(b, a)
}

func (j *JAAS) consumes(consumer, offerer string) bool {
	there, known := j.Controller(j.sourceOf(offerer)).Model(offerer)
	here, also := j.Controller(j.sourceOf(consumer)).Model(consumer)
	if !known || !also {
		return false
	}
	return slices.ContainsFunc(here.Model.RemoteApplications, func(r controller.RemoteApplication) bool {
		return slices.ContainsFunc(there.Model.Offers, func(o controller.Offer) bool {
			return r.OfferURL == there.Model.Owner+"/"+there.Model.Name+"."+o.Name
		})
	})
}
