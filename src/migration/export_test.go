package migration

import "time"

// AuditTarget is Audit.target.
func AuditTarget(a Audit, of Attempt, source string) (string, bool) { return a.target(of, source) }

// AuditPending is Audit.pending.
func AuditPending(a Audit, shown Attempt, source string, limit time.Duration) time.Duration {
	return a.pending(shown, source, limit)
}

// AuditUnfulfilled is Audit.unfulfilled.
func AuditUnfulfilled(a Audit, source string) bool { return a.unfulfilled(source) }

// AuditRecordedByHand is Audit.recordedByHand.
func AuditRecordedByHand(a Audit, target string, since time.Time) bool {
	return a.recordedByHand(target, since)
}

// AuditRecorded is Audit.recorded.
func AuditRecorded(a Audit, target string, since time.Time) bool { return a.recorded(target, since) }

// AuditWithout is Audit.without.
func AuditWithout(a Audit, since time.Time) Audit { return a.without(since) }

// Waited is what doubt measures of verdicts that come a second apart.
func Waited(kinds []VerdictKind) []time.Duration {
	var (
		d   doubt
		out []time.Duration
	)
	for i, kind := range kinds {
		out = append(out, d.waited(kind, time.Unix(int64(100+i), 0)))
	}
	return out
}

// ProveByOperator is proveByOperator.
var ProveByOperator = proveByOperator

// RedactShapes is Redact without its quick look.
func RedactShapes(text string) string { return redactShapes(text) }

// Hop is a migration from one controller to another, for the checks that look
// at versions and contents.
type Hop struct {
	Source, Target, Model string // Versions.
	Type, CloudType       string
	Users                 []string
	Inside                *Inventory
}

// VersionHop and Advisories run the checks of these names.
func (m Hop) VersionHop() Finding { return checkVersionHop(m.situation()) }

// Advisories runs the check of that name.
func (m Hop) Advisories() Finding { return checkAdvisories(m.situation()) }

// Units runs the check of that name.
func (m Hop) Units() Finding { return checkUnits(m.situation()) }

func (m Hop) situation() *situation {
	s := &situation{
		source: Controller{Name: "west", AgentVersion: m.Source}, target: Controller{Name: "east", AgentVersion: m.Target},
		model: Model{Name: "prod", Owner: "alice@example.com", AgentVersion: m.Model, Type: m.Type, CloudType: m.CloudType, Users: m.Users},
	}
	if m.Inside != nil {
		s.inside.Inventory, s.inside.known = *m.Inside, true
	}
	return s
}
