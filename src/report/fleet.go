package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/locate"
	"jimm-migrator/src/redact"
)

// ListedModel is a model as list-models shows it.
type ListedModel struct {
	Model      facts.Model
	Migratable fleet.Eligibility
	// Reasons are the findings about the best target.
	Reasons []checks.Finding
}

// ModelsResults are the results of list-models: one page of the models.
func ModelsResults(s fleet.Snapshot, list []ListedModel, page int) map[string]any {
	const size = locate.DefaultLimit
	pages := max((len(list)+size-1)/size, 1)
	first := min((page-1)*size, len(list))
	shown := list[first:min(first+size, len(list))]
	counts := map[fleet.Eligibility]int{}
	for _, l := range list {
		counts[l.Migratable]++
	}
	names, moving := namesByUUID(s), movingTo(s)
	models := map[string]any{}
	for _, l := range shown {
		models[l.Model.UUID] = listedResults(l, names[l.Model.Recorded], moving[l.Model.UUID])
	}
	out := map[string]any{
		"matches": len(list), "page": page, "pages": pages,
		"count": map[string]any{"migratable": counts[fleet.Eligible], "not-migratable": counts[fleet.NotEligible], "unknown": counts[fleet.Unclear]},
		"table": modelTable(shown, names),
	}
	out["summary"] = fmt.Sprintf("%s: %d can move, %d cannot, %d unknown", ofKnown(len(list), len(s.Models)), counts[fleet.Eligible], counts[fleet.NotEligible], counts[fleet.Unclear])
	if which := pageOf(page, pages); which != "" {
		out["summary"] = fmt.Sprintf("%s; %s", out["summary"], which)
	}
	setMap(out, "models", models)
	set(out, "gaps", strings.Join(s.Gaps, "; "))
	return out
}

// NothingFound puts why no model matches before the summary.
func NothingFound(results map[string]any, why error) {
	results["summary"] = joined(redact.Error(why), fmt.Sprint(results["summary"]))
}

func ofKnown(matching, known int) string {
	if known == 1 {
		return fmt.Sprintf("%d of 1 model", matching)
	}
	return fmt.Sprintf("%d of %d models", matching, known)
}

func namesByUUID(s fleet.Snapshot) map[facts.ControllerUUID]string {
	out := map[facts.ControllerUUID]string{}
	for _, c := range s.Controllers {
		out[c.UUID] = c.Name
	}
	return out
}

// movingTo returns where the models that move are going.
func movingTo(s fleet.Snapshot) map[string]string {
	out := map[string]string{}
	for _, f := range s.Moving {
		out[f.Model] = cmp.Or(f.Target, "unknown")
	}
	return out
}

func listedResults(l ListedModel, controller, moving string) map[string]any {
	m := l.Model
	out := map[string]any{
		"name": m.Name, "owner": m.Owner, "controller": cmp.Or(controller, string(m.Recorded)), "migratable": string(l.Migratable),
		"machines": m.Machines, "units": m.Units, "cores": m.Cores,
	}
	set(out, "type", m.Type)
	set(out, "version", m.AgentVersion)
	set(out, "life", m.Life)
	set(out, "moving-to", moving)
	set(out, "reasons", reasons(l.Reasons))
	return out
}

// reasons lists the reasons against a target: the failures, or else what is not
// known, or else the warnings.
func reasons(findings []checks.Finding) string {
	for _, level := range []checks.Level{checks.Fail, checks.Skip, checks.Warn} {
		var out []string
		for _, f := range findings {
			if f.Level == level {
				out = append(out, string(f.Check)+": "+f.Evidence)
			}
		}
		if len(out) > 0 {
			return strings.Join(out, "; ")
		}
	}
	return ""
}

// modelTable is the page as a table of text.
func modelTable(list []ListedModel, names map[facts.ControllerUUID]string) string {
	rows := [][]string{{"MODEL", "CONTROLLER", "VERSION", "MACHINES", "UNITS", "CORES", "MIGRATABLE"}}
	for _, l := range list {
		m := l.Model
		rows = append(rows, []string{
			m.FullName(), cmp.Or(names[m.Recorded], string(m.Recorded)), cmp.Or(m.AgentVersion, "-"),
			strconv.Itoa(m.Machines), strconv.Itoa(m.Units), strconv.Itoa(m.Cores), string(l.Migratable),
		})
	}
	return textTable(rows)
}

