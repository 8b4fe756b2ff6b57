package facts_test

import (
	"slices"
	"testing"
	"time"

	"jimm-migrator/src/migration/facts"
)

func TestAuditTarget(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	at := func(ago time.Duration, kind facts.RequestKind, target string) facts.Request {
		return facts.Request{Kind: kind, Target: target, At: now.Add(-ago)}
	}
	const move, record = facts.RequestMigrate, facts.RequestRecord
	running := facts.Attempt{Text: "starting", Start: now.Add(-time.Hour)}
	for _, c := range []struct {
		name     string
		requests []facts.Request
		of       facts.Attempt
		want     string
		certain  bool
	}{
		{"nothing asked", nil, running, "", false},
		{"asked just before", []facts.Request{at(61*time.Minute, move, "east")}, running, "east", true},
		{"asked for twice", []facts.Request{at(70*time.Minute, move, "east"), at(61*time.Minute, move, "east")}, running, "east", true},
		{"asked for elsewhere too", []facts.Request{at(70*time.Minute, move, "north"), at(61*time.Minute, move, "east")}, running, "east", false},
		{"asked for elsewhere in between", []facts.Request{at(70*time.Minute, move, "east"), at(65*time.Minute, move, "north"), at(61*time.Minute, move, "east")}, running, "east", false},
		{"asked long before", []facts.Request{at(80*time.Minute, move, "east")}, running, "", false},
		{"asked after it began", []facts.Request{at(50*time.Minute, move, "east")}, running, "", false},
		{"clocks differ a little", []facts.Request{at(59*time.Minute, move, "east")}, running, "east", true},
		{"moved to the source before", []facts.Request{at(70*time.Minute, move, "west"), at(61*time.Minute, move, "east")}, running, "east", true},
		{"recorded elsewhere since", []facts.Request{at(70*time.Minute, move, "east"), at(65*time.Minute, record, "north")}, running, "", false},
		{"recorded there since", []facts.Request{at(70*time.Minute, move, "east"), at(65*time.Minute, record, "east")}, running, "east", true},
		{"no start: asked lately", []facts.Request{at(5*time.Hour, move, "east")}, facts.Attempt{}, "east", true},
		{"no start: asked long ago", []facts.Request{at(25*time.Hour, move, "east")}, facts.Attempt{}, "", false},
		{"no start: put back on record", []facts.Request{at(5*time.Hour, move, "east"), at(time.Hour, record, "west")}, facts.Attempt{}, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, certain := facts.Audit{Now: now, Requests: c.requests}.Target(c.of, "west")
			if certain != c.certain || certain && got != c.want {
				t.Errorf("%q, %v; want %q, %v", got, certain, c.want, c.certain)
			}
		})
	}
	noClock := facts.Audit{Requests: []facts.Request{{Kind: move, Target: "east"}}}
	if _, certain := noClock.Target(facts.Attempt{}, "west"); certain {
		t.Error("certain without a clock")
	}
}

