package migration_test

import (
	"testing"
	"time"

	"jimm-migrator/src/migration"
)

func TestAuditTarget(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	at := func(ago time.Duration, kind migration.RequestKind, target string) migration.Request {
		return migration.Request{Kind: kind, Target: target, At: now.Add(-ago)}
	}
	const move, record = migration.RequestMigrate, migration.RequestRecord
	running := migration.Attempt{Text: "starting", Start: now.Add(-time.Hour)}
	for _, c := range []struct {
		name     string
		requests []migration.Request
		of       migration.Attempt
		want     string
		certain  bool
	}{
		{"nothing asked", nil, running, "", false},
		{"asked just before", []migration.Request{at(61*time.Minute, move, "east")}, running, "east", true},
		{"asked for twice", []migration.Request{at(70*time.Minute, move, "east"), at(61*time.Minute, move, "east")}, running, "east", true},
		{"asked for elsewhere too", []migration.Request{at(70*time.Minute, move, "north"), at(61*time.Minute, move, "east")}, running, "east", false},
		{"asked for elsewhere in between", []migration.Request{at(70*time.Minute, move, "east"), at(65*time.Minute, move, "north"), at(61*time.Minute, move, "east")}, running, "east", false},
		{"asked long before", []migration.Request{at(80*time.Minute, move, "east")}, running, "", false},
		{"asked after it began", []migration.Request{at(50*time.Minute, move, "east")}, running, "", false},
		{"clocks differ a little", []migration.Request{at(59*time.Minute, move, "east")}, running, "east", true},
		{"moved to the source before", []migration.Request{at(70*time.Minute, move, "west"), at(61*time.Minute, move, "east")}, running, "east", true},
		{"recorded elsewhere since", []migration.Request{at(70*time.Minute, move, "east"), at(65*time.Minute, record, "north")}, running, "", false},
		{"recorded there since", []migration.Request{at(70*time.Minute, move, "east"), at(65*time.Minute, record, "east")}, running, "east", true},
		{"no start: asked lately", []migration.Request{at(5*time.Hour, move, "east")}, migration.Attempt{}, "east", true},
		{"no start: asked long ago", []migration.Request{at(25*time.Hour, move, "east")}, migration.Attempt{}, "", false},
		{"no start: put back on record", []migration.Request{at(5*time.Hour, move, "east"), at(time.Hour, record, "west")}, migration.Attempt{}, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, certain := migration.AuditTarget(migration.Audit{Now: now, Requests: c.requests}, c.of, "west")
			if certain != c.certain || certain && got != c.want {
				t.Errorf("%q, %v; want %q, %v", got, certain, c.want, c.certain)
			}
		})
	}
	if _, certain := migration.AuditTarget(migration.Audit{Requests: []migration.Request{{Kind: move, Target: "east"}}}, migration.Attempt{}, "west"); certain {
		t.Error("certain without a clock")
	}
}

func TestAuditPending(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	const limit = 3 * time.Minute
	request := func(ago time.Duration, target string, answered bool) migration.Request {
		return migration.Request{Kind: migration.RequestMigrate, Target: target, At: now.Add(-ago), Answered: answered}
	}
	ended := migration.Attempt{Text: "aborted, x", Start: now.Add(-time.Minute), End: now}
	for _, c := range []struct {
		name     string
		requests []migration.Request
		shown    migration.Attempt
		want     time.Duration
	}{
		{"nothing asked", nil, ended, 0},
		{"asked a minute ago", []migration.Request{request(time.Minute, "east", true)}, migration.Attempt{}, 2 * time.Minute},
		{"asked long ago", []migration.Request{request(time.Hour, "east", true)}, migration.Attempt{}, 0},
		{"JIMM's clock runs backwards", []migration.Request{request(-time.Minute, "east", true)}, migration.Attempt{}, limit},
		{"explained by the attempt on show", []migration.Request{request(61*time.Second, "east", true)}, ended, 0},
		{"not answered, and perhaps still to come", []migration.Request{request(61*time.Second, "east", false)}, ended, limit - 61*time.Second},
		{"the attempt on show is older", []migration.Request{request(time.Second, "east", true)}, migration.Attempt{Text: "aborted, x", Start: now.Add(-10 * time.Minute), End: now}, limit - time.Second},
		{"to where the model is", []migration.Request{request(time.Minute, "west", true)}, migration.Attempt{}, 0},
		{"recorded since", []migration.Request{request(time.Minute, "east", true), {Kind: migration.RequestRecord, Target: "east", At: now}}, migration.Attempt{}, 0},
		{"asked again after a record", []migration.Request{{Kind: migration.RequestRecord, Target: "west", At: now.Add(-2 * time.Minute)}, request(time.Minute, "east", true)}, migration.Attempt{}, 2 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := migration.AuditPending(migration.Audit{Now: now, Requests: c.requests}, c.shown, "west", limit); max(got, 0) != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestAuditOfOthers(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	entry := func(kind migration.RequestKind, target string, ago time.Duration, own bool) migration.Request {
		return migration.Request{Kind: kind, Target: target, At: now.Add(-ago), Own: own}
	}
	const move, record = migration.RequestMigrate, migration.RequestRecord
	for _, c := range []struct {
		name                string
		requests            []migration.Request
		unfulfilled, byHand bool
	}{
		{"nothing", nil, false, false},
		{"asked to move away", []migration.Request{entry(move, "east", time.Hour, true)}, true, false},
		{"asked to move away long ago", []migration.Request{entry(move, "east", 25*time.Hour, true)}, false, false},
		{"asked to move here since", []migration.Request{entry(move, "east", 2*time.Hour, true), entry(move, "west", time.Hour, true)}, false, false},
		{"recorded since", []migration.Request{entry(move, "east", 2*time.Hour, true), entry(record, "east", time.Hour, true)}, false, false},
		{"asked again since it was recorded", []migration.Request{entry(record, "west", 2*time.Hour, true), entry(move, "east", time.Hour, true)}, true, false},
		{"recorded by somebody else", []migration.Request{entry(record, "east", time.Hour, false)}, false, true},
		{"recorded by somebody else, before", []migration.Request{entry(record, "east", 5*time.Hour, false)}, false, false},
		{"another controller recorded by somebody else", []migration.Request{entry(record, "north", time.Hour, false)}, false, false},
		{"asked for by somebody else", []migration.Request{entry(move, "east", time.Hour, false)}, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			log := migration.Audit{Now: now, Requests: c.requests}
			if got := migration.AuditUnfulfilled(log, "west"); got != c.unfulfilled {
				t.Errorf("unfulfilled %v", got)
			}
			if got := migration.AuditRecordedByHand(log, "east", now.Add(-4*time.Hour)); got != c.byHand {
				t.Errorf("recorded by hand %v", got)
			}
		})
	}
	log := migration.Audit{Now: now, Requests: []migration.Request{entry(move, "a", 3*time.Hour, true), entry(move, "b", time.Hour, false), entry(move, "c", time.Hour, true)}}
	if rest := migration.AuditWithout(log, now.Add(-2*time.Hour)); len(rest.Requests) != 2 || rest.Requests[0].Target != "a" || rest.Requests[1].Target != "b" {
		t.Errorf("without our own requests since: %v", rest.Requests)
	}
}