// textTable aligns columns by spaces.
func textTable(rows [][]string) string {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell + strings.Repeat(" ", width[i]-len([]rune(cell))+2))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}

// TargetsResults are the results of list-migration-targets.
func TargetsResults(s fleet.Snapshot, m facts.Model, targets []fleet.Target) map[string]any {
	out := map[string]any{"model": modelResults(m), "controller": cmp.Or(namesByUUID(s)[m.Recorded], string(m.Recorded))}
	each := map[string]any{}
	var eligible, unclear []string
	for _, t := range targets {
		entry := map[string]any{"eligible": string(t.Eligible), "why": t.Why, "models": t.Load.Models, "agents": t.Load.Agents, "status": t.Controller.Status}
		if t.Rank > 0 {
			entry["rank"] = t.Rank
			eligible = append(eligible, t.Controller.Name)
		} else if t.Eligible == fleet.Unclear {
			unclear = append(unclear, t.Controller.Name)
		}
		if t.Connected > 0 {
			entry["connected-models"] = t.Connected
		}
		set(entry, "version", t.Controller.AgentVersion)
		set(entry, "reasons", reasons(t.Reasons))
		each[resultKey(t.Controller.Name, string(t.Controller.UUID))] = entry
	}
	setMap(out, "targets", each)
	set(out, "ranked", strings.Join(eligible, ","))
	set(out, "gaps", strings.Join(slices.Concat(s.Gaps, s.Edges.Unread), "; "))
	switch {
	case len(eligible) > 0:
		out["summary"] = fmt.Sprintf("according to JIMM's lists, model %s can move to %s (best first); check-migration asks the controllers", m.FullName(), strings.Join(eligible, ", "))
	case len(unclear) > 0:
		out["summary"] = fmt.Sprintf("it is not known whether model %s can move to %s; check-migration asks the controllers", m.FullName(), strings.Join(unclear, ", "))
	default:
		out["summary"] = fmt.Sprintf("no controller can take model %s; targets.NAME.why gives the reason", m.FullName())
	}
	return out
}

// Planned is what plan-migrations has made.
type Planned struct {
	Snapshot fleet.Snapshot
	Plan     fleet.Plan
	Balanced *fleet.Balanced
	// Full has what the checks of migrate-model found; nil if they were not made.
	Full *fleet.FullChecks
	// Unseen are the targets on which a run will not see the agents of its models, but
	// those of the canaries.
	Unseen []string
}

// mostLeft is how many models of one reason are listed.
const mostLeft = 50

// PlanResults are the results of plan-migrations.
func PlanResults(p Planned, unit string) map[string]any {
	plan := p.Plan
	out := map[string]any{
		"outcome": "planned", "retry-safe": true, "summary": planSummary(plan), "edges": plan.Edges,
		"counts": map[string]any{"planned": len(plan.Moves), "left": len(plan.Left), "more": plan.More},
	}
	setMap(out, "left", leftResults(plan.Left))
	setMap(out, "targets", targetsAfter(p.Snapshot, plan))
	set(out, "gaps", strings.Join(slices.Concat(p.Snapshot.Gaps, p.Snapshot.Edges.Unread), "; "))
	if b := p.Balanced; b != nil {
		spread := map[string]any{}
		for _, s := range b.Spread {
			spread[resultKey(s.Controller)] = map[string]any{"before": s.Before, "after": s.After, "share": s.Share}
		}
		out["balance"] = map[string]any{
			"by": string(b.By), "tolerance": b.Tolerance, "moves": len(plan.Moves), "least-moves": b.Bound, "even": b.Even, "stopped": b.Why, "spread": spread,
		}
		out["summary"] = fmt.Sprintf("%s; %s", out["summary"], balanceSummary(*b))
	}
	if p.Full != nil {
		addFullChecks(out, p)
	}
	if len(p.Unseen) > 0 {
		list := strings.Join(p.Unseen, ", ")
		out["agents-not-seen"] = "this JIMM stores the secret of each login to a model, so a run sees the agents of the canaries only, unless the charm has an account on the target: controller-credentials has none for " + list
		out["summary"] = fmt.Sprintf("%s; on %s, the run will see the agents of the canary only", out["summary"], list)
	}
	if len(plan.Moves) == 0 {
		out["outcome"] = "nothing-to-do"
		return out
	}
	text := plan.Text()
	out["plan"], out["plan-hash"] = text, plan.Hash()
	out["params"] = "plan-hash: " + plan.Hash() + "\nplan: |\n  " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ") + "\n"
	out["next"] = fmt.Sprintf("save params to plan.yaml; read it; juju run %s apply-plan --params plan.yaml --background", facts.LeaderOf(unit))
	return out
}

