package judge_test

import (
	"testing"
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
)

// What JIMM's audit log says about the target is judged like every other answer.
func TestTheLogSaysWhereAMigrationGoes(t *testing.T) {
	start := live("exporting model", false).Attempt.Start
	to := func(names ...string) facts.Audit {
		log := facts.Audit{Now: start.Add(time.Hour)}
		for _, name := range names {
			log.Requests = append(log.Requests, facts.Request{Kind: facts.RequestMigrate, Target: name, At: start.Add(-time.Minute)})
		}
		return log
	}
	for name, c := range map[string]struct {
		log    facts.Audit
		listed bool
		info   facts.Info
		proved bool
		goesTo string
		want   judge.Kind
	}{
		"to the target":                   {to("east"), false, live("exporting model", false), true, "", judge.Running},
		"to a third":                      {to("north"), false, live("exporting model", false), false, "north", judge.GoesElsewhere},
		"to a third, and aborts":          {to("north"), false, live("aborted, removing model from target controller: no room", false), false, "north", judge.GoesElsewhere},
		"to a third, and was aborted":     {to("north"), false, live("aborted, removing model from target controller: no room", true), false, "north", judge.Aborted},
		"to two":                          {to("north", "east"), false, live("exporting model", false), false, "", judge.Running},
		"nothing is logged":               {to(), false, live("exporting model", false), false, "", judge.Running},
		"listed, and to the source":       {to("west"), true, live("exporting model", false), false, "west", judge.GoesElsewhere},
		"the source's own, to the source": {to("west"), false, live("exporting model", false), false, "", judge.Running},
	} {
		t.Run(name, func(t *testing.T) {
			o := observed(c.info, at(west()), copies(facts.CopyPresent, facts.CopyImporting))
			p := judge.Progress{}.Observe(base(), o)
			p.Listed = c.listed
			b := base().ReadLog(c.log, p)
			if b.TargetProved != c.proved || b.GoesTo != c.goesTo {
				t.Errorf("proved %v, goes to %q; want %v, %q", b.TargetProved, b.GoesTo, c.proved, c.goesTo)
			}
			if got := judge.Judge(b, p, o).Kind; got != c.want {
				t.Errorf("judged %v, want %v", got, c.want)
			}
		})
	}
}
