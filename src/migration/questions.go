package migration

import (
	"errors"
	"slices"
	"strings"
)

// question is one that is asked at most once.
type question int

const (
	unasked question = iota
	due
	asked
)

// want makes the question due unless it was asked already.
func (q *question) want() {
	if *q == unasked {
		*q = due
	}
}

// request is what this run asks JIMM to start: a question that changes something.
type request struct {
	question
	err error // JIMM's answer, if it was an error. It does not prove that nothing was started.
}

// made reports whether JIMM was asked.
func (r request) made() bool { return r.question == asked }

// foundRunning reports whether the answer was that a migration is running already.
func (r request) foundRunning() bool {
	return errors.Is(r.err, ErrMigrating) || errors.Is(r.err, ErrMarked)
}

// refused reports whether the answer was a refusal that a controller gives before it
// creates a migration. Then nothing can begin late, and two polls suffice.
// A refusal because of another migration or copy settles nothing.
func (r request) refused() bool {
	if r.err == nil {
		return false
	}
	text := r.err.Error()
	for _, words := range []string{"import", "migrating", "migration in progress", "another migration", "already exists"} {
		if strings.Contains(text, words) {
			return false
		}
	}
	return slices.ContainsFunc(beforeTheRecord(), func(words string) bool { return strings.Contains(text, words) })
}

// beforeTheRecord are the words of refusals that come before a migration is created: from
// JIMM, which does not reach the source (October 2024 recorded), from the login to the
// source, and from Controller.InitiateMigration (Juju 2.9 to 4.1).
func beforeTheRecord() []string {
	return []string{
		"failed to dial the controller", "blocked because upgrade is in progress",
		"source prechecks failed: ", "connect to target controller: ", "cannot initiate migration as ",
		"target prechecks failed: ", "controllers can't be migrated",
	}
}

// auditLog is what JIMM's audit log was read for again.
type auditLog struct {
	target question // Where the migration goes that is reported.
	record question // Who has changed JIMM's record.
}
