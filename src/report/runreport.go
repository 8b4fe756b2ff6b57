package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
)

// RunReport is the report of a run in Markdown, with a Gantt chart of which model
// moved when, as GitHub and Charmhub show it.
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
		facts.Sort(list, func(x, y fleet.MoveResult) int { return x.Began.Compare(y.Began) })
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
