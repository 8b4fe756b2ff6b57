package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
)

// Cordon is what cordon-controller or uncordon-controller has done.
type Cordon struct {
	Controller            string
	Wanted, Before, After fleet.Cordon
	Traits                facts.Traits
	Reason                string
}

// CordonResults are the results of cordon-controller and uncordon-controller.
func CordonResults(c Cordon, unit string) map[string]any {
	outcome := "cordoned"
	if c.Wanted == fleet.Uncordoned {
		outcome = "uncordoned"
	}
	text := fmt.Sprintf("controller %q is %s", c.Controller, outcome)
	switch {
	case c.Before == c.Wanted:
		text = fmt.Sprintf("controller %q is already %s; nothing was changed", c.Controller, outcome)
	case c.After == fleet.CordonHidden:
		text = fmt.Sprintf("JIMM accepted the request, but does not show whether controller %q is %s, because it reports the controller as unavailable", c.Controller, outcome)
	}
	if c.Wanted == fleet.Cordoned {
		text += "; " + cordonWorks(c.Traits)
	}
	out := map[string]any{
		"outcome": outcome, "summary": text, "retry-safe": true,
		"cordon": map[string]any{"before": string(c.Before), "after": string(c.After), "works": c.Traits.AutoRecords},
	}
	if c.Before == c.Wanted {
		out["outcome"] = "nothing-to-do"
	}
	set(out, "reason", c.Reason)
	if c.Wanted == fleet.Cordoned {
		out["next"] = fmt.Sprintf("%s uncordon-controller %s", facts.JujuRun(unit, c.Controller), Parameter("controller", c.Controller))
	}
	return out
}

// cordonWorks returns what the mark does in this JIMM.
func cordonWorks(t facts.Traits) string {
	if t.AutoRecords {
		return "this JIMM places no new models there unless a request names the controller"
	}
	return "this JIMM still places new models there; the cordon affects only this charm"
}

// Cordon sends that a mark was set or lifted.
func (l *EventLog) Cordon(controller string, mark bool, reason string) {
	event := "cordon"
	if !mark {
		event = "uncordon"
	}
	l.push(event, "warn", map[string]any{"controller": controller, "text": reason})
}

// Drained is what drain-controller has done and found.
type Drained struct {
	Controller    string
	Plan          fleet.Plan // The first one.
	Before, After fleet.Cordon
	// Set reports that this run has cordoned the controller, and that it stays so.
	Set    bool
	DryRun bool
	// ByPlan reports that the plan was given.
	ByPlan bool
	// Parameters are those of the action that a next run needs too, as typed.
	Parameters []string
	Traits     facts.Traits
	Evidence   fleet.Evidence
	// Left are the models that cannot move at the end.
	Left []fleet.Left
	// Edges are the cross-model relations at the end.
	Edges fleet.Edges
	// Access is what became of JIMM's access rules; zero without repair-access.
	Access fleet.Access
	rounds []fleet.Done
}

// Add adds a round.
func (d *Drained) Add(done fleet.Done) { d.rounds = append(d.rounds, done) }

// Starts counts the migrations that were asked for.
func (d *Drained) Starts() int {
	n := 0
	for _, r := range d.rounds {
		n += r.Starts
	}
	return n
}

// Moved counts the models that are on their target.
func (d *Drained) Moved() int {
	c := fleet.CountsOf(d.latest())
	return c.Moved + c.Already
}

// Moves returns the results of the models of all rounds.
func (d *Drained) Moves() []fleet.MoveResult {
	var out []fleet.MoveResult
	for _, r := range d.rounds {
		out = append(out, r.Moves...)
	}
	return out
}

// latest returns the result of each model in the last round that had it.
func (d *Drained) latest() []fleet.MoveResult {
	moves := d.Moves()
	last := map[string]int{}
	for i, m := range moves {
		last[m.Entry.Model] = i
	}
	var out []fleet.MoveResult
	for i, m := range moves {
		if last[m.Entry.Model] == i {
			out = append(out, m)
		}
	}
	return out
}

