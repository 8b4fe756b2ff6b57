package jaas

import (
	"context"

	"jimm-migrator/src/fleet"
)

// Cordoner returns a value that can set and lift the mark of controllers, and
// nothing else.
func (j *JAAS) Cordoner() fleet.Cordoner { return cordoner{j.session} }

type cordoner struct{ session *session }

// Cordon sets or lifts the mark.
func (c cordoner) Cordon(ctx context.Context, controller string, mark bool) error {
	client, err := c.session.get(ctx)
	if err != nil {
		return err
	}
	_, err = client.SetControllerDeprecated(ctx, controller, mark)
	return err
}
