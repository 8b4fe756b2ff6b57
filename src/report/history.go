package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
)

// PastOf is what migration-history has found.
type PastOf struct {
	Rows     []fleet.Past
	Span     fleet.Span
	Log      fleet.LogRead
	Snapshot fleet.Snapshot
	Page     int
	// Unknown are the names that were given and that JIMM does not know.
	Unknown []string
	// Parameters are those of the action that another page needs too, as typed.
	Parameters []string
}

// mostPast is how many rows a page of the history has.
const mostPast = 100

// historyLimits are what JIMM's audit log never shows.
func historyLimits() []string {
	return []string{
		"a request is not a migration: the log shows what was requested, not whether a migration was refused or aborted",
		"not in the log: moves that JIMM of 2026 recorded by itself",
		"not in the log: juju migrate, and anything else that was done on a controller without JIMM",
		"not in the log: which controller a model left; before is the controller that an earlier entry recorded, and is missing if the model may have moved since",
		"now is from JIMM's current record, not from the controllers; locate-model asks the controllers",
		"JIMM deletes events that are older than its retention period (JIMM_AUDIT_LOG_RETENTION_PERIOD_IN_DAYS), and those that its administrators purge",
	}
}

// HistoryResults are the results of migration-history: one page of the rows.
func HistoryResults(p PastOf, unit string) map[string]any {
	pages := max((len(p.Rows)+mostPast-1)/mostPast, 1)
	first := min((p.Page-1)*mostPast, len(p.Rows))
	shown := p.Rows[first:min(first+mostPast, len(p.Rows))]
	out := map[string]any{
		"matches": len(p.Rows), "page": p.Page, "pages": pages, "retry-safe": true,
		"since": stamp(p.Span.From), "until": stamp(p.Span.To), "limits": strings.Join(historyLimits(), "\n"),
	}
	rows := map[string]any{}
	for i, row := range shown {
		rows[fmt.Sprintf("%04d", first+i+1)] = pastResults(row)
	}
	setMap(out, "rows", rows)
	if len(shown) > 0 {
		out["table"] = redact.String(pastTable(shown))
	}
	set(out, "log-begins", stamp(p.Log.Begins))
	set(out, "gaps", redact.String(strings.Join(slices.Concat(p.Log.Gaps, p.Snapshot.Gaps), "; ")))
	out["summary"] = historySummary(p, pages)
	if p.Page < pages {
		out["next"] = fmt.Sprintf("juju run %s migration-history %s page=%d", unit, strings.Join(p.Parameters, " "), p.Page+1)
	}
	return out
}

func historySummary(p PastOf, pages int) string {
	verb := "match"
	if len(p.Rows) == 1 {
		verb = "matches"
	}
	text := fmt.Sprintf("%d of %s in JIMM's audit log %s, since %s", len(p.Rows), facts.Count(len(p.Log.Requests), "request", "requests"), verb, stamp(p.Span.From))
	if !p.Log.Begins.IsZero() {
		text += fmt.Sprintf("; the log begins %s; older entries were deleted or never logged", stamp(p.Log.Begins))
	}
	if which := pageOf(p.Page, pages); which != "" {
		text += "; " + which
	}
	return redact.String(joined(append(slices.Clone(p.Unknown), text)...))
}

// pastResults is one row of the history.
func pastResults(p fleet.Past) map[string]any {
	out := map[string]any{"time": p.At.UTC().Format(time.RFC3339Nano), "what": string(p.Deed), "answer": answerOf(p.Logged)}
	set(out, "user", p.User)
	set(out, "model", redact.String(p.Name))
	set(out, "uuid", p.Model)
	set(out, "controller", p.Controller)
	set(out, "before", p.Before)
	set(out, "now", string(p.Now))
	set(out, "recorded", p.Recorded)
	set(out, "detail", redact.String(p.Detail))
	set(out, "refused", p.Refused)
	return out
}

// answerOf returns what the log has of JIMM's answer.
func answerOf(l fleet.Logged) string {
	switch {
	case !l.Answered:
		return "none"
	case l.Refused != "":
		return "refused"
	default:
		return "answered"
	}
}

// pastTable is the page as a table of text.
func pastTable(list []fleet.Past) string {
	rows := [][]string{{"TIME", "USER", "WHAT", "MODEL", "CONTROLLER", "BEFORE", "ANSWER", "NOW"}}
	for _, p := range list {
		now := string(p.Now)
		if p.Now == fleet.WhereElsewhere {
			now += " (" + p.Recorded + ")"
		}
		rows = append(rows, []string{
			p.At.UTC().Format("2006-01-02 15:04:05"), cmp.Or(p.User, "-"), string(p.Deed), cmp.Or(p.Name, p.Model, "-"),
			cmp.Or(p.Controller, "-"), cmp.Or(p.Before, "-"), answerOf(p.Logged), cmp.Or(now, "-"),
		})
	}
	return textTable(rows)
}
