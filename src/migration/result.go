package migration

import (
	"slices"

	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// RetrySafe reports whether running the same action again is safe and can help.
// After a refusal or an abort that the model's contents decide it cannot, nor
// while a copy on the target or JIMM's mark blocks it.
func (r Result) RetrySafe() bool {
	return r.Outcome.RetrySafe() && r.Reason != ReasonStays && !r.CopyLeft && r.LeftImport == NoImport && !r.marked()
}

// marked reports that JIMM believes in a migration that is not there, and refuses every
// other until the record is set again: only then does such a result name a next command.
func (r Result) marked() bool {
	return (r.Outcome == facts.Aborted || r.Outcome == facts.NotStarted) && r.Next != ""
}

// Obstacles are why the same command cannot help until something is done.
type Obstacles struct {
	// Reason is what is known of the reason of the outcome.
	Reason Reason
	// CopyLeft reports that the target still reports that it has a copy after an abort.
	CopyLeft bool
	// LeftImport reports whether the target itself says that its copy is half imported and
	// left over, so that [RemoveLeftOver] may remove it.
	LeftImport LeftImport
}

// Reason is what is known of the reason of an outcome.
type Reason int

// What is known of a reason.
const (
	// ReasonPasses: it may end by itself.
	ReasonPasses Reason = iota
	// ReasonStays: it is a known one that does not end by itself.
	ReasonStays
	// ReasonUnknown: the server gives none, or in words that no rule explains. To repeat the
	// command is safe, and may not help.
	ReasonUnknown
)

// lasting returns which of them it is for a known reason.
func lasting(stays bool) Reason {
	if stays {
		return ReasonStays
	}
	return ReasonPasses
}

// LeftImport reports whether a half-imported copy is left over, and can be removed.
type LeftImport int

// What is left over.
const (
	// NoImport: nothing, as far as the target says.
	NoImport LeftImport = iota
	// ImportNeedsAccount: a half-imported copy; no account on the target works.
	ImportNeedsAccount
	// ImportRemovable: a half-imported copy, and an account that can remove it.
	ImportRemovable
)

// leftImport returns which of them it is for a copy of that state.
func leftImport(at facts.Copy, account facts.Account) LeftImport {
	switch {
	case at.State != facts.CopyImporting:
		return NoImport
	case account.State != facts.AccountWorks:
		return ImportNeedsAccount
	default:
		return ImportRemovable
	}
}

// blockedByImport returns which of them is why the checks forbid a migration.
func blockedByImport(s *survey.Survey, findings []checks.Finding) LeftImport {
	if !slices.ContainsFunc(findings, func(f checks.Finding) bool { return f.Check == checks.TargetCopy && f.Blocks() }) {
		return NoImport
	}
	return leftImport(s.Observation.CopyOn(s.Target), s.Reports.Target)
}

// Result is what a run of the engine found and did.
type Result struct {
	Outcome facts.Outcome
	// Step is the step that the run ended in.
	Step facts.Step
	// Cause is why the outcome is what it is, where the outcome alone does
	// not: a server's message (redacted) or what did not happen in time.
	Cause facts.Cause
	// Detail is the text that goes with the cause, redacted.
	Detail string
	// Hint is what a reason of [facts.NotStarted] or [facts.Aborted] means and what helps,
	// if that is known.
	Hint string
	// Obstacles stand in the way of the same command.
	Obstacles
	// Err is the error that explains the outcome, if one does. Its text has not
	// been redacted.
	Err error
	// Plan is what the situation called for at first.
	Plan Plan

	Model  facts.Model
	Source facts.Controller
	Target facts.Controller
	// Recorded is the controller on JIMM's record at the end; unknown if its
	// UUID is empty.
	Recorded facts.Controller
	// Holder is the controller that hosts the model, as far as it is
	// known; unknown if its UUID is empty.
	Holder facts.Controller
	// Findings are the verdicts of the checks.
	Findings []checks.Finding
	// MigrationID is what the source called the migration, if it is known.
	MigrationID string
	// Attempt is the last observation of the migration that was followed.
	Attempt facts.Attempt
	Phase   facts.Phase
	// GoesTo is where the migration is known to go; unknown if its UUID is empty.
	GoesTo facts.Controller
	// Attached reports that the migration was not started by this run.
	Attached bool
	// Running reports that a migration was running at the last observation.
	Running bool
	// Proof is the ground on which the target was recorded, if this run did.
	Proof string
	// Aftermath is what was found when the model had moved.
	Aftermath Aftermath
	// Next is the command that helps from here, or "".
	Next string
	// Timing has the time at which each thing was seen.
	Timing Timing
}
