package migration

import "time"

// leastAttempts is how often JIMM is asked to record a controller before a run
// gives up: a call can take as long as the whole wait without an answer.
const leastAttempts = 3

// recordAttempts is the progress of recording. Its zero value has not asked yet.
type recordAttempts struct {
	count       int
	first, last time.Time // The first and the last answer, or what took its place.
	err         error     // The last answer, if it was an error.
}

// made reports whether JIMM was asked at all.
func (a *recordAttempts) made() bool { return a.count > 0 }

// due reports whether it is time to ask JIMM.
func (a *recordAttempts) due(now time.Time) bool {
	return !a.made() || now.Sub(a.last) >= TimeBetweenRecords
}

// answered notes an answer. The limit is counted from the first one.
func (a *recordAttempts) answered(now time.Time, err error) {
	if !a.made() {
		a.first = now
	}
	a.count, a.last, a.err = a.count+1, now, err
}

// exhausted reports whether JIMM was asked for long enough, and often enough.
func (a *recordAttempts) exhausted(now time.Time, limit time.Duration) bool {
	return a.count >= leastAttempts && now.Sub(a.first) >= limit
}
