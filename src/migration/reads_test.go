package migration_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
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

// A target can host the model and refuse its details: of a user that it does
// not know, Juju 3.5.4 says `user "carol" not found`. JIMM of 2026 deletes its row then.
func TestASecondRunDoesNotMakeJIMMForgetTheModel(t *testing.T) {
	for name, run := range map[string]func(context.Context, ownWord) (migration.Result, error){
		"migrate": func(ctx context.Context, w ownWord) (migration.Result, error) {
			jaas := w.jaas()
			jaas.Witness = w
			return migration.Migrate(ctx, jaas, w.fake, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}})
		},
		"check": func(ctx context.Context, w ownWord) (migration.Result, error) {
			jaas := w.jaas()
			jaas.Witness = w
			return migration.Check(ctx, jaas, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}})
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

// JIMM's list has the model, made by whatever controller, and no one says that the
// recorded one has it: the question for its details could make JIMM forget it.
func TestDetailsAreNotAskedWhereNoAnswerNamesTheHolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		f.redirects, f.probe, f.noHost = false, false, true
		f.running("east", false)
		f.began, f.mode = time.Now().Add(-48*time.Hour), false
		_, err := migration.Check(t.Context(), f.jaas(), migration.Options{Options: survey.Options{Model: "prod", Target: "north"}})
		if err != nil || f.forgot {
			t.Errorf("forgot %v, %v", f.forgot, err)
		}
	})
}

// served lets a login to the model be served by a controller, whoever has it.
type served struct {
	*fake
	by facts.Controller
}

func (s served) Host(context.Context, string, facts.ControllerUUID) facts.Host {
	return facts.Host{Kind: facts.HostServes, Controller: s.by.UUID}
}

// That some controller serves the model does not say that the recorded one has it.
func TestDetailsAreNotAskedBecauseAnotherControllerServes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		f.redirects, f.probe = false, false
		f.running("east", false)
		f.began, f.mode = time.Now().Add(-48*time.Hour), false
		jaas := f.jaas()
		jaas.Witness = served{f, east()}
		_, err := migration.Check(t.Context(), jaas, migration.Options{Options: survey.Options{Model: "prod", Target: "north"}})
		if err != nil || f.forgot {
			t.Errorf("forgot %v, %v", f.forgot, err)
		}
	})
}
