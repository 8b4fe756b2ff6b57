package migration_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/locate"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

// says answers as a controller does to an administrator, or only to a probe.
type says struct {
	*fake
	copies func(name string) facts.Copy
	info   *facts.Info // JIMM's answer, if it is not that of the fake.
}

func (t says) Copy(_ context.Context, c facts.Controller, _ string) facts.Copy {
	return t.copies(c.Name)
}

func (t says) Info(ctx context.Context, model string) facts.Info {
	if t.info != nil {
		return *t.info
	}
	return t.fake.Info(ctx, model)
}

func inUse(at facts.Controller) facts.Copy {
	return facts.CopyOf(facts.Info{Kind: facts.InfoLive, Controller: at.UUID, Status: "available", Life: "alive"})
}

// If a second copy in use is gone at the second observation, it is not a
// conflict.
func TestAConflictIsSeenTwiceBeforeItIsCalledOne(t *testing.T) {
	for _, completes := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			f := newFake(completes)
			jaas := f.jaas()
			jaas.Witness = says{fake: f, copies: func(name string) facts.Copy {
				switch {
				case name == "west":
					return inUse(west())
				case name == "east" && time.Since(began) < time.Second:
					return inUse(east())
				default:
					return facts.Copy{State: facts.CopyAbsent}
				}
			}}
			res, err := migration.Check(t.Context(), jaas, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}})
			if err != nil || res.Outcome != facts.ChecksPassed {
				t.Errorf("%s, %v", res.Outcome, err)
			}
		})
	}
}

// It is a conflict too if one controller reports to an administrator, and the other one through
// JIMM, that it hosts the model. A report with any other status is not.
func TestTheRecordedControllersWordThroughJIMMCounts(t *testing.T) {
	live := facts.Info{Kind: facts.InfoLive, Controller: west().UUID, Status: "available", Life: "alive"}
	for name, c := range map[string]struct {
		change func(*facts.Info)
		west   facts.CopyState
		want   facts.Outcome
	}{
		"in use":             {west: facts.CopyPresent, want: facts.Conflict},
		"not probed":         {west: facts.CopyUnknown, want: facts.Conflict},
		"suspended":          {change: func(i *facts.Info) { i.Status = "suspended" }, west: facts.CopyPresent, want: facts.Refused},
		"half imported":      {change: func(i *facts.Info) { i.Status, i.StatusText = "busy", "importing" }, west: facts.CopyPresent, want: facts.Refused},
		"says it is not":     {west: facts.CopyImporting, want: facts.Refused},
		"an entry of a list": {change: func(i *facts.Info) { i.Kind = facts.InfoListed }, west: facts.CopyPresent, want: facts.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				info := live
				if c.change != nil {
					c.change(&info)
				}
				f := newFake(false)
				jaas := f.jaas()
				jaas.Witness = says{fake: f, info: &info, copies: func(name string) facts.Copy {
					switch name {
					case "west":
						return facts.Copy{State: c.west}
					case "east":
						return inUse(east())
					default:
						return facts.Copy{State: facts.CopyAbsent}
					}
				}}
				res, err := migration.Check(t.Context(), jaas, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}})
				if err != nil || res.Outcome != c.want {
					t.Errorf("%s, %v", res.Outcome, err)
				}
			})
		})
	}
}

// No repair leads to a copy that is known to be half imported or moved away.
func TestNoRepairLeadsToACopyThatIsNotInUse(t *testing.T) {
	importing := facts.CopyOf(facts.Info{Kind: facts.InfoLive, Status: "busy", StatusText: "importing"})
	exporting := facts.CopyOf(facts.Info{Kind: facts.InfoLive, Status: "busy", Attempt: facts.Attempt{Text: "exporting model", Start: time.Unix(1, 0)}})
	absent := facts.Copy{State: facts.CopyAbsent}
	for name, c := range map[string]struct {
		copies map[string]facts.Copy // of west, which is on record, and east
		state  locate.State
		holder string
		repair bool
	}{
		"the other one imports":       {map[string]facts.Copy{"west": absent, "east": importing}, locate.StateUnknown, "", false},
		"the other one hosts it":      {map[string]facts.Copy{"west": absent, "east": inUse(east())}, locate.StateMoved, "east", true},
		"recorded too early, it runs": {map[string]facts.Copy{"west": importing, "east": exporting}, locate.StateMigrating, "east", false},
		"recorded wrongly, a copy":    {map[string]facts.Copy{"west": importing, "east": inUse(east())}, locate.StateMoved, "east", true},
		"only half a copy":            {map[string]facts.Copy{"west": importing, "east": absent}, locate.StateUnknown, "", false},
		"redirects to half a copy":    {map[string]facts.Copy{"west": {State: facts.CopyMoved, To: east().UUID}, "east": importing}, locate.StateUnknown, "", false},
		"a left-over elsewhere":       {map[string]facts.Copy{"west": inUse(west()), "east": importing}, locate.StateActive, "west", false},
		"it moves away":               {map[string]facts.Copy{"west": exporting, "east": importing}, locate.StateMigrating, "west", false},
		"twice in use":                {map[string]facts.Copy{"west": inUse(west()), "east": inUse(east())}, locate.StateConflict, "", false},
	} {
		for _, completes := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newFake(completes)
					jaas := f.jaas()
					jaas.Witness = says{fake: f, info: &facts.Info{Kind: facts.InfoUnavailable}, copies: func(name string) facts.Copy {
						if got, ok := c.copies[name]; ok {
							return got
						}
						return absent
					}}
					found, err := locate.Locate(t.Context(), jaas, locate.Options{Model: "prod", Probe: true})
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

// JIMM already records the target, and the source itself reports that the migration has not ended:
// then it is not over, whatever the target has.
func TestARecordThatIsEarlyEndsNothing(t *testing.T) {
	start := time.Unix(1000, 0)
	exporting := func(text string) facts.Copy {
		return facts.CopyOf(facts.Info{
			Kind: facts.InfoLive, Controller: west().UUID, Status: "busy", StatusText: redact.Raw("migrating: " + text),
			Attempt: facts.Attempt{Text: redact.Raw(text), Start: start},
		})
	}
	base := judge.Baseline{Source: west(), Target: east(), TargetProved: true}
	for _, text := range []string{"activating model in target controller", "successful, removing model from source controller"} {
		o := facts.Observation{
			Record: facts.Record{State: facts.RecordAt, Controller: east().UUID},
			Info:   facts.Info{Kind: facts.InfoLive, Controller: east().UUID, Status: "available"},
			Copies: map[facts.ControllerUUID]facts.Copy{west().UUID: exporting(text), east().UUID: inUse(east())},
		}
		p := judge.Progress{}.Observe(base, o)
		v := judge.Judge(base, p, o)
		if v.Kind != judge.Running || string(p.Attempt.Text) != text || p.Doubles > 0 {
			t.Errorf("%s: verdict %d, followed %q, %d doubles", text, v.Kind, p.Attempt.Text, p.Doubles)
		}
	}
}
