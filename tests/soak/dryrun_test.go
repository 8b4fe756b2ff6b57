package soak_test

import (
	"context"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// makeDryRuns lets the operator ask for dry runs, in worlds in which the charm has accounts. That no controller gets the
// request which would migrate is one of the simulator's rules (real-start).
func (p *plan) makeDryRuns() {
	if p.dryRuns = p.admin && p.chance(50); p.dryRuns {
		p.world.Allowed = append(p.world.Allowed, "dry-run")
	}
}

// dryRunner counts the answers.
type dryRunner struct {
	survey.DryRunner
	story *story
}

// DryRun wants that nothing is started, whatever the answer is.
func (d dryRunner) DryRun(ctx context.Context, source, target facts.Controller, model string) facts.DryRun {
	answer := d.DryRunner.DryRun(ctx, source, target, model)
	d.story.cell("dry run: %s", answer.State)
	if answer.State == facts.DryRunStarted {
		d.story.blame("I4: a dry run has started migration %q", answer.MigrationID)
	}
	return answer
}