// FullChecksLine returns how far the checks of many models are.
func FullChecksLine(done, all int) string {
	if done == 0 {
		return fmt.Sprintf("checking %s as migrate-model does; this changes nothing", facts.Count(all, "model", "models"))
	}
	return fmt.Sprintf("%d of %s checked", done, facts.Count(all, "model", "models"))
}

// addFullChecks adds what the checks of migrate-model found: each refusal, and how many
// models have warnings and unknowns, by check.
func addFullChecks(out map[string]any, p Planned) {
	passed, refused := p.Full.Passed(p.Plan), p.Full.Refused()
	warned, skipped, withWarnings := map[string]any{}, map[string]any{}, 0
	add := func(counts map[string]any, f checks.Finding) {
		n, _ := counts[string(f.Check)].(int)
		counts[string(f.Check)] = n + 1
	}
	for _, c := range passed {
		warns := false
		for _, f := range c.Findings {
			switch {
			case f.Check == checks.Freeze: // It is the same for every model.
			case f.Level == checks.Warn:
				add(warned, f)
				warns = true
			case f.Level == checks.Skip:
				add(skipped, f)
			}
		}
		if warns {
			withWarnings++
		}
	}
	result := map[string]any{"passed": len(passed)}
	if n := len(p.Plan.Moves) - len(passed); n > 0 {
		result["not-checked"] = n
	}
	setMap(result, "warned", warned)
	setMap(result, "skipped", skipped)
	var lines []string
	for _, c := range refused[:min(len(refused), mostLeft)] {
		lines = append(lines, fmt.Sprintf("%s %s (%s: %s: %s)", c.Entry.Model, c.Entry.Name, c.Entry.First(), c.Refusal.Check, redact.String(c.Refusal.Evidence)))
	}
	set(result, "refused", strings.Join(lines, "\n"))
	if n := len(refused) - len(lines); n > 0 {
		result["refused-omitted"] = n
	}
	out["checks"] = result
	failed := map[string]bool{}
	for _, c := range refused {
		failed[c.Entry.Model] = true
	}
	if text := fullSummary(len(passed), len(p.Plan.Moves), withWarnings, len(failed)); text != "" {
		out["summary"] = fmt.Sprintf("%s; %s", out["summary"], text)
	}
}

// fullSummary returns, in a sentence, how the checks ended.
func fullSummary(passed, moves, warned, failed int) string {
	var parts []string
	switch {
	case moves == 0:
	case passed == moves:
		parts = append(parts, facts.Count(passed, "model passes", "models pass")+" the checks of migrate-model")
	default:
		parts = append(parts, fmt.Sprintf("%d of %s the checks of migrate-model, and the others were not checked", passed, facts.Count(moves, "model passes", "models pass")))
	}
	if warned > 0 {
		parts[0] += fmt.Sprintf(", %d with warnings", warned)
	}
	if failed > 0 {
		parts = append(parts, facts.Count(failed, "model fails", "models fail")+" a check: see checks.refused")
	}
	return strings.Join(parts, "; ")
}

