package migration

import (
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/survey"
)

// Plan is what the situation calls for.
type Plan string

// The plans.
const (
	// PlanNone: a check forbids to continue.
	PlanNone Plan = ""
	// PlanVerify: JIMM records the target already; verify that this is true.
	PlanVerify Plan = "verify"
	// PlanRecord: the model has left the source, and JIMM does not record it
	// yet.
	PlanRecord Plan = "record"
	// PlanFollow: a migration runs.
	PlanFollow Plan = "follow"
	// PlanWait: a migration was requested a moment ago and may be about to
	// begin; if it does not, start one.
	PlanWait Plan = "wait"
	// PlanStart: nothing runs.
	PlanStart Plan = "start"
)

// plan decides what the situation calls for.
func plan(s *survey.Survey, findings []checks.Finding) Plan {
	for _, f := range findings {
		if f.Blocks() {
			return PlanNone
		}
	}
	switch {
	case s.OnTarget():
		return PlanVerify
	case s.LeftSource():
		return PlanRecord
	case s.Observation.Info.Migrating():
		return PlanFollow
	case s.TimeLeftToStart() > 0:
		return PlanWait
	default:
		return PlanStart
	}
}
