package survey

import (
	"context"
	"sync"

	"jimm-migrator/src/migration/facts"
)

// copiesAtOnce bounds how many controllers are asked at the same time.
const copiesAtOnce = 16

// Prober asks controllers whether they have models, a limited number at a time. A controller that could not be reached
// is not dialled again.
type Prober struct {
	witness Witness
	free    chan struct{}

	mu          sync.Mutex
	unreachable map[facts.ControllerUUID]facts.Copy
}

// NewProber returns a prober that asks through the witness.
func NewProber(w Witness) *Prober {
	return &Prober{witness: w, free: make(chan struct{}, copiesAtOnce), unreachable: map[facts.ControllerUUID]facts.Copy{}}
}

// All asks each of the controllers and returns the answers by their UUIDs.
func (a *Prober) All(ctx context.Context, cs []facts.Controller, model string) map[facts.ControllerUUID]facts.Copy {
	out := make(map[facts.ControllerUUID]facts.Copy, len(cs))
	var (
		mu sync.Mutex
		wg sync.WaitGroup
	)
	for _, c := range cs {
		wg.Go(func() {
			got := a.ask(ctx, c, model)
			mu.Lock()
			defer mu.Unlock()
			out[c.UUID] = got
		})
	}
	wg.Wait()
	return out
}

func (a *Prober) ask(ctx context.Context, c facts.Controller, model string) facts.Copy {
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

func (a *Prober) dead(c facts.Controller) (facts.Copy, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	got, ok := a.unreachable[c.UUID]
	return got, ok
}