// all is the run over all rounds: each model counts once, and those that are in no plan
// are left.
func (d *Drained) all() fleet.Done {
	if len(d.rounds) == 0 {
		return fleet.Done{}
	}
	out := d.rounds[len(d.rounds)-1]
	out.Moves, out.Took, out.Starts, out.Began = d.latest(), 0, d.Starts(), d.rounds[0].Began
	for _, r := range d.rounds {
		out.Took += r.Took
	}
	out.Counts = fleet.CountsOf(out.Moves)
	out.Counts.Left = len(d.left())
	return out
}

// left are the models that stay: those of the plans, and those that no plan could move. A
// controller's own model goes with it.
func (d *Drained) left() []fleet.Left {
	moves := d.latest()
	out := stayed(moves)
	for _, l := range d.Left {
		planned := slices.ContainsFunc(moves, func(m fleet.MoveResult) bool { return m.Entry.Model == l.Model })
		if l.Reason != fleet.LeftControllerModel && !planned {
			out = append(out, l)
		}
	}
	return out
}

// Verdict is what is proved about the controller.
func (d *Drained) Verdict() fleet.Verdict { return fleet.Prove(d.Evidence) }

// outcome is that of the run where it ended early, else the verdict.
func (d *Drained) outcome() string {
	done := d.all()
	switch {
	case d.DryRun:
		return "checks-passed"
	case done.Outcome == fleet.RunConflict || d.Verdict() == fleet.InConflict:
		return string(fleet.InConflict)
	case done.Outcome == fleet.RunUnknown, done.Outcome == fleet.RunStopped, done.Outcome == fleet.StoppedAfter:
		return string(done.Outcome)
	default:
		return string(d.Verdict())
	}
}

// Succeeded reports whether the action completes.
func (d *Drained) Succeeded() bool {
	switch d.outcome() {
	case "checks-passed", string(fleet.Drained), string(fleet.DrainedAsRecorded), string(fleet.StoppedAfter):
		return true
	default:
		return false
	}
}

// DrainSummary returns, in one sentence, how a drain ended.
func DrainSummary(d Drained) string {
	if d.DryRun {
		plan := d.Plan
		plan.Left = d.left()
		return planSummary(plan)
	}
	text := fmt.Sprintf("controller %q: %s; %s", d.Controller, verdictText(d), RunSummary(d.all(), d.Plan))
	switch {
	case d.After == fleet.Cordoned:
		text += "; the controller stays cordoned"
	case d.After == fleet.CordonHidden && d.Set:
		text += "; this run cordoned the controller, and JIMM does not show whether it is still cordoned"
	}
	return text
}

// verdictText returns what a verdict means.
func verdictText(d Drained) string {
	e := d.Evidence
	switch d.Verdict() {
	case fleet.Drained:
		return "drained: it reports no models except its own, and redirects for every model that left in this run or in the last day"
	case fleet.DrainedAsRecorded:
		switch unproved := len(e.Unproved) + len(e.Silent); {
		case e.Asked && unproved == 0:
			return "drained as recorded: JIMM records no models there and it reports none except its own, but " + e.Hidden
		case e.Asked:
			return fmt.Sprintf("drained as recorded: JIMM records no models there and it reports none except its own, but it does not redirect for %d of %s that left", unproved, facts.Count(len(e.Departed), "model", "models"))
		}
		return "drained as recorded: JIMM records no models there; the controller did not list its models (see proof.not-asked), so it may have some that JIMM does not record"
	case fleet.Partly:
		return "partly drained: " + stillThere(e)
	case fleet.Blocked:
		there := slices.Concat(e.Stuck, e.Strangers)
		return fmt.Sprintf("blocked: %s there (%s)", facts.Count(len(there), "model stays", "models stay"), reasonCounts(there))
	case fleet.InConflict:
		return "a model that left is on two controllers, or lost; investigate now"
	default:
		return "it is not known which models are there"
	}
}