// balanceSummary returns how even the load becomes, and how many moves more than the
// minimum the plan needs.
func balanceSummary(b fleet.Balanced) string {
	n := len(b.Plan.Moves)
	switch {
	case !b.Even:
		return fmt.Sprintf("not every controller is within %d percent of its share: %s", b.Tolerance, b.Why)
	case n == 0:
		return b.Why
	case n == b.Bound:
		return b.Why + "; no plan can do it with fewer moves"
	default:
		return fmt.Sprintf("%s; it takes at least %s", b.Why, facts.Count(b.Bound, "move", "moves"))
	}
}

func planSummary(p fleet.Plan) string {
	text := facts.Count(len(p.Moves), "model", "models") + " would move"
	switch {
	case p.Goal == fleet.Upgrade:
		text = facts.Count(len(p.Moves), "model", "models") + " would be upgraded to " + p.Of
	case p.Goal == fleet.Drain:
		text += " away from " + p.Of
	case p.Goal == fleet.Reverse && p.Of != "":
		text += " back to " + p.Of
	case p.Goal == fleet.Reverse:
		text += " back"
	}
	agents := p.Agents()
	models := map[string]int{}
	for _, e := range p.Moves {
		models[e.Target()]++
	}
	var to []string
	for _, c := range p.Controllers {
		if models[c.Name] > 0 {
			to = append(to, fmt.Sprintf("%d to %s with %s", models[c.Name], c.Name, facts.Count(agents[c.Name], "agent", "agents")))
		}
	}
	if len(to) > 0 {
		text += ": " + strings.Join(to, ", ")
	}
	if why := leftCounts(p.Left); why != "" {
		text += "; " + why
	}
	if p.More > 0 {
		text += fmt.Sprintf("; %d more did not fit into this plan; plan again after applying it", p.More)
	}
	if p.Edges == fleet.EdgesUnknown {
		text += "; not all cross-model relations are known, so models that have any are migrated alone"
	}
	return text + "; nothing was changed"
}

// leftCounts returns how many models stay, by reason.
func leftCounts(left []fleet.Left) string {
	if len(left) == 0 {
		return ""
	}
	return fmt.Sprintf("%d %s (%s)", len(left), stay(len(left)), reasonCounts(left))
}

// reasonCounts counts the reasons, if there are several.
func reasonCounts(left []fleet.Left) string {
	counts := map[fleet.Reason]int{}
	for _, l := range left {
		counts[l.Reason]++
	}
	var parts []string
	for _, r := range slices.Sorted(maps.Keys(counts)) {
		part := string(r)
		if len(counts) > 1 {
			part = fmt.Sprintf("%d %s", counts[r], r)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

// leftResults lists the models that stay, by reason.
func leftResults(left []fleet.Left) map[string]any {
	lines, omitted := map[string][]string{}, map[string]any{}
	for _, l := range left {
		key := string(l.Reason)
		if len(lines[key]) == mostLeft {
			n, _ := omitted[key].(int)
			omitted[key] = n + 1
			continue
		}
		line := l.Model + " " + l.Name
		if l.Detail != "" {
			line += " (" + redact.String(l.Detail) + ")"
		}
		lines[key] = append(lines[key], line)
	}
	out := map[string]any{}
	for key, list := range lines {
		out[key] = strings.Join(list, "\n")
	}
	setMap(out, "omitted", omitted)
	return out
}

// targetsAfter returns what the targets have before and after.
func targetsAfter(s fleet.Snapshot, p fleet.Plan) map[string]any {
	loads, agents, models := s.Loads(), p.Agents(), map[string]int{}
	for _, e := range p.Moves {
		models[e.Target()]++
	}
	out := map[string]any{}
	for _, c := range p.Controllers {
		if models[c.Name] == 0 {
			continue
		}
		l := loads[c.Name]
		entry := map[string]any{
			"models": l.Models, "models-after": l.Models + models[c.Name],
			"agents": l.Agents, "agents-after": l.Agents + agents[c.Name],
		}
		set(entry, "version", c.Version)
		out[resultKey(c.Name, string(c.UUID))] = entry
	}
	return out
}
