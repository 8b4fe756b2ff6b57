package report

import (
	"fmt"
	"slices"
	"strings"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
)

// Reporter prints the progress of a run. Of checks and of what is verified after a
// migration it prints what matters: each failure and each warning, then one line
// that counts the rest.
type Reporter struct {
	// Print prints a line.
	Print func(line string)
	// Verbose prints every finding, as soon as it is known.
	Verbose bool

	checks, verified []checks.Finding
}

// Event prints an event, or keeps it for the line that counts.
func (r *Reporter) Event(e migration.Event) {
	switch e := e.(type) {
	case migration.FindingEvent:
		r.checks = append(r.checks, e.Finding)
		if r.Verbose {
			r.printParts(e)
		}
	case migration.VerifyEvent:
		r.verified = append(r.verified, e.Finding)
		if r.Verbose {
			r.Print(Line(e))
		}
	case migration.JudgedEvent: // It is for the event log.
	case migration.FreezeEvent:
		// It says what the check freeze-changes says, at the time when it counts.
		r.checks = slices.DeleteFunc(r.checks, func(f checks.Finding) bool { return f.Check == checks.Freeze })
		r.flush()
		r.Print(Line(e))
	default:
		r.flush()
		r.Print(Line(e))
	}
}

// End prints what is left, and the sentence with which the action ends.
func (r *Reporter) End(sentence string) {
	r.flush()
	if sentence != "" {
		r.Print(sentence)
	}
}

// flush prints the findings so far.
func (r *Reporter) flush() {
	r.print(r.checks, func(f checks.Finding) migration.Event { return migration.FindingEvent{Finding: f} })
	if len(r.checks) > 0 {
		r.Print(countLine(r.checks))
	}
	r.print(r.verified, func(f checks.Finding) migration.Event { return migration.VerifyEvent{Finding: f} })
	if text := verifiedLine(r.verified); text != "" {
		r.Print(text)
	}
	r.checks, r.verified = nil, nil
}

// print prints failures and then warnings, unless all findings were printed.
func (r *Reporter) print(findings []checks.Finding, event func(checks.Finding) migration.Event) {
	if r.Verbose {
		return
	}
	for _, level := range []checks.Level{checks.Fail, checks.Warn} {
		for _, f := range withLevel(findings, level) {
			r.printParts(event(f))
		}
	}
}

// printParts prints each part of an event in a line of its own.
func (r *Reporter) printParts(e migration.Event) {
	for _, part := range parts(e) {
		r.Print(Line(part))
	}
}

// countLine counts the checks that passed, and names those that could not be made.
func countLine(findings []checks.Finding) string {
	passed, skipped := withLevel(findings, checks.Pass), withLevel(findings, checks.Skip)
	if len(passed) == len(findings) {
		return fmt.Sprintf("all %s passed", facts.Count(len(passed), "check", "checks"))
	}
	text := facts.Count(len(passed), "check", "checks") + " passed"
	if len(skipped) > 0 {
		var groups []string
		for _, g := range grouped(skipped) {
			names := strings.Join(g.ids, ", ")
			if len(g.ids) > 1 {
				names += " (" + g.reason + ")"
			}
			groups = append(groups, names)
		}
		text += fmt.Sprintf("; %d not checked: %s", len(skipped), strings.Join(groups, "; "))
	}
	return text
}

// verifiedLine names what was verified after a migration.
func verifiedLine(findings []checks.Finding) string {
	if passed := withLevel(findings, checks.Pass); len(passed) > 0 {
		return "verified: " + strings.Join(ids(passed), ", ")
	}
	return ""
}

// group is what could not be checked for one reason.
type group struct {
	reason string
	ids    []string
}

// grouped groups findings by their evidence; the largest group is first.
func grouped(findings []checks.Finding) []group {
	var out []group
	for _, f := range findings {
		i := slices.IndexFunc(out, func(g group) bool { return g.reason == f.Evidence })
		if i < 0 {
			i, out = len(out), append(out, group{reason: f.Evidence})
		}
		out[i].ids = append(out[i].ids, string(f.Check))
	}
	slices.SortStableFunc(out, func(a, b group) int { return len(b.ids) - len(a.ids) })
	return out
}

func withLevel(findings []checks.Finding, level checks.Level) []checks.Finding {
	var out []checks.Finding
	for _, f := range findings {
		if f.Level == level {
			out = append(out, f)
		}
	}
	return out
}

func ids(findings []checks.Finding) []string {
	out := make([]string, len(findings))
	for i, f := range findings {
		out[i] = string(f.Check)
	}
	return out
}

// are is the verb for a number.
func are(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
