package report

import (
	"cmp"
	"fmt"
	"slices"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration/facts"
)

// runNext is the command that helps from here.
func runNext(d fleet.Done, run Run) string {
	again := fmt.Sprintf("juju run %s apply-plan --params plan.yaml --background", facts.LeaderOf(run.Unit))
	switch d.Outcome {
	case fleet.RunConflict, fleet.RunUnknown:
		return cmp.Or(examineFirstUnclear(d.Moves, run), again)
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

// examineFirstUnclear is the command that shows more about the first model in an unclear state;
// "" if there is none.
func examineFirstUnclear(moves []fleet.MoveResult, run Run) string {
	for _, m := range moves {
		if m.Result.Outcome == facts.Conflict || m.Result.Outcome == facts.LostFromJIMM || m.Result.Outcome == facts.Unknown {
			return examineCommand(run.Unit, m.Entry.Model, m.Result.Outcome)
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
