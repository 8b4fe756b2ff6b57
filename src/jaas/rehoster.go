package jaas

import (
	"context"
	"errors"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration/facts"
)

// Rehoster returns a value that can correct which controller hosts a model according
// to JIMM's access rules, and nothing else.
func (j *JAAS) Rehoster() fleet.Rehoster { return rehoster{&inspector{session: j.session}} }

// rehoster reads as an inspector does.
type rehoster struct{ *inspector }

// Rehost adds the rule that names the controller, or removes it.
func (r rehoster) Rehost(ctx context.Context, home fleet.Home, controller facts.ControllerUUID, hosts bool) error {
	if !home.Allows(controller, hosts) {
		return errors.New("cannot change JIMM's access rules without proof of which controller hosts the model")
	}
	client, err := r.session.get(ctx)
	if err != nil {
		return err
	}
	return client.SetModelHost(ctx, home.Model(), string(controller), hosts)
}
