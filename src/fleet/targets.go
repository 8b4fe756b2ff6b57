package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
)

// Eligibility reports whether a model can migrate to a controller, as far as lists show it.
type Eligibility string

// The eligibilities.
const (
	Eligible    Eligibility = "yes"
	NotEligible Eligibility = "no"
	Unclear     Eligibility = "unknown"
)

// Target is a controller as a target of a model.
type Target struct {
	Controller facts.Controller
	Eligible   Eligibility
	// Reasons are the findings that are not a pass: what rules the target out, what is not known, and what to watch.
	Reasons []checks.Finding
	// Rank counts the eligible targets from 1; 0 for the others.
	Rank int
	// Why is a sentence about the reason of this rank; may be empty.
	Why string
	// Connected is how many models there are connected to this one.
	Connected int
	// Load is what the controller has now.
	Load Load
}

// warnings counts the findings to watch.
func (t Target) warnings() int { return verdict{reasons: t.Reasons}.warnings() }

func (v verdict) warnings() int {
	n := 0
	for _, f := range v.reasons {
		if f.Level == checks.Warn {
			n++
		}
	}
	return n
}

// Targets returns all controllers as targets of the model, the best first: those that can accept it, those for which
// this is not known, then the others. The order has no weights: connected models there, fewest warnings, fewest agents
// after the move, the smallest step in version, the name.
func Targets(s Snapshot, model facts.Model) []Target {
	return newRater(s).targets(model)
}

// rater judges targets. It caches the verdicts of each class, so that ten thousand models cost some hundred judgements.
type rater struct {
	snapshot Snapshot
	records  checks.Records
	loads    map[string]Load
	graph    graph
	at       map[string]facts.ControllerUUID // controller UUID by model
	clouds   map[Class]bool                  // clouds that models of a controller are in
	verdicts map[kind][]verdict              // in JIMM's order of controllers
}

// kind is what the verdicts about the targets of a model depend on.
type kind struct {
	Class
	version, sort, life string
	own, jimm, isModel  bool
}

type verdict struct {
	eligible Eligibility
	reasons  []checks.Finding
}

func newRater(s Snapshot) *rater {
	r := &rater{
		snapshot: s, records: checks.Records{Traits: s.Traits, Controllers: s.Controllers, Unit: s.Unit, OwnModel: s.OwnModel, JIMMModel: s.JIMMModel},
		loads: s.Loads(), graph: graphOf(s.Edges.List),
		at: make(map[string]facts.ControllerUUID, len(s.Models)), clouds: map[Class]bool{},
		verdicts: map[kind][]verdict{},
	}
	shown := map[facts.ControllerUUID]bool{}
	for i := range s.Models {
		m := &s.Models[i]
		r.at[m.UUID] = m.Recorded
		if !shown[m.Recorded] && !m.IsController && m.Life != "" && m.AgentVersion != "" {
			shown[m.Recorded] = true
			r.records.Models = append(r.records.Models, *m)
		}
		r.clouds[ClassOf(*m)] = true
	}
	return r
}

func (r *rater) kindOf(m *facts.Model) kind {
	return kind{
		Class: ClassOf(*m), version: m.AgentVersion, sort: m.Type, life: m.Life,
		own: m.UUID == r.snapshot.OwnModel, jimm: m.UUID == r.snapshot.JIMMModel, isModel: !m.IsController,
	}
}

// judgements returns the verdict about each controller, in JIMM's order.
func (r *rater) judgements(m *facts.Model) []verdict {
	key := r.kindOf(m)
	out, known := r.verdicts[key]
	if !known {
		out = make([]verdict, len(r.snapshot.Controllers))
		for i, c := range r.snapshot.Controllers {
			out[i] = r.judge(m, c)
		}
		r.verdicts[key] = out
	}
	return r.checked(m, out)
}

// checked is the verdict of the lists, except for controllers that a check of the model itself rules out, as long as
// the model is where it was checked.
func (r *rater) checked(m *facts.Model, listed []verdict) []verdict {
	refused := r.snapshot.Refused[m.UUID]
	if len(refused) == 0 || m.Recorded != r.at[m.UUID] {
		return listed
	}
	out := slices.Clone(listed)
	for i, c := range r.snapshot.Controllers {
		if f, ok := refused[c.UUID]; ok {
			out[i] = verdict{NotEligible, append([]checks.Finding{f}, listed[i].reasons...)}
		}
	}
	return out
}

// judge runs the checks that lists can answer.
func (r *rater) judge(m *facts.Model, target facts.Controller) verdict {
	if m.Recorded == target.UUID {
		return verdict{NotEligible, []checks.Finding{{Check: checks.Target, Level: checks.Fail, Evidence: fmt.Sprintf("the model is on %q", target.Name)}}}
	}
	v := verdict{eligible: Eligible}
	for _, f := range r.records.Check(*m, target, r.snapshot.Eligible[ClassOf(*m)]) {
		switch {
		case f.Level == checks.Pass, f.Level == checks.Skip && !open(f):
			continue
		case f.Check == checks.Cloud && f.Level == checks.Warn && r.clouds[Class{target.UUID, m.Cloud, m.Region}]:
			continue // The number of models there in that cloud.
		case f.Level == checks.Fail:
			v.eligible = NotEligible
		case f.Check == checks.TargetAvailable && cordoned(target):
			f.Level = checks.Fail
			f.Evidence = fmt.Sprintf("%q is cordoned: it should get no models", target.Name)
			f.Remedy = "uncordon-controller controller=" + target.Name + " lifts it"
			v.eligible = NotEligible
		case open(f) && v.eligible == Eligible:
			v.eligible = Unclear
		}
		v.reasons = append(v.reasons, f)
	}
	facts.Sort(v.reasons, func(a, b checks.Finding) int { return severity(a.Level) - severity(b.Level) })
	return v
}

