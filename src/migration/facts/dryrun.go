package facts

import "jimm-migrator/src/redact"

// DryRunState is the result of a dry run of a migration on its source.
type DryRunState string

// The states.
const (
	// DryRunNotAsked: the user has requested a dry run, and the source was not asked.
	DryRunNotAsked DryRunState = ""
	// DryRunAccepted: source and target accept the model.
	DryRunAccepted DryRunState = "accepted"
	// DryRunRefused: the migration would not start.
	DryRunRefused DryRunState = "refused"
	// DryRunNoLogin: the target refuses the account that the source was given.
	DryRunNoLogin DryRunState = "no-login"
	// DryRunNotSent: the request could not be sent, or was not sent because the release of the
	// source is not known to honour a dry run.
	DryRunNotSent DryRunState = "not-sent"
	// DryRunNoAnswer: the source did not answer.
	DryRunNoAnswer DryRunState = "no-answer"
	// DryRunStarted: the source has started a migration instead.
	DryRunStarted DryRunState = "started"
)

// DryRun is what the source has answered to the request for a dry run of a migration.
type DryRun struct {
	State DryRunState
	// Refusal is why the migration would not start, in the words of the source.
	Refusal redact.Raw
	// MigrationID is that of the migration that the source has started instead.
	MigrationID string
	// Err is why there is no answer.
	Err error
}