// stillThere counts the models that a drain still has to migrate.
func stillThere(e fleet.Evidence) string {
	var parts []string
	if n := len(e.Movable); n > 0 {
		parts = append(parts, facts.Count(n, "model", "models")+" there can still move")
	}
	if n := len(e.Leaving); n > 0 {
		parts = append(parts, facts.Count(n, "model is", "models are")+" leaving")
	}
	if n := len(e.Arriving); n > 0 {
		parts = append(parts, facts.Count(n, "model is", "models are")+" arriving")
	}
	return strings.Join(parts, ", ")
}

// DrainResults are the results of drain-controller.
func DrainResults(d Drained, run Run) map[string]any {
	done := d.all()
	out := map[string]any{}
	if !d.DryRun {
		out = RunResults(done, d.Plan, run)
		out["report"] = runReport(d.outcome(), DrainSummary(d), done, d.Plan)
	} else {
		out["counts"] = map[string]any{"planned": len(d.Plan.Moves), "left": len(d.left())}
	}
	setMap(out, "left", leftResults(d.left()))
	out["outcome"], out["summary"], out["retry-safe"] = d.outcome(), DrainSummary(d), againHelps(d.outcome(), done.Moves, run)
	out["plan"], out["plan-hash"], out["verdict"] = d.Plan.Text(), d.Plan.Hash(), string(d.Verdict())
	out["cordon"] = map[string]any{"before": string(d.Before), "after": string(d.After), "works": d.Traits.AutoRecords}
	e := d.Evidence
	proof := map[string]any{"records": len(e.Movable) + len(e.Stuck), "controller": "not-asked", "left": len(e.Departed), "redirects": len(e.Departed) - len(e.Unproved) - len(e.Silent)}
	if e.Asked {
		proof["controller"] = "asked"
	}
	for key, list := range map[string][]string{"movable": e.Movable, "stuck": lines(e.Stuck), "not-recorded": lines(e.Strangers), "arriving": e.Arriving, "leaving": e.Leaving, "no-redirect": e.Unproved, "no-answer": e.Silent, "conflicts": e.Conflicts} {
		set(proof, key, redact.String(cutLines(list, 8<<10)))
	}
	set(proof, "not-asked", e.NotAsked)
	set(proof, "not-listed", e.Hidden)
	out["proof"] = proof
	AddAccess(out, d.Access)
	setMap(out, "after", d.after())
	set(out, "gaps", redact.String(strings.Join(append(done.Gaps, e.Gaps...), "; ")))
	delete(out, "next")
	set(out, "next", d.next(run))
	return out
}

func lines(left []fleet.Left) []string {
	out := make([]string, len(left))
	for i, l := range left {
		out[i] = l.String()
	}
	return out
}

// next is the command that helps from here; "" if none does.
func (d *Drained) next(run Run) string {
	switch o := d.outcome(); {
	case o == "checks-passed" && len(d.Plan.Moves) == 0:
		return d.obstacle(run)
	case o == "checks-passed":
		return d.command(run.Unit)
	case o == string(fleet.InConflict) && len(d.Evidence.Conflicts) > 0:
		model, _, _ := strings.Cut(d.Evidence.Conflicts[0], " ")
		return cmp.Or(examineFirstUnclear(d.Moves(), run), facts.DiagnosticsCommand(run.Unit, model))
	case o == string(fleet.NotKnown):
		return cmp.Or(examineFirstUnclear(d.Moves(), run), d.command(run.Unit))
	case o == string(fleet.RunStopped):
		return nextOfStopped(o, d.latest(), d.command(run.Unit), run)
	case o == string(fleet.Blocked):
		return cmp.Or(nextOfStopped(o, d.latest(), d.command(run.Unit), run), d.obstacle(run))
	case o == string(fleet.Drained), o == string(fleet.DrainedAsRecorded):
		return ""
	default:
		return d.command(run.Unit)
	}
}

