package jaas

import (
	"context"
	"sync"
	"time"
)

// callGap is the time between two calls of a run of many models on JIMM, which
// keeps two rows for each in its audit log.
const callGap = time.Second / 5

// callBurst is how many calls may come at once after a rest.
const callBurst = 10

// pace spreads calls. A nil pace does not.
type pace struct {
	mu   sync.Mutex
	next time.Time // When the next call may come, if there were no burst.
}

// Pace bounds the calls on JIMM to five a second from now on.
func (j *JAAS) Pace() { j.session.paced = &pace{} }

// wait waits for the turn of one call.
func (p *pace) wait(ctx context.Context) error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	now := time.Now()
	if earliest := now.Add(-callBurst * callGap); p.next.Before(earliest) {
		p.next = earliest
	}
	p.next = p.next.Add(callGap)
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
