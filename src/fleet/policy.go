package fleet

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// Ended is how one entry of a plan has ended.
type Ended struct {
	// State is [Well], [Failed] or [Stayed]; [Waiting] if it may be retried.
	State State
	// Grave reports that the state of the model is not known: nothing else may start.
	Grave bool
	// Reason is why a model stayed.
	Reason string
}

// Classify returns what the end of a migration means for the run. A model that was not migrated and cannot be now is
// left; that is not a failure, because one sick machine must not end a drain.
func Classify(r migration.Result) Ended {
	switch r.Outcome {
	case facts.Migrated, facts.AlreadyThere, facts.Recorded:
		return Ended{State: Well}
	case facts.Refused:
		return Ended{State: Stayed, Reason: refusal(r)}
	case facts.Aborted:
		if strings.Contains(r.Detail, abortOfOfferer) {
			return Ended{State: Stayed, Reason: string(LeftConnectedOffers)}
		}
		return Ended{State: Failed}
	case facts.NotStarted:
		switch {
		case errors.Is(r.Err, ErrGate):
			return Ended{State: Waiting}
		case strings.Contains(r.Detail, "source prechecks failed"):
			return Ended{State: Stayed, Reason: "source-prechecks"}
		case strings.Contains(r.Detail, "target prechecks failed"):
			return Ended{State: Stayed, Reason: "target-prechecks"}
		}
		return Ended{State: Failed}
	case facts.Conflict, facts.LostFromJIMM:
		return Ended{State: Failed, Grave: true}
	case facts.Unknown:
		return Ended{State: Failed, Grave: !r.Holder.Known()}
	default:
		return Ended{State: Failed}
	}
}

// abortOfOfferer is the reason of Juju 3.6.28 when a model with connected offers is migrated (recorded; the spelling is
// Juju's). The model is unchanged.
const abortOfOfferer = "remoteentitites: offer for app "

// refusal returns the check that refused.
func refusal(r migration.Result) string {
	if r.Cause == facts.CauseOtherMigration {
		return string(LeftMoving)
	}
	for _, f := range r.Findings {
		if f.Blocks() {
			return string(f.Check)
		}
	}
	return "refused"
}

// Tally holds what counts against a run.
type Tally struct {
	// Failures are the models that have failed.
	Failures int
	// Grave names a model in an unknown state, and how its migration ended.
	Grave string
	// NotLeader reports that this unit is no longer the leader.
	NotLeader bool
	// Lifted names the controller that was uncordoned.
	Lifted string
	// Fought names a model of the plan that another client has migrated since the run began.
	Fought string
	// Silent is for how long JIMM has not answered.
	Silent time.Duration
	// Rights is why JIMM lists no models although it answers; nil: it lists them, or does not answer.
	Rights *survey.RightsError
	// Closed reports that no target of the plan accepts models any longer.
	Closed bool
	// StopAfter reports that the run has reached the point that stop-after names; otherwise it is "".
	StopAfter string
}

// How long a run waits for a JIMM that does not answer.
const (
	// SilentToWait: nothing starts.
	SilentToWait = 3 * time.Minute
	// SilentToStop: the run starts no more migrations.
	SilentToStop = 10 * time.Minute
)

// Stop returns why a run must start no more migrations, or "". Migrations in flight are watched to their end anyway.
func Stop(rules Rules, t Tally) string {
	switch {
	case t.Grave != "":
		return t.Grave
	case t.NotLeader:
		return "this unit is no longer the leader"
	case t.Lifted != "":
		return fmt.Sprintf("the cordon of %q was lifted", t.Lifted)
	case t.Fought != "":
		return fmt.Sprintf("another client has migrated model %s, or requested its migration, since this run began", t.Fought)
	case t.Rights != nil && (t.Rights.Revoked || t.Silent >= SilentToStop):
		return t.Rights.Error() + "; then run the action again"
	case t.Failures > rules.Failures && rules.Failures == 0:
		return facts.Count(t.Failures, "model", "models") + " failed, and max-failures is 0"
	case t.Failures > rules.Failures:
		return fmt.Sprintf("%d models failed, and max-failures is %d", t.Failures, rules.Failures)
	case t.Silent >= SilentToStop:
		return "JIMM has not answered for 10 minutes"
	case t.Closed:
		return "no target of the plan accepts models any longer"
	default:
		return t.StopAfter
	}
}

// RefusedToClose is how many models in a row a target may refuse before no more are sent there.
const RefusedToClose = 3

// ErrGate is why a start was withheld at the last moment. Nothing was sent.
var ErrGate = errors.New("held back")
