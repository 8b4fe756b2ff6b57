package fleet_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// lists are those of a JIMM, and its log.
type lists struct {
	models []facts.Model
	asked  []fleet.Asked
	info   facts.Info
	calls  int
	west   string // Its release, if not 3.6.14,
	says   facts.CopyState
	away   bool // East does not answer.
}

func (l *lists) Controllers(context.Context) ([]facts.Controller, error) {
	l.calls++
	return []facts.Controller{controller("east", "3.6.28"), controller("west", cmp.Or(l.west, "3.6.14"))}, nil
}

func (l *lists) Models(context.Context) (facts.ModelList, error) {
	l.calls++
	return facts.ModelList{Models: l.models}, nil
}

func (l *lists) Clock(context.Context) (time.Time, error) { return time.Now(), nil }

func (l *lists) Asked(context.Context, time.Time) ([]fleet.Asked, error) { return l.asked, nil }

// witness answers for one model.
type witness struct {
	survey.Witness
	lists *lists
}

func (w witness) Info(context.Context, string) facts.Info { return w.lists.info }

func (w witness) Copy(_ context.Context, c facts.Controller, _ string) facts.Copy {
	if w.lists.away && c.Name == "east" {
		return facts.Copy{Err: errors.New("no route")}
	}
	return facts.Copy{State: w.lists.says}
}

// A migration counts from the request on, until it is observed to have ended.
func TestTrafficSeesWhatMoves(t *testing.T) {
	request := func(ago time.Duration) []fleet.Asked {
		return []fleet.Asked{{Key: "1", Model: uuid("a"), Request: facts.Request{Kind: facts.RequestMigrate, Target: "east", At: time.Now().Add(-ago), Answered: true}}}
	}
	ended := func(ago time.Duration) facts.Attempt {
		return facts.Attempt{Text: "aborted, removing model from target controller: x", Start: time.Now().Add(-ago), End: time.Now().Add(-ago + time.Second)}
	}
	for name, test := range map[string]struct {
		live  bool // JIMM lists migrations.
		set   func(l *lists)
		moves bool
	}{
		"2026, at rest":            {true, func(*lists) {}, false},
		"2026, shown":              {true, func(l *lists) { l.models[0].Entry.Attempt = facts.Attempt{Text: "importing", Start: time.Now()} }, true},
		"2026, asked a moment ago": {true, func(l *lists) { l.asked = request(time.Minute) }, true},
		"2026, asked long ago":     {true, func(l *lists) { l.asked = request(time.Hour) }, false},
		"2026, aborted a moment ago": {true, func(l *lists) {
			l.asked, l.models[0].Entry.Attempt = request(time.Minute), ended(time.Minute)
		}, false},
		"Juju 4, says nothing in lists, runs": {true, func(l *lists) { l.west, l.says, l.asked = "4.0.15", facts.CopyExporting, request(time.Hour) }, true},
		"Juju 4, has left, is not recorded":   {true, func(l *lists) { l.west, l.says, l.asked = "4.0.15", facts.CopyMoved, request(time.Hour) }, true},
		"Juju 4, no answer":                   {true, func(l *lists) { l.west, l.asked = "4.0.15", request(time.Hour) }, true},
		"Juju 4, aborted long ago":            {true, func(l *lists) { l.west, l.says, l.asked = "4.0.15", facts.CopyActive, request(time.Hour) }, false},
		"Juju 4, aborted a moment ago":        {true, func(l *lists) { l.west, l.says, l.asked = "4.0.15", facts.CopyActive, request(time.Minute) }, false},
		"Juju 4, aborted or left a copy behind, and the target is away": {true, func(l *lists) {
			l.west, l.says, l.asked, l.away = "4.0.15", facts.CopyActive, request(time.Hour), true
		}, true},
		"Juju 4, recorded on its source since, and the target is away": {true, func(l *lists) {
			l.west, l.says, l.asked, l.away = "4.0.15", facts.CopyActive, request(time.Hour), true
			l.asked = append(l.asked, fleet.Asked{Key: "2", Model: uuid("a"), Request: facts.Request{Kind: facts.RequestRecord, Target: "west", At: time.Now().Add(-time.Minute)}})
		}, false},
		"Juju 4, JIMM has not yet answered": {true, func(l *lists) {
			l.west, l.says, l.asked = "4.0.15", facts.CopyActive, request(time.Minute)
			l.asked[0].Answered = false
		}, true},
		"Juju 4, JIMM has answered nothing for an hour": {true, func(l *lists) {
			l.west, l.says, l.asked = "4.0.15", facts.CopyActive, request(time.Hour)
			l.asked[0].Answered = false
		}, false},
		"Juju 4, at rest":          {true, func(l *lists) { l.west = "4.0.15" }, false},
		"2024, asked a moment ago": {false, func(l *lists) { l.asked = request(time.Minute) }, true},
		"2024, aborted a moment ago": {false, func(l *lists) {
			l.asked, l.info.Attempt = request(time.Minute), ended(time.Minute)
		}, false},
		"2024, runs": {false, func(l *lists) {
			l.asked, l.info.Attempt = request(time.Hour), facts.Attempt{Text: "importing", Start: time.Now()}
		}, true},
		"2024, no answer":   {false, func(l *lists) { l.asked, l.info = request(time.Hour), facts.Info{Kind: facts.InfoUnavailable} }, true},
		"2024, has arrived": {false, func(l *lists) { l.asked, l.models[0].Recorded = request(time.Hour), controllerUUID("east") }, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := &lists{models: []facts.Model{model("a", "west", 3)}, info: facts.Info{Kind: facts.InfoLive}}
			if test.live {
				l.models[0].Entry = facts.Entry{Kind: facts.InfoListed}
			}
			test.set(l)
			shared := fleet.NewLists(l, 5*time.Second)
			traffic := fleet.NewTraffic(shared, fleet.NewBook(l, 25*time.Hour, 5*time.Second), witness{lists: l}, fleet.TrafficOptions{Poll: 5 * time.Second, Probe: true})
			for range 2 {
				seen, err := traffic.Observe(t.Context(), time.Minute)
				if err != nil || (len(seen.Moving) == 1) != test.moves {
					t.Errorf("%s: moving %+v, %v", name, seen.Moving, err)
				}
			}
			if l.calls != 2 {
				t.Errorf("%s: two observations made %d lists", name, l.calls)
			}
		})
	}
}

