package migration_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/migration"
)

// says answers as a controller answers an administrator, or only a probe.
type says struct {
	*fake
	copies func(name string) migration.Copy
	info   *migration.Info // What JIMM brings, if not what the fake does.
}

func (t says) Copy(_ context.Context, c migration.Controller, _ string) migration.Copy {
	return t.copies(c.Name)
}

func (t says) Info(ctx context.Context, model string) migration.Info {
	if t.info != nil {
		return *t.info
	}
	return t.fake.Info(ctx, model)
}

func inUse(at migration.Controller) migration.Copy {
	return migration.CopyOf(migration.Info{Kind: migration.InfoLive, Controller: at.UUID, Status: "available", Life: "alive"})
}

// A second copy in use that is gone at the second look is no conflict.
func TestAConflictIsSeenTwiceBeforeItIsCalledOne(t *testing.T) {
	for _, completes := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			f := newFake(completes)
			jaas := f.jaas()
			jaas.Witness = says{fake: f, copies: func(name string) migration.Copy {
				switch {
				case name == "west":
					return inUse(west())
				case name == "east" && time.Since(began) < time.Second:
					return inUse(east())
				default:
					return migration.Copy{State: migration.CopyAbsent}
				}
			}}
			res, err := migration.Check(t.Context(), jaas, migration.Options{Model: "prod", Target: "east", Probe: true})
			if err != nil || res.Outcome != migration.ChecksPassed {
				t.Errorf("%s, %v", res.Outcome, err)
			}
		})
	}
}

// What one controller tells an administrator and the other one tells through JIMM
// is a conflict too; what it tells in any other status is not.
func TestTheRecordedControllersWordThroughJIMMCounts(t *testing.T) {
	live := migration.Info{Kind: migration.InfoLive, Controller: west().UUID, Status: "available", Life: "alive"}
	for name, c := range map[string]struct {
		change func(*migration.Info)
		west   migration.CopyState
		want   migration.Outcome
	}{
		"in use":             {west: migration.CopyPresent, want: migration.Conflict},
		"not probed":         {west: migration.CopyUnknown, want: migration.Conflict},
		"suspended":          {change: func(i *migration.Info) { i.Status = "suspended" }, west: migration.CopyPresent, want: migration.Refused},
		"half imported":      {change: func(i *migration.Info) { i.Status, i.StatusText = "busy", "importing" }, west: migration.CopyPresent, want: migration.Refused},
		"says it is not":     {west: migration.CopyImporting, want: migration.Refused},
		"an entry of a list": {change: func(i *migration.Info) { i.Listed = true }, west: migration.CopyPresent, want: migration.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				info := live
				if c.change != nil {
					c.change(&info)
				}
				f := newFake(false)
				jaas := f.jaas()
				jaas.Witness = says{fake: f, info: &info, copies: func(name string) migration.Copy {
					switch name {
					case "west":
						return migration.Copy{State: c.west}
					case "east":
						return inUse(east())
					default:
						return migration.Copy{State: migration.CopyAbsent}
					}
				}}
				res, err := migration.Check(t.Context(), jaas, migration.Options{Model: "prod", Target: "east", Probe: true})
				if err != nil || res.Outcome != c.want {
					t.Errorf("%s, %v", res.Outcome, err)
				}
			})
		})
	}
}

// No repair leads to a copy that is known to be half imported or moved away.
func TestNoRepairLeadsToACopyThatIsNotInUse(t *testing.T) {
	importing := migration.CopyOf(migration.Info{Kind: migration.InfoLive, Status: "busy", StatusText: "importing"})
	exporting := migration.CopyOf(migration.Info{Kind: migration.InfoLive, Status: "busy", Attempt: migration.Attempt{Text: "exporting model", Start: time.Unix(1, 0)}})
	absent := migration.Copy{State: migration.CopyAbsent}
	for name, c := range map[string]struct {
		copies map[string]migration.Copy // of west, which is on record, and east
		state  migration.State
		holder string
		repair bool
	}{
		"the other one imports":       {map[string]migration.Copy{"west": absent, "east": importing}, migration.StateUnknown, "", false},
		"the other one has it in use": {map[string]migration.Copy{"west": absent, "east": inUse(east())}, migration.StateMoved, "east", true},
		"recorded too early, it runs": {map[string]migration.Copy{"west": importing, "east": exporting}, migration.StateMigrating, "east", false},
		"recorded wrongly, a copy":    {map[string]migration.Copy{"west": importing, "east": inUse(east())}, migration.StateMoved, "east", true},
		"only half a copy":            {map[string]migration.Copy{"west": importing, "east": absent}, migration.StateUnknown, "", false},
		"redirects to half a copy":    {map[string]migration.Copy{"west": {State: migration.CopyMoved, To: east().UUID}, "east": importing}, migration.StateUnknown, "", false},
		"a left-over elsewhere":       {map[string]migration.Copy{"west": inUse(west()), "east": importing}, migration.StateActive, "west", false},
		"it moves away":               {map[string]migration.Copy{"west": exporting, "east": importing}, migration.StateMigrating, "west", false},
		"twice in use":                {map[string]migration.Copy{"west": inUse(west()), "east": inUse(east())}, migration.StateConflict, "", false},
	} {
		for _, completes := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newFake(completes)
					jaas := f.jaas()
					jaas.Witness = says{fake: f, info: &migration.Info{Kind: migration.InfoUnavailable}, copies: func(name string) migration.Copy {
						if got, ok := c.copies[name]; ok {
							return got
						}
						return absent
					}}
					found, err := migration.Locate(t.Context(), jaas, migration.LocateOptions{Model: "prod", Probe: true})
					if err != nil {
						t.Fatal(err)
					}
					l := found.Locations[0]
					if l.State != c.state || l.Holder.Name != c.holder || (l.Repair != "") != c.repair {
						t.Errorf("%s, on %q, repair %q: %s", l.State, l.Holder.Name, l.Repair, l.Proof)
					}
				})
			})
		}
	}
}

// JIMM records the target already, and the source itself says that the migration
// has not ended: nothing is over, whatever the target has.
func TestARecordThatIsEarlyEndsNothing(t *testing.T) {
	start := time.Unix(1000, 0)
	exporting := func(text string) migration.Copy {
		return migration.CopyOf(migration.Info{
			Kind: migration.InfoLive, Controller: west().UUID, Status: "busy", StatusText: "migrating: " + text,
			Attempt: migration.Attempt{Text: text, Start: start},
		})
	}
	base := migration.Baseline{Source: west(), Target: east(), TargetProved: true}
	for _, text := range []string{"activating model in target controller", "successful, removing model from source controller"} {
		o := migration.Observation{
			Record: migration.Record{State: migration.RecordAt, Controller: east().UUID},
			Info:   migration.Info{Kind: migration.InfoLive, Controller: east().UUID, Status: "available"},
			Copies: map[string]migration.Copy{west().UUID: exporting(text), east().UUID: inUse(east())},
		}
		p := migration.Progress{}.Observe(base, o)
		v := migration.Judge(base, p, o)
		if v.Kind != migration.VerdictRunning || p.Attempt.Text != text || p.Doubles > 0 {
			t.Errorf("%s: verdict %d, followed %q, %d doubles", text, v.Kind, p.Attempt.Text, p.Doubles)
		}
	}
}
