package jaas

import (
	"context"
	"sync"
	"time"

	"jimm-migrator/src/migration"
)

// callGap is the time between two calls of a run of many models on JIMM, which
// keeps two rows for each in its audit log. A poll interval below the default makes it
// shorter in proportion.
const callGap = time.Second / 5

// callBurst is how many calls may come at once after a rest.
const callBurst = 10

// pace spreads calls. A nil pace does not.
type pace struct {
	gap time.Duration

	mu   sync.Mutex
	next time.Time // When the next call may come, if there were no burst.
}

// Pace limits the calls to JIMM to five a second from now on, unless the poll interval is
// shorter than the default.
func (j *JAAS) Pace() {
	gap := callGap
	if poll := j.session.settings.PollInterval; poll > 0 && poll < migration.DefaultPollInterval {
		gap = time.Duration(float64(callGap) * float64(poll) / float64(migration.DefaultPollInterval))
	}
	j.session.paced = &pace{gap: gap}
}

// wait waits for the turn of one call.
func (p *pace) wait(ctx context.Context) error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	now := time.Now()
	if earliest := now.Add(-callBurst * p.gap); p.next.Before(earliest) {
		p.next = earliest
	}
	p.next = p.next.Add(p.gap)
	due := p.next.Sub(now)
	p.mu.Unlock()
	if due <= 0 {
		return nil
	}
	timer := time.NewTimer(due)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
