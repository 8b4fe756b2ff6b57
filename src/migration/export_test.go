package migration

import "time"

// AuditTarget is Audit.target.
func AuditTarget(a Audit, of Attempt, source string) (string, bool) { return a.target(of, source) }

// AuditPending is Audit.pending.
func AuditPending(a Audit, shown Attempt, source string, limit time.Duration) time.Duration {
	return a.pending(shown, source, limit)
}
