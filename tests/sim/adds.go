package sim

import (
	"cmp"
	"context"
	"time"

	"jimm-migrator/tests/sim/controller"
)

// addLater lets users add the models of World.Adds at their times. An add that fails, e.g. because JIMM is away, is not
// retried.
func (j *JAAS) addLater() {
	for _, add := range j.world.Adds {
		add.Owner = cmp.Or(add.Owner, defaultOwner)
		j.running.Go(func() {
			timer := time.NewTimer(add.After)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-j.closed:
				return
			}
			if add.Controller != "" || j.jimm == nil {
				name := cmp.Or(add.Controller, j.world.Controllers[0].Name)
				_ = j.Controller(name).AddModel(controller.Model{Name: add.Name, Owner: add.Owner})
				return
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			_ = j.jimm.AddModelFor(ctx, add.Owner, add.Name)
		})
	}
}
