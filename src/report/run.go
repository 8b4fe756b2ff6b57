package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
)

// RunLines puts the events of a run into lines of progress: few enough for a
// thousand models.
type RunLines struct {
	// Stop is the command that stops the run gracefully.
	Stop string

	models    int // Of the plan.
	canary    int // Lines of canaries so far.
	attention int // Lines of single models so far.
	states    int // Lines of states so far.
	stated    time.Duration
}

// How many lines one kind may take.
const (
	// RunLimit is how many lines a run shows in all.
	RunLimit = 600
	// canaryLines are for what canaries do, each in full.
	canaryLines = 80
	// attentionLines are for models that failed or stay.
	attentionLines = 150
	// stateLines are for states. Behind them there is one only every so often, although each
	// failure has one.
	stateLines, stateEvery = 150, 10 * time.Minute
	// fewModels is up to which size of a plan each model has a line at its end.
	fewModels = 200
)

// Line returns the line of an event, "" for none.
func (l *RunLines) Line(e fleet.Event) string {
	switch e := e.(type) {
	case fleet.BeganEvent:
		l.models = len(e.Plan.Moves)
		if l.models == 0 {
			return "there is nothing to migrate"
		}
		text := facts.Count(l.models, "model is", "models are") + " in the plan"
		if e.Already > 0 {
			text += fmt.Sprintf(", %d already there", e.Already)
		}
		text += fmt.Sprintf("; at most %d at once", e.Plan.Caps.Parallel)
		if l.Stop != "" {
			text += "; " + l.Stop + " stops the run gracefully"
		}
		return text
	case fleet.ModelEvent:
		line := Line(e.Event)
		if f, is := e.Event.(migration.FindingEvent); is && (f.Finding.Check == checks.Freeze || f.Finding.Level != checks.Fail && f.Finding.Level != checks.Warn) {
			return "" // What is as expected is not listed; the freeze has a line of its own.
		}
		if line == "" || !e.Canary || l.canary >= canaryLines {
			return ""
		}
		l.canary++
		return "canary " + e.Entry.Name + ": " + line
	case fleet.StepEvent:
		return l.step(e.Moved)
	case fleet.UpgradeEvent:
		return l.single(fmt.Sprintf("%s: upgrading the agents on %q to %s", e.Entry.Name, e.Entry.Source, e.Version))
	case fleet.EndedEvent:
		return l.ended(e.Moved)
	case fleet.StateEvent:
		if l.states++; l.states > stateLines && e.Elapsed-l.stated < stateEvery {
			return ""
		}
		l.stated = e.Elapsed
		return stateLine(e)
	case fleet.StoppedEvent:
		if e.Moving == 0 {
			return "stopped: " + e.Why
		}
		return fmt.Sprintf("stopped: %s; %s still migrating and will be followed to the end", e.Why, facts.Count(e.Moving, "model is", "models are"))
	default:
		return ""
	}
}

func (l *RunLines) ended(m fleet.MoveResult) string {
	well := m.State == fleet.Well
	if well && l.models > fewModels {
		return ""
	}
	if !well {
		if l.attention++; l.attention > attentionLines {
			return ""
		}
	}
	return movedLine(m)
}

// step is the line of a step that has ended well.
func (l *RunLines) step(m fleet.MoveResult) string {
	if s := m.Entry.Route[0]; s.Version != "" {
		return l.single(fmt.Sprintf("%s: all agents run %s on %q", m.Entry.Name, s.Version, m.Entry.Source))
	}
	return l.single(movedLine(m) + "; more steps follow")
}

// single is a line about one model, while the plan has few.
func (l *RunLines) single(line string) string {
	if l.models > fewModels {
		return ""
	}
	return line
}

// movedLine returns, in one line, what became of a model.
func movedLine(m fleet.MoveResult) string {
	r := m.Result
	switch m.State {
	case fleet.Well:
		text := fmt.Sprintf("%s is on %q, %s", m.Entry.Name, m.Entry.Target(), span(m.Ended.Sub(m.Began)))
		if m.Version != "" {
			text = fmt.Sprintf("%s is on %q and all its agents run %s, %s", m.Entry.Name, m.Entry.Target(), m.Version, span(m.Ended.Sub(m.Began)))
		}
		if still := r.Timing.Downtime(); still > 0 {
			text += ", downtime " + span(still)
		}
		return text
	case fleet.Stayed:
		text := fmt.Sprintf("%s stays: %s", m.Entry.Name, m.Reason)
		if m.Skipped() {
			text = fmt.Sprintf("%s is skipped: %s", m.Entry.Name, m.Reason)
		}
		if why := whyOf(m); why != "" {
			text += ": " + why
		}
		return text
	default:
		return fmt.Sprintf("%s failed: %s", m.Entry.Name, whyOf(m))
	}
}

