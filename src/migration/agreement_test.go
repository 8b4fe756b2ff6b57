package migration_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// still is a JAAS that does not change until JIMM is asked to record another controller: each part
// of it gives the same answer every time.
type still struct {
	*fake
	info                  facts.Info
	entry                 facts.Entry
	source, target, third facts.Copy
	host                  facts.Host
	recorded              bool // JIMM was asked to record east.
	silent                bool // West is of Juju 4, and shows no migrations.
}

func (s *still) Controllers(ctx context.Context) ([]facts.Controller, error) {
	list, err := s.fake.Controllers(ctx)
	list = slices.Clone(list)
	for i := range list {
		if s.silent && list[i].UUID == west().UUID {
			list[i].AgentVersion = "4.0.15"
		}
	}
	return list, err
}

func (s *still) Models(context.Context) (facts.ModelList, error) {
	m := s.model
	m.Recorded, m.Entry = west().UUID, s.entry
	return facts.ModelList{Models: []facts.Model{m}}, nil
}

func (s *still) RecordController(context.Context, judge.Proof) error {
	s.recorded = true
	return nil
}

func (s *still) Record(context.Context, string) facts.Record {
	if s.recorded {
		return facts.Record{State: facts.RecordAt, Controller: east().UUID}
	}
	return facts.Record{State: facts.RecordAt, Controller: west().UUID}
}

func (s *still) Info(context.Context, string) facts.Info { return s.info }

func (s *still) Summary(context.Context, string) facts.Entry { return s.entry }

func (s *still) Host(context.Context, string, facts.ControllerUUID) facts.Host { return s.host }

func (s *still) Copy(_ context.Context, c facts.Controller, _ string) facts.Copy {
	switch c.UUID {
	case west().UUID:
		return s.source
	case east().UUID:
		return s.target
	default:
		return s.third
	}
}

// described are the attempts that a controller shows while it describes the model.
func described(start time.Time) []facts.Info {
	attempt := func(status, text string, ended bool) facts.Info {
		a := facts.Attempt{Text: redact.Raw(text), Start: start}
		if ended {
			a.End = start.Add(time.Minute)
		}
		return facts.Info{Kind: facts.InfoLive, Controller: west().UUID, Status: status, Attempt: a}
	}
	importing := facts.Info{Kind: facts.InfoLive, Controller: west().UUID, Status: "busy", StatusText: "importing"}
	return []facts.Info{
		{Kind: facts.InfoLive, Controller: west().UUID, Status: "available"},
		importing,
		attempt("busy", "exporting model", false),
		attempt("busy", "successful, transferring logs to target controller (10 sent)", false),
		attempt("busy", "aborted, removing model from target controller: x", false),
		attempt("available", "aborted, removing model from target controller: x", true),
		attempt("busy", "removing exported model failed: x", true),
		attempt("available", "successful, removing model from source controller", true),
	}
}

// answers are the possible answers of JIMM about the model.
func answers(start time.Time) []facts.Info {
	out := described(start)
	for _, kind := range []facts.InfoKind{
		facts.InfoRedirected, facts.InfoDenied, facts.InfoBroken, facts.InfoRefused, facts.InfoUnlisted, facts.InfoUnavailable,
	} {
		out = append(out, facts.Info{Kind: kind, Err: errors.New(kind.String())})
	}
	return out
}

// copiesSaid are the possible answers of a controller about its own copy.
func copiesSaid(to facts.ControllerUUID) []facts.Copy {
	return []facts.Copy{
		{Err: errDeaf},
		{State: facts.CopyAbsent},
		{State: facts.CopyPresent},
		{State: facts.CopyMoved},
		{State: facts.CopyMoved, To: to},
		{State: facts.CopyImporting},
		{State: facts.CopyActive},
		{State: facts.CopyExporting},
	}
}

// stills calls back with every observation.
func stills(silent bool, do func(name string, s *still)) {
	start := time.Now().Add(-10 * time.Minute)
	for _, completes := range []bool{false, true} {
		for _, info := range answers(start) {
			if silent && (info.Attempt.Exists() || !completes) {
				continue // Older JIMM does not speak to Juju 4.
			}
			for _, source := range copiesSaid(east().UUID) {
				for _, target := range copiesSaid(north().UUID) {
					for _, third := range []facts.Copy{{State: facts.CopyAbsent}, {State: facts.CopyActive}} {
						s := &still{fake: newFake(completes), info: info, source: source, target: target, third: third, silent: silent}
						s.requests = []facts.Request{{Kind: facts.RequestMigrate, Target: "east", At: start, Answered: true}}
						s.host = facts.Host{Kind: facts.HostUnavailable, Err: errDeaf}
						if completes {
							s.entry = entryOf(info, info.Controller)
						}
						name := fmt.Sprintf("silent %t, 2026 %t, %s %s %q, source %s %.2s, target %s, third %s",
							silent, completes, info.Kind, info.Status, info.Attempt.Text, source.State, source.To, target.State, third.State)
						do(name, s)
					}
				}
			}
		}
	}
}

