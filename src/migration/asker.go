package migration

import (
	"context"
	"sync"
)

// copiesAtOnce bounds how many controllers are asked at the same time.
const copiesAtOnce = 16

// asker asks controllers whether they have models, a bounded number at a time.
// A controller that could not be reached is not dialled again.
type asker struct {
	witness Witness
	free    chan struct{}

	mu          sync.Mutex
	unreachable map[string]Copy
}

func newAsker(w Witness) *asker {
	return &asker{witness: w, free: make(chan struct{}, copiesAtOnce), unreachable: map[string]Copy{}}
}

// all asks each of the controllers and returns the answers by their UUIDs.
func (a *asker) all(ctx context.Context, cs []Controller, model string) map[string]Copy {
	out := make(map[string]Copy, len(cs))
	var (
		mu sync.Mutex
		wg sync.WaitGroup
	)
	for _, c := range cs {
		wg.Go(func() {
			got := a.one(ctx, c, model)
			mu.Lock()
			defer mu.Unlock()
			out[c.UUID] = got
		})
	}
	wg.Wait()
	return out
}

func (a *asker) one(ctx context.Context, c Controller, model string) Copy {
	a.free <- struct{}{}
	defer func() { <-a.free }()
	if known, ok := a.dead(c); ok {
		return known
	}
	got := a.witness.Copy(ctx, c, model)
	if got.Unreachable {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.unreachable[c.UUID] = got
	}
	return got
}

func (a *asker) dead(c Controller) (Copy, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	got, ok := a.unreachable[c.UUID]
	return got, ok
}