// whyOf returns more about why a model failed or stays.
func whyOf(m fleet.MoveResult) string {
	if m.Result.Outcome != "" {
		return Summary(m.Result)
	}
	return m.Detail
}

func stateLine(e fleet.StateEvent) string {
	c := e.Counts
	text := fmt.Sprintf("%d of %d moved", c.Moved+c.Already, c.Planned)
	if c.Moving > 0 {
		var to []string
		for _, name := range slices.Sorted(maps.Keys(e.To)) {
			to = append(to, fmt.Sprintf("%d to %s", e.To[name], name))
		}
		text += fmt.Sprintf(", %d moving (%s)", c.Moving, strings.Join(to, ", "))
	}
	if c.Failed > 0 {
		text += fmt.Sprintf(", %d failed", c.Failed)
	}
	if c.Left > 0 {
		text += fmt.Sprintf(", %d %s", c.Left, stay(c.Left))
	}
	if c.Waiting > 0 {
		text += fmt.Sprintf(", %d waiting", c.Waiting)
	}
	if !slices.Contains([]fleet.Wait{fleet.WaitNothing, fleet.WaitStopped, fleet.WaitTime}, e.Wait) && c.Waiting > 0 && c.Moving == 0 {
		text += " for " + string(e.Wait)
	}
	text += "; " + span(e.Elapsed)
	switch {
	case e.Left > 0 && e.Left < time.Minute:
		text += ", less than a minute more at this rate"
	case e.Left > 0:
		text += ", about " + span(e.Left.Round(time.Minute)) + " more at this rate"
	case c.Waiting > 0:
		text += ", no estimate yet"
	}
	return text
}

// RunSummary returns, in one sentence, how a run ended.
func RunSummary(d fleet.Done, p fleet.Plan) string {
	c := d.Counts
	if c.Planned == 0 {
		return "there was nothing to migrate"
	}
	text := fmt.Sprintf("%d of %s %s", c.Moved+c.Already, facts.Count(c.Planned, "model", "models"), onTarget(c.Moved+c.Already))
	if c.Already > 0 {
		text += fmt.Sprintf(", %d of them before this run", c.Already)
	}
	if c.Failed > 0 {
		text += fmt.Sprintf("; %d failed", c.Failed)
	}
	elsewhere := 0
	for _, m := range d.Moves {
		if m.Skipped() {
			elsewhere++
		}
	}
	if n := c.Left - elsewhere; n > 0 {
		text += fmt.Sprintf("; %d %s", n, stay(n))
	}
	if elsewhere > 0 {
		text += fmt.Sprintf("; %d skipped: migrated or removed by another client", elsewhere)
	}
	if c.Waiting > 0 {
		text += fmt.Sprintf("; %d not started", c.Waiting)
	}
	if c.Moving > 0 {
		text += fmt.Sprintf("; %d may still be migrating", c.Moving)
	}
	if n := unseen(d.Moves); n > 0 {
		text += fmt.Sprintf("; the agents of %d were not seen", n)
	}
	switch d.Outcome {
	case fleet.RunStopped, fleet.StoppedAfter:
		text += "; stopped: " + d.Stopped
	case fleet.RunConflict, fleet.RunUnknown:
		text += "; investigate now: " + d.Stopped
	case fleet.RunPartly:
		if c.Failed == 0 {
			text += "; the timeout expired"
		}
	default:
	}
	if p.More > 0 {
		text += fmt.Sprintf("; %d more did not fit into the plan", p.More)
	}
	return text
}

// stay is the verb for the models that were not migrated.
func onTarget(n int) string {
	if n == 1 {
		return "is on its target"
	}
	return "are on their target"
}

func stay(n int) string {
	if n == 1 {
		return "stays"
	}
	return "stay"
}

// unseen counts the models that have moved and of whose agents the run has seen nothing.
func unseen(moves []fleet.MoveResult) int {
	n := 0
	for _, m := range moves {
		if m.State == fleet.Well && slices.ContainsFunc(m.Result.Aftermath.Findings, func(f checks.Finding) bool {
			return f.Check == migration.VerifyAgents && f.Level == checks.Skip
		}) {
			n++
		}
	}
	return n
}