// obstacle is the command that helps with the first model that stays; "" if none does: one
// that is excluded may stay, and Juju removes one that is dying.
func (d *Drained) obstacle(run Run) string {
	for _, l := range slices.Concat(d.Evidence.Stuck, d.Evidence.Strangers) {
		switch l.Reason {
		case fleet.LeftNoTarget, fleet.LeftUnclear:
			return fmt.Sprintf("juju run %s list-migration-targets model=%s", run.Unit, l.Model)
		case fleet.LeftHalfImported:
			return facts.RemoveCommand(run.Unit, l.Model, d.Controller)
		case fleet.LeftUnknownToJIMM, fleet.LeftOver, fleet.LeftDrift:
			return facts.LocateCommand(run.Unit, l.Model)
		default:
		}
	}
	return ""
}

// command is the command that drains the controller, or continues to drain it: by the plan
// that was given, as long as models of it are there. A run takes longer than "juju run"
// waits.
func (d *Drained) command(unit string) string {
	words := []string{"drain-controller"}
	parameters := slices.DeleteFunc(slices.Clone(d.Parameters), func(p string) bool {
		return strings.HasPrefix(p, "expect=") && (d.DryRun || d.ByPlan)
	})
	switch {
	case d.ByPlan && d.planned():
		words = append(words, "--params plan.yaml")
	case d.ByPlan:
		targets := map[string]bool{}
		for _, e := range d.Plan.Moves {
			targets[e.Target()] = true
		}
		if !slices.ContainsFunc(parameters, func(p string) bool { return strings.HasPrefix(p, "targets=") }) {
			list := strings.Join(slices.Sorted(maps.Keys(targets)), ",")
			parameters = append(parameters, Parameter("targets", cmp.Or(list, "*")))
		}
		parameters = append(parameters, "dry-run=true")
	case d.DryRun:
		parameters = append(parameters, fmt.Sprintf("expect=%d", len(d.Plan.Moves)))
	}
	words = append(append(words, "controller="+d.Controller), parameters...)
	return facts.JujuRun(facts.LeaderOf(unit), d.Controller) + " " + strings.Join(words, " ") + " --background"
}

// planned reports whether models of the plan are still there.
func (d *Drained) planned() bool {
	there := slices.Concat(d.Evidence.Movable, d.Evidence.Leaving)
	return slices.ContainsFunc(d.Plan.Moves, func(e fleet.Entry) bool {
		return slices.ContainsFunc(there, func(line string) bool { return strings.HasPrefix(line, e.Model) })
	})
}

// Parameter returns a parameter of an action as it is typed in a shell.
func Parameter(name, value string) string {
	if strings.ContainsAny(value, " *?[]{}$\"\\|&;<>()~#!`\n") {
		value = "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
	}
	return name + "=" + value
}

// after returns what must be known before the controller is destroyed, whatever was
// proved about it.
func (d *Drained) after() map[string]any {
	if d.DryRun {
		return nil
	}
	out := map[string]any{
		"keep-controller": "keep " + d.Controller + " until all clients, agents and consumers of offers have reconnected: it redirects them to where the models are now",
	}
	d.addAgents(out)
	d.addConsumers(out)
	d.addStaleAccess(out)
	d.addNewModels(out)
	return out
}

// addAgents adds which agents are missing, and how many models have none that was seen.
func (d *Drained) addAgents(out map[string]any) {
	missing, well := []string{}, map[string]bool{}
	for _, m := range d.Moves() {
		well[m.Entry.Model] = m.State == fleet.Well
		if len(m.Result.Aftermath.Missing) > 0 {
			missing = append(missing, m.Entry.Name+": "+strings.Join(m.Result.Aftermath.Missing, ", "))
		}
	}
	set(out, "agents-missing", cutLines(missing, 8<<10))
	earlier := 0
	for _, uuid := range d.Evidence.Departed {
		if !well[uuid] {
			earlier++
		}
	}
	var notSeen []string
	if n := unseen(d.Moves()); n > 0 {
		notSeen = append(notSeen, agentsNotSeen(n))
	}
	if earlier > 0 {
		notSeen = append(notSeen, "the agents of "+facts.Count(earlier, "model", "models")+" that left before this run were not checked; to check a model, run migrate-model with its current controller as target-controller")
	}
	set(out, "agents-not-seen", strings.Join(notSeen, "\n"))
}