// Models with a migration request that JIMM does not list are identified only by their UUIDs: the
// name of a removed model may later belong to another one.
func TestTrafficNamesWhatJIMMDoesNotList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lists{models: []facts.Model{model("a", "west", 3), model("b", "west", 3)}}
		for _, name := range []string{uuid("a"), "alice@example.com/b", uuid("x"), "alice@example.com/gone"} {
			l.asked = append(l.asked, fleet.Asked{Key: name, Model: name, Request: facts.Request{Kind: facts.RequestMigrate, Target: "east", At: time.Now().Add(-time.Hour), Answered: true}})
		}
		traffic := fleet.NewTraffic(fleet.NewLists(l, 5*time.Second), fleet.NewBook(l, 25*time.Hour, 5*time.Second), witness{lists: l}, fleet.TrafficOptions{Poll: 5 * time.Second, Probe: true})
		seen, err := traffic.Observe(t.Context(), time.Minute)
		if err != nil || !slices.Equal(seen.Unlisted, []string{uuid("x")}) {
			t.Errorf("not listed: %v, %v", seen.Unlisted, err)
		}
	})
}

// An observation that must be new is made again, although no time has passed since the last one: a
// cordon can have been set in the meantime.
func TestTrafficListsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lists{models: []facts.Model{model("a", "west", 3)}}
		traffic := fleet.NewTraffic(fleet.NewLists(l, 5*time.Second), fleet.NewBook(l, 25*time.Hour, 5*time.Second), witness{lists: l}, fleet.TrafficOptions{Poll: 5 * time.Second, Probe: true})
		for range 3 {
			if _, err := traffic.Observe(t.Context(), 0); err != nil {
				t.Fatal(err)
			}
		}
		if l.calls != 6 {
			t.Errorf("three observations made %d lists, want 6", l.calls)
		}
	})
}

