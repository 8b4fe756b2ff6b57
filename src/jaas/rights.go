package jaas

import (
	"context"
	"sync"
	"time"

	"jimm-migrator/src/config"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/migration/survey"
)

// rights determines whether a list of models is empty or shorter than before because JIMM
// shows fewer models to the account: JIMM returns such lists without an error if OpenFGA
// does not answer or the right was revoked (JIMM of October 2024 observed). Its zero value
// has seen no list.
type rights struct {
	mu    sync.Mutex
	most  int       // Models in the longest list.
	until time.Time // The answer until then is why.
	why   error
}

// pauseWithoutRights lies between two lists of a JIMM that shows fewer models: it may dial
// every controller for each.
const pauseWithoutRights = 20 * time.Second

// denied is why no list is asked for yet, nil if it may be.
func (r *rights) denied() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Now().Before(r.until) {
		return r.why
	}
	return nil
}

// check judges a list of so many models. The error matches [survey.RightsError].
func (r *rights) check(ctx context.Context, client *jimm.Client, models int) error {
	r.mu.Lock()
	most := r.most
	r.mu.Unlock()
	var why error
	if models == 0 || models < most {
		why = denial(ctx, client, models, most)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if why != nil {
		r.why, r.until = why, time.Now().Add(pauseWithoutRights)
		return why
	}
	r.most = models
	return nil
}

// denial asks JIMM whether the account is still an administrator. If JIMM does not say
// so, a list that is empty or has fewer than half of the models proves nothing.
func denial(ctx context.Context, client *jimm.Client, models, most int) error {
	out := &survey.RightsError{Identity: client.Identity(), Grant: config.GrantCommand(client.Generation(), client.Identity())}
	admin, err := client.CheckAdministrator(ctx)
	switch {
	case err == nil && admin:
		return nil
	case err == nil:
		out.Revoked = true
		return out
	case client.Generation() == jimm.Generation2024 && models == 0, 2*models < most:
		return out
	default:
		return nil
	}
}
