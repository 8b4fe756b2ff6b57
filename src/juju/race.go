package juju

import (
	"context"
	"time"

	"jimm-migrator/src/rpc"
)

// race makes n attempts, each a stagger after the one before or as soon as all
// before it have failed, and returns the first connection with the number of
// its attempt. All others are ended, and closed if they still succeed; none
// outlives the race.
func race(ctx context.Context, n int, attempt func(ctx context.Context, i int) (*rpc.Conn, error)) (*rpc.Conn, int, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type result struct {
		i    int
		conn *rpc.Conn
		err  error
	}
	results := make(chan result)
	started, ended := 0, 0
	start := func() {
		i := started
		started++
		go func() {
			conn, err := attempt(ctx, i)
			results <- result{i, conn, err}
		}()
	}
	start()
	next := time.NewTicker(stagger)
	defer next.Stop()

	var winner *result
	errs := make([]error, n)
	for ended < started {
		select {
		case r := <-results:
			ended++
			switch {
			case r.err != nil:
				errs[r.i] = r.err
			case winner != nil:
				_ = r.conn.Close()
			default:
				winner = &r
				cancel()
			}
			if winner == nil && ended == started && started < n && ctx.Err() == nil {
				start()
				next.Reset(stagger)
			}
		case <-next.C:
			if winner == nil && started < n && ctx.Err() == nil {
				start()
			}
		}
	}
	if winner != nil {
		return winner.conn, winner.i, nil
	}
	return nil, 0, joined(errs[:started])
}
