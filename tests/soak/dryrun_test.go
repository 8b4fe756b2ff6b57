package soak_test

import (
	"context"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// makeDryRuns requests dry runs, in worlds in which the charm has accounts. The simulator's rule
// real-start reports a request that would migrate.
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

// DryRun checks that nothing was started, whatever the answer was.
func (d dryRunner) DryRun(ctx context.Context, source, target facts.Controller, model string) facts.DryRun {
	answer := d.DryRunner.DryRun(ctx, source, target, model)
	d.story.cell("dry run: %s", answer.State)
	if answer.State == facts.DryRunStarted {
		d.story.blame("I4: a dry run has started migration %q", answer.MigrationID)
	}
	return answer
}
