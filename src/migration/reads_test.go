package migration_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
)

// ownWord is a JAAS whose controllers say of their copies whether they are in use.
type ownWord struct{ *fake }

func (w ownWord) Copy(ctx context.Context, c facts.Controller, model string) facts.Copy {
	got := w.fake.Copy(ctx, c, model)
	if got.State == facts.CopyPresent {
		got.State = facts.CopyActive
	}
	return got
}

// A target can have the model in use and refuse its details: of a user that it does
// not know, Juju 3.5.4 says `user "carol" not found`. JIMM of 2026 deletes its row then.
func TestASecondRunDoesNotMakeJIMMForgetTheModel(t *testing.T) {
	for name, run := range map[string]func(context.Context, ownWord) (migration.Result, error){
		"migrate": func(ctx context.Context, w ownWord) (migration.Result, error) {
			jaas := w.jaas()
			jaas.Witness = w
			return migration.Migrate(ctx, jaas, w.fake, migration.Options{Model: "prod", Target: "east", Probe: true})
		},
		"check": func(ctx context.Context, w ownWord) (migration.Result, error) {
			jaas := w.jaas()
			jaas.Witness = w
			return migration.Check(ctx, jaas, migration.Options{Model: "prod", Target: "east", Probe: true})
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(true)
			f.away(east(), false)
			f.record = east().UUID
			f.details = func(i *facts.Info) {
				if i.Controller == east().UUID {
					*i = facts.Info{Kind: facts.InfoDenied, Err: errors.New(`user "carol" not found`)}
				}
			}
			res, err := run(t.Context(), ownWord{f})
			if err != nil || f.forgot || res.Outcome != facts.AlreadyThere {
				t.Errorf("%s: %s (%s), JIMM forgot the model: %v, %v", name, res.Outcome, res.Cause, f.forgot, err)
			}
		})
	}
}
