package jaas

import "context"

// turn is taken by one caller at a time, for as long as a login may take. Unlike at a mutex,
// a caller that waits for it can give up.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

// take waits for the turn. An error means that the context has ended.
func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// end gives the turn to the next caller.
func (t turn) end() { <-t }
