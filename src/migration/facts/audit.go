package facts

import (
	"slices"
	"time"
)

// RequestKind reports what was asked of JIMM.
type RequestKind int

// The requests that the audit log is searched for.
const (
	RequestMigrate RequestKind = iota + 1
	RequestRecord
)

// Request is an entry of JIMM's audit log. It proves that something was asked,
// never that it was accepted.
type Request struct {
	Kind RequestKind
	// Target is the name of the controller in the request.
	Target string
	// At is by JIMM's clock.
	At time.Time
	// User is the identity that asked, without the "user-" prefix.
	User string
	// Own reports that it was this charm's identity.
	Own bool
	// Answered reports that JIMM has answered, whatever it said.
	Answered bool
}

// Audit is what the audit log contains about a model.
type Audit struct {
	// Now is the time of the newest event in the log: JIMM's clock, as far as
	// it can be read. Zero if the log is empty.
	Now time.Time
	// Requests are the requests about the model, oldest first.
	Requests []Request
}

const (
	// AskedBefore and askedAfter are how long before and after the start of a
	// migration (by the source's clock) the request that caused it may have been
	// logged (by JIMM's clock): the prechecks are in between, and the clocks
	// differ.
	AskedBefore = 15 * time.Minute
	askedAfter  = 2 * time.Minute
	// RememberRequests is how long a request may explain a present observation.
	RememberRequests = 24 * time.Hour
)

// Target returns the name of the controller that the migration was asked to go
// to, or, without an attempt, the one that left the source recently. certain is
// false if the log names none or several, because it does not say which of them
// was accepted.
func (a Audit) Target(of Attempt, source string) (name string, certain bool) {
	if of.Start.IsZero() && a.Now.IsZero() {
		return "", false
	}
	from, to := a.around(of)
	for _, q := range a.Requests {
		switch {
		case q.At.Before(from) || q.At.After(to):
		case q.Kind == RequestMigrate && q.Target == source:
			// It has been on that controller since.
		case q.Kind == RequestMigrate:
			certain = name == "" || certain && name == q.Target
			name = q.Target
		case q.Target != name:
			// Recorded elsewhere since: that journey is over.
			name, certain = "", false
		}
	}
	return name, certain
}

// Targets returns the controllers that the migration may have been asked to go to, in the order of the
// requests. The log has JIMM's answers without the errors of their items, and a request without an
// answer may have been carried out, so if there are several, none is proved.
func (a Audit) Targets(of Attempt, source string) []string {
	from, to := a.around(of)
	var out []string
	for _, q := range a.Requests {
		if q.Kind == RequestMigrate && q.Target != source && !q.At.Before(from) && !q.At.After(to) && !slices.Contains(out, q.Target) {
			out = append(out, q.Target)
		}
	}
	return out
}

// around returns the period in which the migration may have been requested:
// recently, if its start does not show it.
func (a Audit) around(of Attempt) (from, to time.Time) {
	if of.Start.IsZero() || of.StartUnstable {
		return a.Now.Add(-RememberRequests), a.Now
	}
	return of.Start.Add(-AskedBefore), of.Start.Add(askedAfter)
}

// Destinations returns the controllers that the model may have been migrated to from the recorded one: those that it
// was asked to move to, or to be recorded on, since it was last asked to be on the recorded one. However long ago that
// was, the log does not show whether such a request was refused, or how the migration has ended.
func (a Audit) Destinations(recorded Controller, list Controllers) []ControllerUUID {
	var out []ControllerUUID
	for _, q := range a.Requests {
		to, known := list.ByName(q.Target)
		switch {
		case q.Target == recorded.Name:
			out = nil
		case known && !slices.Contains(out, to.UUID):
			out = append(out, to.UUID)
		}
	}
	return out
}

// Arrived reports whether a client has recently asked to move the model to the
// controller, or to record it there.
func (a Audit) Arrived(controller string) bool {
	return slices.ContainsFunc(a.Requests, func(q Request) bool {
		return q.Target == controller && a.Now.Sub(q.At) < RememberRequests
	})
}

// MayGoTo reports whether the migration may go to the controller: that was the
// last request before it began, or the controller was recorded since.
func (a Audit) MayGoTo(of Attempt, controller string) bool {
	from, to := a.around(of)
	found := false
	for _, q := range a.Requests {
		switch {
		case q.At.Before(from):
		case q.Kind == RequestMigrate && !q.At.After(to):
			found = q.Target == controller
		case q.Kind == RequestRecord:
			found = found || q.Target == controller
		}
	}
	return found
}

// RecordedByHand reports whether another client has made JIMM record the
// controller since then.
func (a Audit) RecordedByHand(target string, since time.Time) bool {
	for _, q := range a.Requests {
		if q.Kind == RequestRecord && !q.Own && q.Target == target && !q.At.Before(since) {
			return true
		}
	}
	return false
}

// Recorded reports whether any client has made JIMM record the controller since
// then.
func (a Audit) Recorded(target string, since time.Time) bool {
	return slices.ContainsFunc(a.Requests, func(q Request) bool {
		return q.Kind == RequestRecord && q.Target == target && !q.At.Before(since)
	})
}

// TimeToAppear returns how much longer it may take until a migration that was
// requested less than limit ago is reported. A migration to the recorded controller,
// or to one that was recorded since, is over. shown is the ended attempt that is
// reported: it is the requested one if it began after the request, and JIMM has
// answered.
func (a Audit) TimeToAppear(shown Attempt, source string, limit time.Duration) time.Duration {
	left := time.Duration(0)
	for _, q := range a.Requests {
		explained := q.Answered && !shown.Start.IsZero() && !shown.Start.Before(q.At.Add(-askedAfter))
		switch {
		case q.Kind == RequestRecord:
			left = 0
		case q.Target != source && !explained:
			left = max(left, limit-max(a.Now.Sub(q.At), 0))
		}
	}
	return left
}

// Without returns the log without the requests that this charm has made since.
func (a Audit) Without(since time.Time) Audit {
	out := Audit{Now: a.Now}
	for _, q := range a.Requests {
		if !q.Own || q.At.Before(since) {
			out.Requests = append(out.Requests, q)
		}
	}
	return out
}

// String returns, in one word, what was asked.
func (k RequestKind) String() string {
	return [...]string{"", "migrate", "record"}[k]
}
