package jaas

import (
	"context"
	"sync"

	"jimm-migrator/src/config"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/migration/facts"
)

// loginsAtOnce bounds how many controllers are logged in to at the same time.
const loginsAtOnce = 16

// TryAccounts lists JIMM's controllers and logs in to each that has an account in
// controller-credentials. Without the option probe-controllers it logs in to none.
// The result is by name.
func TryAccounts(ctx context.Context, s config.Settings, client *jimm.Client) ([]facts.Controller, map[string]facts.Account, error) {
	all, err := controllers(ctx, client)
	if err != nil || !s.ProbeControllers {
		return all, nil, err
	}
	accounts := reader{&connections{logins: s.Controllers, network: s.JIMM}}
	defer accounts.close()
	return all, accounts.all(ctx, all), nil
}

// all tries the account of each controller that has one.
func (r reader) all(ctx context.Context, cs []facts.Controller) map[string]facts.Account {
	out := make(map[string]facts.Account, len(cs))
	var (
		mu   sync.Mutex
		wg   sync.WaitGroup
		free = make(chan struct{}, loginsAtOnce)
	)
	for _, c := range cs {
		wg.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			got := r.Access(ctx, c)
			mu.Lock()
			defer mu.Unlock()
			out[c.Name] = got
		})
	}
	wg.Wait()
	return out
}