// agentsNotSeen returns what to do about the agents of models that were not seen.
func agentsNotSeen(n int) string {
	return "the agents of " + facts.Count(n, "model", "models") + " that moved in this run were not seen on the target; check them there, and give the charm an account on the target (controller-credentials) before the next run"
}

// The limits of the results of a run.
const (
	mostFailed     = 100
	mostMovedBytes = 60 << 10
	mostReport     = 48 << 10
)

// RunResults are the results of apply-plan.
func RunResults(d fleet.Done, p fleet.Plan, run Run) map[string]any {
	c := d.Counts
	out := map[string]any{
		"outcome": string(d.Outcome), "summary": RunSummary(d, p), "elapsed": span(d.Took), "plan-hash": p.Hash(),
		"retry-safe": againHelps(string(d.Outcome), d.Moves, run),
		"counts": map[string]any{
			"planned": c.Planned, "moved": c.Moved, "already-there": c.Already, "moving": c.Moving,
			"failed": c.Failed, "left": c.Left, "waiting": c.Waiting, "started": d.Starts,
		},
		"report": RunReport(d, p),
	}
	set(out, "next", runNext(d, run))
	set(out, "gaps", redact.String(strings.Join(d.Gaps, "; ")))
	failed, omitted := map[string]any{}, 0
	moved := []string{}
	for _, m := range d.Moves {
		switch {
		case m.State == fleet.Failed && len(failed) < mostFailed:
			failed[m.Entry.Model] = failedResults(m, run)
		case m.State == fleet.Failed:
			omitted++
		case m.State == fleet.Well && !m.Ended.IsZero():
			moved = append(moved, fmt.Sprintf("%s %s %s %s %s %s", m.Entry.Model, m.Entry.Target(), cmp.Or(string(m.Result.Outcome), "upgraded"),
				span(m.Ended.Sub(m.Began)), cmp.Or(span(m.Result.Timing.Downtime()), "-"), m.Entry.Name))
		}
	}
	if n := unseen(d.Moves); n > 0 {
		out["after"] = map[string]any{"agents-not-seen": agentsNotSeen(n)}
	}
	setMap(out, "failed", failed)
	if omitted > 0 {
		out["failed-omitted"] = omitted
	}
	setMap(out, "left", leftResults(stayed(d.Moves)))
	set(out, "moved", cutLines(moved, mostMovedBytes))
	return out
}

// stayed are the models of a run that it did not migrate.
func stayed(moves []fleet.MoveResult) []fleet.Left {
	var out []fleet.Left
	for _, m := range moves {
		if m.State == fleet.Stayed {
			out = append(out, fleet.Left{Reason: fleet.Reason(m.Reason), Model: m.Entry.Model, Name: m.Entry.Name, Detail: whyOf(m)})
		}
	}
	return out
}