// More than a thousand requests leave no gap.
func TestBookHasNoLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lists{}
		for i := range 5000 {
			name := uuid("a")
			if i > 0 {
				name = uuid(time.Duration(i).String())
			}
			l.asked = append(l.asked, fleet.Asked{Key: time.Duration(i).String(), Model: name, Request: facts.Request{Kind: facts.RequestMigrate, Target: "east", At: time.Now().Add(time.Duration(i-5000) * time.Second)}})
		}
		book := fleet.NewBook(l, 25*time.Hour, time.Second)
		audit, err := book.Audit(t.Context(), model("a", "west", 1))
		if err != nil || len(audit.Requests) != 1 || audit.Requests[0].Target != "east" {
			t.Errorf("the oldest of 5000 requests: %+v, %v", audit.Requests, err)
		}
	})
}

// A plan that does not fit the present JAAS starts nothing: a plan of another JAAS, of a controller
// that was bootstrapped again under its name, one that is too old, and one on a unit that is not
// the leader.
func TestApplyRefusesAPlanThatDoesNotFit(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*fleet.RunOptions, *bool)
		want   string
	}{
		"another JAAS":    {func(o *fleet.RunOptions, _ *bool) { o.JAAS = uuid("other") }, "it was made for another JAAS"},
		"re-bootstrapped": {func(o *fleet.RunOptions, _ *bool) { o.Plan.Controllers[0].UUID = facts.ControllerUUID(uuid("new")) }, `"east" is not the controller of the plan`},
		"gone":            {func(o *fleet.RunOptions, _ *bool) { o.Plan.Controllers[0].Name = "south" }, `"south" is not the controller of the plan`},
		"eight days old":  {func(o *fleet.RunOptions, _ *bool) { o.Plan.Made = time.Now().Add(-8 * 24 * time.Hour) }, "more than 7 days ago by JIMM's clock; plan again"},
		"of tomorrow":     {func(o *fleet.RunOptions, _ *bool) { o.Plan.Made = time.Now().Add(24 * time.Hour) }, "in the future by JIMM's clock"},
		"not the leader":  {func(_ *fleet.RunOptions, leads *bool) { *leads = false }, "this unit is not the leader"},
		"an upgrade":      {func(o *fleet.RunOptions, _ *bool) { o.Plan.Goal = fleet.Upgrade }, "its goal is upgrade"},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := &lists{models: []facts.Model{model("a", "west", 3)}}
			s := jaas(l.models...)
			s.Now = time.Now()
			plan, err := fleet.Make(s, fleet.Policy{Goal: fleet.Drain, From: "west", Targets: to("east")})
			if err != nil {
				t.Fatal(err)
			}
			leads, o := true, fleet.RunOptions{Plan: plan, JAAS: plan.JAAS}
			test.change(&o, &leads)
			book := fleet.NewBook(l, 25*time.Hour, 5*time.Second)
			// There is neither a view nor a writer: a call that needs one is a mistake.
			done, err := fleet.Apply(t.Context(), fleet.Means{
				Traffic: fleet.NewTraffic(fleet.NewLists(l, 5*time.Second), book, witness{lists: l}, fleet.TrafficOptions{Poll: 5 * time.Second, Probe: true}), Book: book,
				Leader: func(context.Context) (bool, error) { return leads, nil },
			}, o)
			if _, refused := errors.AsType[*fleet.RefusedError](err); !refused || !strings.Contains(err.Error(), test.want) || done.Outcome != fleet.RunRefused || done.Starts != 0 {
				t.Errorf("%s: %v, %s", name, err, done.Outcome)
			}
		})
	}
}