func TestAuditPending(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	const limit = 3 * time.Minute
	request := func(ago time.Duration, target string, answered bool) facts.Request {
		return facts.Request{Kind: facts.RequestMigrate, Target: target, At: now.Add(-ago), Answered: answered}
	}
	ended := facts.Attempt{Text: "aborted, x", Start: now.Add(-time.Minute), End: now}
	for _, c := range []struct {
		name     string
		requests []facts.Request
		shown    facts.Attempt
		want     time.Duration
	}{
		{"nothing asked", nil, ended, 0},
		{"asked a minute ago", []facts.Request{request(time.Minute, "east", true)}, facts.Attempt{}, 2 * time.Minute},
		{"asked long ago", []facts.Request{request(time.Hour, "east", true)}, facts.Attempt{}, 0},
		{"JIMM's clock runs backwards", []facts.Request{request(-time.Minute, "east", true)}, facts.Attempt{}, limit},
		{"explained by the reported attempt", []facts.Request{request(61*time.Second, "east", true)}, ended, 0},
		{"not answered, and perhaps still to come", []facts.Request{request(61*time.Second, "east", false)}, ended, limit - 61*time.Second},
		{"the reported attempt is older", []facts.Request{request(time.Second, "east", true)}, facts.Attempt{Text: "aborted, x", Start: now.Add(-10 * time.Minute), End: now}, limit - time.Second},
		{"to where the model is", []facts.Request{request(time.Minute, "west", true)}, facts.Attempt{}, 0},
		{"recorded since", []facts.Request{request(time.Minute, "east", true), {Kind: facts.RequestRecord, Target: "east", At: now}}, facts.Attempt{}, 0},
		{"asked again after a record", []facts.Request{{Kind: facts.RequestRecord, Target: "west", At: now.Add(-2 * time.Minute)}, request(time.Minute, "east", true)}, facts.Attempt{}, 2 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			audit := facts.Audit{Now: now, Requests: c.requests}
			if got := audit.TimeToAppear(c.shown, "west", limit); max(got, 0) != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestAuditNamesAllTargetsOfAMigration(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	ask := func(ago time.Duration, target string) facts.Request {
		return facts.Request{Kind: facts.RequestMigrate, Target: target, At: now.Add(-ago), Answered: true}
	}
	audit := facts.Audit{Now: now, Requests: []facts.Request{ask(time.Hour, "old"), ask(10*time.Minute, "north"), ask(6*time.Minute, "west"), ask(5*time.Minute, "north"), ask(5*time.Minute, "east"), ask(0, "south")}}
	of := facts.Attempt{Text: "removing exported model failed: no rights", Start: now.Add(-4 * time.Minute)}
	if got := audit.Targets(of, "east"); !slices.Equal(got, []string{"north", "west"}) {
		t.Errorf("%v", got)
	}
	if name, certain := audit.Target(of, "east"); certain {
		t.Errorf("of several requests %q is certain", name)
	}
}

func TestAuditOfOthers(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	entry := func(kind facts.RequestKind, target string, ago time.Duration, own bool) facts.Request {
		return facts.Request{Kind: kind, Target: target, At: now.Add(-ago), Own: own}
	}
	const move, record = facts.RequestMigrate, facts.RequestRecord
	for _, c := range []struct {
		name     string
		requests []facts.Request
		to       string
		byHand   bool
	}{
		{"nothing", nil, "", false},
		{"asked to move away", []facts.Request{entry(move, "east", time.Hour, true)}, "e", false},
		{"asked to move away long ago", []facts.Request{entry(move, "east", 2500*time.Hour, true)}, "e", false},
		{"asked twice", []facts.Request{entry(move, "east", 2*time.Hour, true), entry(move, "east", time.Hour, true)}, "e", false},
		{"asked to move to either", []facts.Request{entry(move, "east", 2*time.Hour, true), entry(move, "north", time.Hour, true)}, "en", false},
		{"asked to move to no controller of JIMM", []facts.Request{entry(move, "eats", time.Hour, true)}, "", false},
		{"asked to move here since", []facts.Request{entry(move, "east", 2*time.Hour, true), entry(move, "west", time.Hour, true)}, "", false},
		{"recorded here since", []facts.Request{entry(move, "east", 2*time.Hour, true), entry(record, "west", time.Hour, true)}, "", false},
		// JIMM still records this one: it may have refused to record the other, which did not answer.
		{"asked to be recorded there since", []facts.Request{entry(move, "east", 2*time.Hour, true), entry(record, "east", time.Hour, true)}, "e", false},
		{"asked again since it was recorded", []facts.Request{entry(record, "west", 2*time.Hour, true), entry(move, "east", time.Hour, true)}, "e", false},
		{"recorded by another client", []facts.Request{entry(record, "east", time.Hour, false)}, "e", true},
		{"recorded by another client, before", []facts.Request{entry(record, "east", 5*time.Hour, false)}, "e", false},
		{"another controller recorded by another client", []facts.Request{entry(record, "north", time.Hour, false)}, "n", false},
		{"requested by another client", []facts.Request{entry(move, "east", time.Hour, false)}, "e", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			log := facts.Audit{Now: now, Requests: c.requests}
			west, list := facts.Controller{Name: "west", UUID: "w"}, facts.Controllers{{Name: "east", UUID: "e"}, {Name: "north", UUID: "n"}, {Name: "west", UUID: "w"}}
			var want []facts.ControllerUUID
			for _, uuid := range c.to {
				want = append(want, facts.ControllerUUID(uuid))
			}
			if got := log.Destinations(west, list); !slices.Equal(got, want) {
				t.Errorf("destinations %v", got)
			}
			if got := log.RecordedByHand("east", now.Add(-4*time.Hour)); got != c.byHand {
				t.Errorf("recorded by hand %v", got)
			}
		})
	}
	log := facts.Audit{Now: now, Requests: []facts.Request{entry(move, "a", 3*time.Hour, true), entry(move, "b", time.Hour, false), entry(move, "c", time.Hour, true)}}
	if rest := log.Without(now.Add(-2 * time.Hour)); len(rest.Requests) != 2 || rest.Requests[0].Target != "a" || rest.Requests[1].Target != "b" {
		t.Errorf("without our own requests since: %v", rest.Requests)
	}
}

func TestWhoHasBeenRecordedLately(t *testing.T) {
	now := time.Unix(10_000, 0)
	log := facts.Audit{Now: now, Requests: []facts.Request{
		{Kind: facts.RequestRecord, Target: "east", At: now.Add(-2 * time.Hour)},
		{Kind: facts.RequestMigrate, Target: "east", At: now.Add(-time.Minute)},
		{Kind: facts.RequestRecord, Target: "north", At: now.Add(-time.Minute), Own: true},
	}}
	for _, c := range []struct {
		target string
		since  time.Duration
		want   bool
	}{{"east", 3 * time.Hour, true}, {"east", time.Hour, false}, {"north", time.Hour, true}, {"west", 3 * time.Hour, false}} {
		if got := log.Recorded(c.target, now.Add(-c.since)); got != c.want {
			t.Errorf("%s within %v: %v", c.target, c.since, got)
		}
	}
}
