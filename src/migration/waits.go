package migration

import "time"

// The waits. Each has a reason of its own in what Juju and JIMM do, so none of
// them depends on how often the controllers are asked; see [run.wait] for what a
// long poll interval changes.
const (
	// TimeToBegin is how long a migration may take to appear after it was asked
	// for. JIMM answers within its 130 s limit for a controller (July 2026), and
	// the source begins at its next observation, a few seconds later.
	TimeToBegin = 3 * time.Minute
	// TimeToResolve is how long contradictory or missing answers may take to
	// resolve before they are reported as they are.
	TimeToResolve = 2 * time.Minute
	// TimeToRecord is how long JIMM is asked to record the target, counted from
	// its first answer.
	TimeToRecord = 3 * time.Minute
	// TimeBetweenRecords lies between two such requests.
	TimeBetweenRecords = 20 * time.Second
	// TimeForReport is how long a source that does not say yet where the model went
	// is given to say it: it removes the model within seconds of REAP.
	TimeForReport = time.Minute
	// TimeToStall is how long a phase may last without progress. Juju gives agents
	// 15 minutes for each phase (migration-agent-wait-time).
	TimeToStall = 20 * time.Minute
	// TimeToStallTransfer is the same for IMPORT, LOGTRANSFER and REAP, which Juju
	// does not limit, unless the numbers in their texts change.
	TimeToStallTransfer = time.Hour
	// TimeToSeeAgents is how long the agents of all machines and units may take to
	// connect to the target.
	TimeToSeeAgents = 10 * time.Minute
	// TimeBetweenInventories is the longest pause between two observations for agents:
	// the status of a large model has megabytes.
	TimeBetweenInventories = 30 * time.Second
	// TimeToRecover is how long a workload in error may take to recover: Juju runs
	// a hook that has failed again, after five seconds at first.
	TimeToRecover = 2 * time.Minute
	// TimeBetweenLists lies between two questions for JIMM's list: JIMM of 2026
	// connects to every controller for each (36,000 connections an hour for one watch
	// with 50 controllers and a poll every 5 s).
	TimeBetweenLists = time.Minute
	// TimeToForget is how long JIMM may take to forget a model that its controller refuses to
	// describe: it asks every 60 s (JIMM of July 2026 recorded).
	TimeToForget = 75 * time.Second
	// TimeToConfirm lies between the two observations that a confirmed record
	// needs. JIMM takes a model for migrating for so long because of a request
	// that is under way (JIMM of July 2026).
	TimeToConfirm = 130 * time.Second
	// TimeForRecordModel bounds [RecordModel] as a whole.
	TimeForRecordModel = 15 * time.Minute
	// TimeToRemove is how long a controller may take to remove a half-imported copy:
	// up to Juju 3.6 it is gone with the answer, Juju 4 only marks it first.
	TimeToRemove = 3 * time.Minute
	// TimeForRemoval bounds [RemoveLeftOver] as a whole.
	TimeForRemoval = 12 * time.Minute
	// FirstHeartbeat is the first interval of the heartbeat, and NextHeartbeat the interval
	// for the first TimeOfHeartbeats; from then on it doubles up to LastHeartbeat, because an
	// action has a limited number of lines.
	FirstHeartbeat   = 30 * time.Second
	NextHeartbeat    = time.Minute
	TimeOfHeartbeats = 5 * time.Minute
	LastHeartbeat    = 10 * time.Minute
)

// LeastPolls is the floor under each wait: however long the poll interval is, no
// wait ends before so many polls.
const LeastPolls = 3

// wait returns d, or the time that [LeastPolls] polls take if that is longer.
func (r *run) wait(d time.Duration) time.Duration {
	return max(d, LeastPolls*r.opts.PollInterval)
}

// pollsFor returns how many polls fit into d, and at least [LeastPolls].
func (r *run) pollsFor(d time.Duration) int {
	return max(int(d/r.opts.PollInterval), LeastPolls)
}