// open reports whether a finding leaves open whether the model can move at all.
func open(f checks.Finding) bool {
	switch f.Check {
	case checks.Cloud:
		return true
	case checks.Versions:
		return f.Level == checks.Skip
	default:
		return false
	}
}

func severity(l checks.Level) int {
	switch l {
	case checks.Fail:
		return 0
	case checks.Warn:
		return 1
	default:
		return 2
	}
}

// targets ranks all controllers.
func (r *rater) targets(m facts.Model) []Target {
	judgements := r.judgements(&m)
	out := make([]Target, len(judgements))
	for i, c := range r.snapshot.Controllers {
		v := judgements[i]
		out[i] = Target{Controller: c, Eligible: v.eligible, Reasons: v.reasons, Load: r.loads[c.Name], Connected: r.connected(m.UUID, c)}
	}
	facts.Sort(out, func(a, b Target) int { return cmp.Or(eligibility(a.Eligible)-eligibility(b.Eligible), r.compare(a, b)) })
	for i := range out {
		t := &out[i]
		switch {
		case t.Eligible == Eligible:
			t.Rank = i + 1
			t.Why = r.step(*t, out[max(i-1, 0)])
		case len(t.Reasons) > 0:
			t.Why = t.Reasons[0].Evidence
		}
	}
	for i := range out {
		if out[i].Rank == 1 && len(out) > 1 && out[1].Rank == 2 {
			out[i].Why = r.step(out[0], out[1])
		}
	}
	return out
}

// connected counts the models on the controller that the model is connected with.
func (r *rater) connected(model string, c facts.Controller) int {
	n := 0
	for _, other := range r.graph[model] {
		if r.at[other] == c.UUID {
			n++
		}
	}
	return n
}

func eligibility(e Eligibility) int {
	switch e {
	case Eligible:
		return 0
	case Unclear:
		return 1
	default:
		return 2
	}
}

// compare orders two targets of the same eligibility.
func (r *rater) compare(a, b Target) int {
	return cmp.Or(
		b.Connected-a.Connected,
		a.warnings()-b.warnings(),
		a.Load.Agents-b.Load.Agents,
		checks.CompareVersions(a.Controller.AgentVersion, b.Controller.AgentVersion),
		strings.Compare(a.Controller.Name, b.Controller.Name),
	)
}

// step returns the criterion that gives a target its place before its neighbour in the list.
func (r *rater) step(t, other Target) string {
	name := other.Controller.Name
	switch {
	case t.Controller.UUID == other.Controller.UUID:
		return "it is the only controller that can take the model"
	case t.Connected != other.Connected:
		return fmt.Sprintf("%s there, %d on %s", facts.Count(t.Connected, "connected model is", "connected models are"), other.Connected, name)
	case t.warnings() != other.warnings():
		return fmt.Sprintf("%s, %s has %d", facts.Count(t.warnings(), "warning", "warnings"), name, other.warnings())
	case t.Load.Agents != other.Load.Agents:
		return fmt.Sprintf("%s, %s has %d", facts.Count(t.Load.Agents, "agent", "agents"), name, other.Load.Agents)
	case checks.CompareVersions(t.Controller.AgentVersion, other.Controller.AgentVersion) != 0:
		return fmt.Sprintf("Juju %s, %s has %s", t.Controller.AgentVersion, name, other.Controller.AgentVersion)
	default:
		return "equal to " + name + "; ordered by name"
	}
}

// Migratable reports whether any controller can accept the model, and otherwise why not.
func Migratable(s Snapshot) func(facts.Model) (Eligibility, []checks.Finding) {
	r := newRater(s)
	return func(m facts.Model) (Eligibility, []checks.Finding) { return r.migratable(&m) }
}

// migratable is the best verdict over all targets.
func (r *rater) migratable(m *facts.Model) (Eligibility, []checks.Finding) {
	best, reasons, judged := NotEligible, []checks.Finding(nil), false
	judgements := r.judgements(m)
	for i, c := range r.snapshot.Controllers {
		if c.UUID == m.Recorded {
			continue
		}
		v := judgements[i]
		if !judged || eligibility(v.eligible) < eligibility(best) {
			best, reasons, judged = v.eligible, v.reasons, true
		}
		if best == Eligible {
			break
		}
	}
	if !judged {
		reasons = []checks.Finding{{Check: checks.Target, Level: checks.Fail, Evidence: "JIMM knows no other controller", Remedy: "add one to JIMM"}}
	}
	return best, reasons
}