// said is what the actions report about one observation.
type said struct {
	location locate.Location
	check    migration.Result
	moving   migration.Movement
	record   migration.Result
}

func (s *still) ask(t *testing.T) (out said) {
	t.Helper()
	jaas := survey.JAAS{Fleet: s, Witness: s, Auditor: s, Traits: facts.Traits{AutoRecords: s.completes, CLI: "jimmctl"}}
	ctx := t.Context()
	found, err := locate.Locate(ctx, jaas, locate.Options{Model: modelUUID, Probe: true})
	if err != nil {
		t.Fatal(err)
	}
	out.location = found.Locations[0]
	opts := migration.Options{Options: survey.Options{Model: modelUUID, Target: "east", Probe: true}}
	if out.check, err = migration.Check(ctx, jaas, opts); err != nil {
		t.Fatal(err)
	}
	if out.moving, err = migration.Moving(ctx, jaas, opts); err != nil {
		t.Fatal(err)
	}
	out.record, err = migration.RecordModel(ctx, jaas, s, modelUUID, migration.Options{Options: survey.Options{Model: modelUUID, Target: "east", Probe: true}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// contradictions are the pairs of statements that cannot both be true.
func (a said) contradictions() (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	where, how := a.location.State, a.moving.State
	holders := map[string]string{}
	for who, c := range map[string]facts.Controller{"locate-model": a.location.Holder, "check-migration": a.check.Holder} {
		if c.Known() {
			holders[c.Name] = who
		}
	}
	if len(holders) > 1 {
		say("locate-model says %q has it, check-migration %q", a.location.Holder.Name, a.check.Holder.Name)
	}
	runs := how == migration.MovementRunning || how == migration.MovementSucceeded || how == migration.MovementAborting
	switch where {
	case locate.StateActive:
		if runs || how == migration.MovementLeft {
			say("locate-model active, migration-status %s", how)
		}
		if a.check.Plan == migration.PlanRecord || a.check.Plan == migration.PlanFollow {
			say("locate-model active, plan %s", a.check.Plan)
		}
	case locate.StateMoved:
		if runs || how == migration.MovementNone {
			say("locate-model moved, migration-status %s", how)
		}
		if !slices.Contains([]migration.Plan{migration.PlanNone, migration.PlanRecord}, a.check.Plan) {
			say("locate-model moved, plan %s", a.check.Plan)
		}
	case locate.StateMigrating:
		// Where JIMM records a controller that denies the model, status reports that it
		// has left that controller.
		if !runs && (how != migration.MovementLeft || !a.location.Drift) {
			say("locate-model migrating, migration-status %s", how)
		}
		if !slices.Contains([]migration.Plan{migration.PlanNone, migration.PlanFollow}, a.check.Plan) {
			say("locate-model migrating, plan %s", a.check.Plan)
		}
	case locate.StateAbsent, locate.StateConflict:
		if a.check.Plan != migration.PlanNone && a.check.Plan != migration.PlanRecord || where == locate.StateConflict && a.check.Plan != migration.PlanNone {
			say("locate-model %s, plan %s", where, a.check.Plan)
		}
	default:
	}
	// If JIMM's list does not show which controller made its entry, only a check asks for more.
	conflict := a.check.Outcome == facts.Conflict
	if where == locate.StateConflict && !conflict || conflict && where != locate.StateConflict && where != locate.StateUnknown {
		say("locate-model %s, check-migration %s", where, a.check.Outcome)
	}
	if runs != a.check.Running {
		say("migration-status %s, check-migration running %t", how, a.check.Running)
	}
	switch a.record.Cause {
	case facts.CauseRecordCorrect:
		if where != locate.StateActive && where != locate.StateUnknown || runs {
			say("record-model says the record is right, locate-model %s, migration-status %s", where, how)
		}
	default:
		recorded := a.record.Outcome == facts.Recorded || a.record.Outcome == facts.NeedsAttention
		if recorded && (where == locate.StateActive || where == locate.StateConflict || where == locate.StateAbsent) {
			say("locate-model %s, record-model %s", where, a.record.Outcome)
		}
		if recorded && a.location.Holder.Known() && a.location.Holder.Name != a.record.Target.Name {
			say("locate-model %s on %q, record-model records %q", where, a.location.Holder.Name, a.record.Target.Name)
		}
		if recorded && runs && !a.moving.Phase.PastReturn() {
			say("migration-status %s, record-model %s", how, a.record.Outcome)
		}
	}
	return wrong
}

// locate-model, check-migration, migration-status and record-model read the same
// observation, and do not contradict each other.
func TestActionsAgreeOnWhatWasSeen(t *testing.T) {
	kinds := map[string]int{}
	example := map[string]string{}
	synctest.Test(t, func(t *testing.T) {
		for _, silent := range []bool{false, true} {
			stills(silent, func(name string, s *still) {
				for _, wrong := range s.ask(t).contradictions() {
					kinds[wrong]++
					example[wrong] += "\n    " + name
				}
			})
		}
	})
	for wrong, n := range kinds {
		t.Errorf("%d: %s:%.4000s", n, wrong, example[wrong])
	}
}

// An idle source that runs Juju 4 has aborted a migration, or has completed it and could not remove its copy. As long as
// the target does not answer, no action says that the model is there, however its copies are combined with other answers.
// Where no migration was requested, or the target has answered, they say it.
func TestAnIdleCopyOnJuju4ProvesNothingWhileTheTargetIsAway(t *testing.T) {
	claims, answered, stays := 0, 0, 0
	synctest.Test(t, func(t *testing.T) {
		stills(true, func(name string, s *still) {
			if s.source.State != facts.CopyActive || s.third.State != facts.CopyAbsent || s.info.Importing() || s.info.Kind == facts.InfoRedirected {
				return
			}
			said := s.claimed(t)
			switch s.target.State {
			case facts.CopyUnknown:
				for _, claim := range said {
					t.Errorf("%s: %s", name, claim)
				}
				claims++
				s.requests = nil
				if said := s.claimed(t); s.info.Kind == facts.InfoLive && len(said) < 4 {
					t.Errorf("%s, and not requested: only %q", name, said)
				}
				stays++
			case facts.CopyAbsent:
				if s.info.Kind == facts.InfoLive && len(said) < 4 {
					t.Errorf("%s: only %q", name, said)
				}
				answered++
			default:
			}
		})
	})
	if claims == 0 || answered == 0 || stays == 0 {
		t.Errorf("%d, %d and %d observations", claims, answered, stays)
	}
}

// claimed returns which actions say that the model is on west, and does not move.
func (s *still) claimed(t *testing.T) (claims []string) {
	t.Helper()
	jaas := survey.JAAS{Fleet: s, Witness: s, Auditor: s, Traits: facts.Traits{AutoRecords: s.completes, CLI: "jimmctl"}}
	at := func(model, target string) migration.Options {
		return migration.Options{Options: survey.Options{Model: model, Target: target, Probe: true}}
	}
	for _, selector := range []string{modelUUID, "*"} {
		found, err := locate.Locate(t.Context(), jaas, locate.Options{Model: selector, Probe: true})
		if err != nil {
			t.Fatal(err)
		}
		if l := found.Locations[0]; l.State == locate.StateActive || l.Holder.Known() {
			claims = append(claims, fmt.Sprintf("locate-model %s: %s on %q: %s", selector, l.State, l.Holder, l.Proof))
		}
	}
	for _, target := range []string{"east", "west"} {
		check, err := migration.Check(t.Context(), jaas, at(modelUUID, target))
		if err != nil {
			t.Fatal(err)
		}
		if check.Holder.Known() || check.Outcome == facts.AlreadyThere {
			claims = append(claims, fmt.Sprintf("check-migration to %s: %s on %q", target, check.Outcome, check.Holder))
		}
		record, err := migration.RecordModel(t.Context(), jaas, s, "", at(modelUUID, target))
		if err != nil {
			t.Fatal(err)
		}
		if record.Holder.Known() || record.Outcome == facts.AlreadyThere || record.Cause == facts.CauseRecordCorrect || s.recorded {
			claims = append(claims, fmt.Sprintf("record-model on %s: %s (%s) on %q", target, record.Outcome, record.Cause, record.Holder))
		}
	}
	moving, err := migration.Moving(t.Context(), jaas, at(modelUUID, ""))
	if err != nil {
		t.Fatal(err)
	}
	if moving.State == migration.MovementNone || moving.State == migration.MovementEnded {
		claims = append(claims, "migration-status: "+string(moving.State))
	}
	all, err := migration.AllMoving(t.Context(), jaas, at("", ""), func(facts.Model) (facts.Audit, bool) {
		return facts.Audit{Now: time.Now(), Requests: s.requests}, len(s.requests) > 0
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all.Movements) == 0 && len(s.requests) > 0 {
		claims = append(claims, "migration-status of all: none")
	}
	diagnosis, err := migration.Diagnose(t.Context(), jaas, at(modelUUID, ""))
	if err != nil {
		t.Fatal(err)
	}
	if diagnosis.Placement == judge.Hosted {
		claims = append(claims, "collect-diagnostics: hosted")
	}
	return claims
}