// addConsumers adds which models use an offer of one that has left, and were not seen to
// rejoin it.
func (d *Drained) addConsumers(out map[string]any) {
	var consumers []string
	for _, edge := range d.Edges.List {
		if slices.Contains(d.Evidence.Departed, edge.Offerer) && !edge.Joined {
			consumers = append(consumers, edge.Consumer+" uses an offer of "+edge.Offerer+", and the run did not see their relation rejoin after the migration; check it")
		}
	}
	set(out, "consumers", cutLines(consumers, 8<<10))
	if len(d.Edges.Unread) > 0 {
		out["consumers-unknown"] = "not all offers could be read; check the relations of each model"
	}
}

// addStaleAccess adds how many models have access rules in JIMM that name the old controller.
func (d *Drained) addStaleAccess(out map[string]any) {
	stale := 0
	for _, m := range d.Moves() {
		for _, f := range m.Result.Aftermath.Findings {
			if f.Check == migration.VerifyAccess && f.Level == checks.Warn && !slices.Contains(d.Access.Repaired, m.Entry.Model) {
				stale++
			}
		}
	}
	if stale > 0 {
		out["access"] = fmt.Sprintf("JIMM's access rules for %s still name the old controller, so its administrators still have access; repair-access=true corrects the rules", facts.Count(stale, "model", "models"))
	}
}

// addNewModels adds whether JIMM may still place models on the controller, and how not to
// lose the records of those.
func (d *Drained) addNewModels(out map[string]any) {
	switch {
	case !d.Traits.AutoRecords:
		out["new-models"] = "this JIMM still places new models there, cordoned or not; list-models controller=" + d.Controller + " shows them"
		out["remove-controller"] = "do not remove it from this JIMM with force, which deletes the records of all models that are still recorded there"
	case d.After == fleet.CordonHidden:
		out["new-models"] = "JIMM does not show whether " + d.Controller + " is cordoned, so it may place new models there; list-controllers shows it later"
	case d.After != fleet.Cordoned:
		out["new-models"] = d.Controller + " is not reported as cordoned, so JIMM may place new models there; cordon-controller prevents that"
	}
}

// AddAccess adds the result for JIMM's access rules, if there is one.
func AddAccess(out map[string]any, a fleet.Access) {
	if len(a.Repaired)+len(a.Right)+len(a.Left) == 0 {
		return
	}
	entry := map[string]any{"repaired": len(a.Repaired), "right": len(a.Right), "left": len(a.Left)}
	set(entry, "models-left", redact.String(cutLines(a.Left, 8<<10)))
	out["access"] = entry
}

// AccessLine returns, in one line, the result for JIMM's access rules.
func AccessLine(a fleet.Access) string {
	var parts []string
	if len(a.Repaired) > 0 || len(a.Right)+len(a.Left) == 0 {
		parts = append(parts, "corrected for "+facts.Count(len(a.Repaired), "model", "models"))
	}
	if len(a.Right) > 0 {
		parts = append(parts, "already correct for "+facts.Count(len(a.Right), "model", "models"))
	}
	if len(a.Left) > 0 {
		parts = append(parts, fmt.Sprintf("not corrected for %s, such as %s", facts.Count(len(a.Left), "model", "models"), redact.String(a.Left[0])))
	}
	return "JIMM's access rules: " + strings.Join(parts, ", ")
}

// Access sends the result for JIMM's access rules.
func (l *EventLog) Access(a fleet.Access) {
	level := "info"
	if len(a.Left) > 0 {
		level = "warn"
	}
	l.push("access", level, map[string]any{"models": float64(len(a.Repaired)), "left": float64(len(a.Left)), "text": AccessLine(a)})
}