// cutLines joins lines, and says how many did not fit.
func cutLines(lines []string, most int) string {
	var b strings.Builder
	for i, line := range lines {
		if b.Len()+len(line) > most {
			fmt.Fprintf(&b, "and %d more\n", len(lines)-i)
			break
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

func failedResults(m fleet.MoveResult, run Run) map[string]any {
	r := m.Result
	if r.Outcome == "" {
		return map[string]any{
			"name": m.Entry.Name, "source": m.Entry.Source, "target": m.Entry.Target(), "outcome": "upgrade-failed",
			"summary": m.Entry.Name + ": " + m.Detail, "error": m.Detail, "next": facts.LocateCommand(run.Unit, m.Entry.Model),
		}
	}
	out := map[string]any{
		"name": m.Entry.Name, "source": m.Entry.Source, "target": m.Entry.Target(), "outcome": string(r.Outcome),
		"controller": cmp.Or(r.Holder.String(), "unknown"), "summary": Summary(r),
	}
	set(out, "cause", string(r.Cause))
	set(out, "error", r.Detail)
	set(out, "hint", r.Hint)
	set(out, "next", nextCommand(r, Run{Unit: run.Unit}))
	if r.Outcome == facts.LostFromJIMM {
		set(out, "users", strings.Join(r.Model.Users, ","))
	}
	return out
}

// runNext is the command that helps from here.
func runNext(d fleet.Done, run Run) string {
	again := fmt.Sprintf("juju run %s apply-plan --params plan.yaml --background", facts.LeaderOf(run.Unit))
	switch d.Outcome {
	case fleet.RunConflict, fleet.RunUnknown:
		return cmp.Or(locateDoubtful(d.Moves, run), again)
	case fleet.RunStopped, fleet.RunBlocked:
		return nextOfStopped(string(d.Outcome), d.Moves, again, run)
	case fleet.RunPartly, fleet.StoppedAfter:
		return again
	default:
		return ""
	}
}

// nextOfStopped is the command that follows a run that was stopped or blocked: the one for
// the model that stopped it, or the same again where that can help. Where models only stay,
// and no check can be made of one, left names the reasons, and no command removes them.
func nextOfStopped(outcome string, moves []fleet.MoveResult, again string, run Run) string {
	if againHelps(outcome, moves, run) {
		return again
	}
	return firstObstacle(moves, run)
}

// againHelps reports whether the same run may be made again, and can help.
func againHelps(outcome string, moves []fleet.MoveResult, run Run) bool {
	switch fleet.RunOutcome(outcome) {
	case fleet.RunConflict:
		return false
	case fleet.RunStopped:
		return firstObstacle(moves, run) == ""
	case fleet.RunBlocked:
		return firstObstacle(moves, run) == "" && slices.ContainsFunc(moves, mayMoveLater)
	default:
		return true
	}
}

// mayMoveLater reports whether a model stays for a reason that ends by itself.
func mayMoveLater(m fleet.MoveResult) bool {
	if m.State != fleet.Stayed {
		return false
	}
	if m.Result.Outcome != "" {
		return m.Result.RetrySafe()
	}
	switch fleet.Reason(m.Reason) {
	case fleet.LeftMoving, fleet.LeftUpgradeJob, fleet.LeftUnseen:
		return true
	default:
		return false
	}
}

// locateDoubtful is the command that shows where the first model in doubt is; "" if none is.
func locateDoubtful(moves []fleet.MoveResult, run Run) string {
	for _, m := range moves {
		if m.Result.Outcome == facts.Conflict || m.Result.Outcome == facts.LostFromJIMM || m.Result.Outcome == facts.Unknown {
			return facts.LocateCommand(run.Unit, m.Entry.Model)
		}
	}
	return ""
}

// firstObstacle is the command that helps with the first model that the same run would not
// move either; "" if there is none.
func firstObstacle(moves []fleet.MoveResult, run Run) string {
	for _, m := range moves {
		if m.State != fleet.Failed && m.State != fleet.Stayed || m.Result.Outcome == "" || m.Result.RetrySafe() {
			continue
		}
		if next := nextCommand(m.Result, Run{Unit: run.Unit}); next != "" {
			return next
		}
	}
	return ""
}

// RefusedRun are the results of a run that started nothing. again reports that the same
// action may succeed later.
func RefusedRun(err error, again bool) map[string]any {
	return refusedResults("nothing was started", err, again)
}

// RunReport is the report of a run in Markdown, with a Gantt chart of who moved
// when, as GitHub and Charmhub show it.
func RunReport(d fleet.Done, p fleet.Plan) string {
	return runReport(string(d.Outcome), RunSummary(d, p), d, p)
}

func runReport(outcome, summary string, d fleet.Done, p fleet.Plan) string {
	c := d.Counts
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", strings.TrimSpace("Plan: "+string(p.Goal)+" "+p.Of))
	fmt.Fprintf(&b, "%s.\n\n", summary)
	fmt.Fprintf(&b, "| | |\n|---|---|\n| outcome | %s |\n| began | %s |\n| took | %s |\n| plan | `%s` |\n", outcome, d.Began.UTC().Format(time.RFC3339), span(d.Took), p.Hash())
	fmt.Fprintf(&b, "| moved, already there, failed, staying, waiting | %d, %d, %d, %d, %d |\n", c.Moved, c.Already, c.Failed, c.Left, c.Waiting+c.Moving)
	var attention []string
	for _, m := range d.Moves {
		if m.State == fleet.Failed || m.State == fleet.Stayed {
			attention = append(attention, "- "+markdown(movedLine(m)))
		}
	}
	if len(attention) > 0 {
		b.WriteString("\n## Needs attention\n\n" + cutLines(attention, mostReport/4))
	}
	b.WriteString("\n## Timeline\n\n" + gantt(d, mostReport-b.Len()-1024))
	return b.String()
}

// markdown keeps a text from being read as markup.
func markdown(text string) string {
	return strings.NewReplacer("|", "\\|", "<", "&lt;", "`", "'", "\n", " ").Replace(text)
}

// moves reports whether a migration of the model was started, or followed.
func moves(r migration.Result) bool {
	return r.Outcome != facts.NotStarted && (r.Attached || !r.Timing.Started.IsZero())
}

// gantt is a chart of the migrations, a section for each target.
func gantt(d fleet.Done, most int) string {
	byTarget := map[string][]fleet.MoveResult{}
	for _, m := range d.Moves {
		if !m.Began.IsZero() && !m.Ended.IsZero() && moves(m.Result) {
			byTarget[m.Entry.Target()] = append(byTarget[m.Entry.Target()], m)
		}
	}
	if len(byTarget) == 0 {
		return "No model was migrated.\n"
	}
	var b strings.Builder
	b.WriteString("```mermaid\ngantt\n  dateFormat YYYY-MM-DDTHH:mm:ss\n  axisFormat %H:%M:%S\n")
	const layout = "2006-01-02T15:04:05"
	n, omitted := 0, 0
	for _, target := range slices.Sorted(maps.Keys(byTarget)) {
		fmt.Fprintf(&b, "  section %s\n", target)
		list := byTarget[target]
		slices.SortFunc(list, func(x, y fleet.MoveResult) int { return x.Began.Compare(y.Began) })
		for _, m := range list {
			if b.Len() > most {
				omitted++
				continue
			}
			tag := "done"
			if m.State != fleet.Well {
				tag = "crit"
			}
			if m.Canary {
				tag += ", active"
			}
			n++
			name := strings.NewReplacer(":", " ", ";", " ", "#", " ", ",", " ").Replace(m.Entry.Name)
			fmt.Fprintf(&b, "  %s :%s, m%d, %s, %s\n", name, tag, n, m.Began.UTC().Format(layout), m.Ended.UTC().Format(layout))
		}
	}
	b.WriteString("```\n")
	if omitted > 0 {
		fmt.Fprintf(&b, "\n%d more did not fit.\n", omitted)
	}
	return b.String()
}

// Of returns a log for the migration of one model among others. Only the log that
// it comes from is closed.
func (l *EventLog) Of(model, target string) *EventLog {
	base := maps.Clone(l.base)
	base["model"], base["target"] = model, target
	return &EventLog{client: l.client, unit: l.unit, began: time.Now(), base: base}
}

// WithPlan adds the plan's hash to every line.
func (l *EventLog) WithPlan(hash string) { l.base["plan_hash"] = hash }

// Run sends an event of a run of many models.
func (l *EventLog) Run(e fleet.Event) {
	switch e := e.(type) {
	case fleet.BeganEvent:
		l.push("plan-start", "info", map[string]any{"models": float64(len(e.Plan.Moves)), "already": float64(e.Already)})
	case fleet.StateEvent:
		l.push("plan-state", "info", countFields(e.Counts))
	case fleet.StoppedEvent:
		l.push("plan-stop", "warn", map[string]any{"text": e.Why, "moving": float64(e.Moving)})
	case fleet.EndedEvent:
		if e.Moved.State == fleet.Stayed {
			l.push("stays", "warn", map[string]any{"model_uuid": e.Moved.Entry.Model, "model_name": e.Moved.Entry.Name, "text": e.Moved.Reason})
		}
	default:
	}
}

// RunFinish sends how a run has ended.
func (l *EventLog) RunFinish(d fleet.Done, p fleet.Plan) {
	fields := countFields(d.Counts)
	fields["outcome"], fields["succeeded"], fields["summary"] = string(d.Outcome), d.Outcome.Succeeded(), RunSummary(d, p)
	fields["duration_seconds"] = seconds(d.Took)
	level := "info"
	if !d.Outcome.Succeeded() {
		level = "error"
	}
	l.push("plan-finish", level, fields)
}

func countFields(c fleet.Counts) map[string]any {
	return map[string]any{
		"models": float64(c.Planned), "moved": float64(c.Moved), "already": float64(c.Already), "moving": float64(c.Moving),
		"failed": float64(c.Failed), "left": float64(c.Left), "waiting": float64(c.Waiting),
	}
}
