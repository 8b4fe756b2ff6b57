package migration_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/locate"
	"jimm-migrator/src/migration/survey"
)

// details counts the questions for details. Its controllers say of their copies whether
// they are in use.
type details struct {
	*fake
	asked int
}

func (d *details) Info(ctx context.Context, model string) facts.Info {
	d.asked++
	return d.fake.Info(ctx, model)
}

func (d *details) Copy(ctx context.Context, c facts.Controller, model string) facts.Copy {
	got := d.fake.Copy(ctx, c, model)
	if got.State == facts.CopyPresent && d.idle() {
		got.State = facts.CopyActive
	}
	return got
}

func (d *details) idle() bool {
	defer d.lock()()
	text, ended, left := d.now()
	return text == "" || ended || left
}

// A JIMM that records migrations itself deletes its row of a model if the recorded controller
// refuses its details, as one can that hosts the model: of a user that it does not know, Juju
// 3.5.4 says `user "carol" not found`. So no action asks for them (I4), whoever has the model
// and whatever else has been seen; only a run whose own request JIMM follows does.
func TestNoActionAsksForDetailsWhoseRefusalDeletesTheRow(t *testing.T) {
	worlds := map[string]func(*fake){
		"at rest":           func(*fake) {},
		"after an abort":    func(f *fake) { f.old = aborted(time.Hour) },
		"no login":          func(f *fake) { f.noHost = true },
		"running":           func(f *fake) { f.running("east", true); f.mode = false },
		"not recorded":      func(f *fake) { f.away(east(), false) },
		"recorded":          func(f *fake) { f.away(east(), false); f.record = east().UUID },
		"another lists it":  func(f *fake) { f.running("east", false); f.mode, f.targetFirst = false, true },
		"stuck in its mode": func(f *fake) { f.mode = true },
	}
	actions := map[string]func(context.Context, survey.JAAS, *fake, migration.Options) error{
		"check": func(ctx context.Context, j survey.JAAS, _ *fake, o migration.Options) error {
			_, err := migration.Check(ctx, j, o)
			return err
		},
		"locate": func(ctx context.Context, j survey.JAAS, _ *fake, o migration.Options) error {
			_, err := locate.Locate(ctx, j, locate.Options{Model: o.Model, Probe: o.Probe})
			return err
		},
		"status": func(ctx context.Context, j survey.JAAS, _ *fake, o migration.Options) error {
			_, err := migration.Moving(ctx, j, o)
			return err
		},
		"all statuses": func(ctx context.Context, j survey.JAAS, _ *fake, o migration.Options) error {
			_, err := migration.AllMoving(ctx, j, o, func(facts.Model) (facts.Audit, bool) { return facts.Audit{}, true })
			return err
		},
		"record": func(ctx context.Context, j survey.JAAS, f *fake, o migration.Options) error {
			_, err := migration.RecordModel(ctx, j, f, "", o)
			return err
		},
		"finish": func(ctx context.Context, j survey.JAAS, f *fake, o migration.Options) error {
			_, err := migration.Finish(ctx, j, f, o)
			return err
		},
		"follow": func(ctx context.Context, j survey.JAAS, f *fake, o migration.Options) error {
			_, err := migration.Follow(ctx, j, f, o)
			return err
		},
	}
	for world, build := range worlds {
		for action, do := range actions {
			for _, target := range []string{"east", "north"} {
				for _, probe := range []bool{false, true} {
					synctest.Test(t, func(t *testing.T) {
						f := newFake(true)
						build(f)
						d, jaas := &details{fake: f}, f.jaas()
						jaas.Witness = d
						err := do(t.Context(), jaas, f, migration.Options{Options: survey.Options{Model: "prod", Target: target, Probe: probe}})
						if err != nil || d.asked > 0 || f.forgot {
							t.Errorf("%s, %s to %s, probe %v: asked for details %d times, JIMM forgot the model: %v, %v", world, action, target, probe, d.asked, f.forgot, err)
						}
					})
				}
			}
		}
	}
}
