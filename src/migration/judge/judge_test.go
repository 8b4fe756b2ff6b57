package judge_test

import (
	"testing"
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/redact"
)

func west() facts.Controller  { return controller("west", "3.6.14") }
func east() facts.Controller  { return controller("east", "3.6.14") }
func north() facts.Controller { return controller("north", "3.6.14") }

func base() judge.Baseline {
	return judge.Baseline{Model: facts.Model{UUID: model}, Source: west(), Target: east(), TargetProved: true}
}

// live is the source's answer with a migration.
func live(text string, ended bool) facts.Info {
	a := facts.Attempt{Text: redact.Raw(text), Start: time.Unix(100, 0)}
	if ended {
		a.End = time.Unix(200, 0)
	}
	return facts.Info{Kind: facts.InfoLive, Controller: west().UUID, Status: "busy", Attempt: a}
}

func onTarget(status, text string) facts.Info {
	return facts.Info{Kind: facts.InfoLive, Controller: east().UUID, Status: status, StatusText: redact.Raw(text)}
}

func answered(kind facts.InfoKind) facts.Info { return facts.Info{Kind: kind} }

func copies(source, target facts.CopyState) map[facts.ControllerUUID]facts.Copy {
	s := facts.Copy{State: source}
	if source == facts.CopyMoved {
		s.To = east().UUID
	}
	return map[facts.ControllerUUID]facts.Copy{west().UUID: s, east().UUID: {State: target}}
}

func at(c facts.Controller) facts.Record {
	return facts.Record{State: facts.RecordAt, Controller: c.UUID}
}

// observed returns one observation.
func observed(i facts.Info, r facts.Record, c map[facts.ControllerUUID]facts.Copy) facts.Observation {
	return facts.Observation{Info: i, Record: r, Copies: c}
}

func TestJudge(t *testing.T) {
	const (
		success   = "successful, transferring logs to target controller (1 sent)"
		importing = "importing model into target controller"
		aborted   = "aborted, removing model from target controller: no room"
		reap      = "removing exported model failed: no rights"
	)
	unproved := base()
	unproved.TargetProved = false
	old := base()
	old.Old = live(aborted, true).Attempt
	completes := base()
	completes.AutoRecords = true
	byHand := completes
	byHand.RecordedBy = judge.ByHand
	denied := observed(answered(facts.InfoDenied), at(west()), nil)
	seenSuccess := observed(live(success, false), at(west()), nil)

	for _, c := range []struct {
		name         string
		base         judge.Baseline
		observations []facts.Observation
		want         judge.Kind
		proof        bool
	}{
		{"nothing known", base(), []facts.Observation{{}}, judge.NoAnswer, false},
		{"no migration", base(), []facts.Observation{observed(facts.Info{Kind: facts.InfoLive, Controller: west().UUID}, at(west()), nil)}, judge.Waiting, false},
		{"an old abort is history", old, []facts.Observation{observed(live(aborted, true), at(west()), nil)}, judge.Waiting, false},
		{"runs", base(), []facts.Observation{observed(live(importing, false), at(west()), nil)}, judge.Running, false},
		{"runs though the source redirects", base(), []facts.Observation{observed(live(importing, false), at(west()), copies(facts.CopyMoved, facts.CopyPresent))}, judge.Running, false},
		{"unknown text runs", base(), []facts.Observation{observed(live("doing new things", false), at(west()), nil)}, judge.Running, false},
		{"aborting", base(), []facts.Observation{observed(live(aborted, false), at(west()), nil)}, judge.Aborting, false},
		{"aborted", base(), []facts.Observation{observed(live(aborted, true), at(west()), nil)}, judge.Aborted, false},
		{"unknown end", base(), []facts.Observation{observed(live("over", true), at(west()), nil)}, judge.Ended, false},
		{"reap failed", base(), []facts.Observation{observed(live(reap, true), at(west()), nil)}, judge.ReapFailed, true},
		{"reap failed, target unknown", unproved, []facts.Observation{observed(live(reap, true), at(west()), nil)}, judge.ReapFailed, false},
		{"reap failed, target denies", base(), []facts.Observation{observed(live(reap, true), at(west()), copies(facts.CopyPresent, facts.CopyAbsent))}, judge.ReapFailed, false},
		{"redirect through JIMM", base(), []facts.Observation{observed(answered(facts.InfoRedirected), at(west()), nil)}, judge.Moved, true},
		{"redirect through JIMM, target unknown", unproved, []facts.Observation{observed(answered(facts.InfoRedirected), at(west()), nil)}, judge.SourceReleased, false},
		{"the source names the target", unproved, []facts.Observation{observed(answered(facts.InfoDenied), at(west()), copies(facts.CopyMoved, facts.CopyPresent))}, judge.Moved, true},
		{"the source names another", base(), []facts.Observation{observed(answered(facts.InfoDenied), at(west()), map[facts.ControllerUUID]facts.Copy{west().UUID: {State: facts.CopyMoved, To: north().UUID}})}, judge.Elsewhere, false},
		{"the source names the target, which denies", base(), []facts.Observation{observed(answered(facts.InfoDenied), at(west()), copies(facts.CopyMoved, facts.CopyAbsent))}, judge.SourceReleased, false},
		{"denied once after success", base(), []facts.Observation{seenSuccess, denied}, judge.SourceReleased, false},
		{"denied twice after success", base(), []facts.Observation{seenSuccess, denied, denied}, judge.Moved, true},
		{"a gap does not reset denials", base(), []facts.Observation{seenSuccess, denied, {}, denied}, judge.Moved, true},
		{"an answer between resets denials", base(), []facts.Observation{seenSuccess, denied, seenSuccess, denied}, judge.SourceReleased, false},
		{"denied twice without success", base(), []facts.Observation{observed(live(importing, false), at(west()), nil), denied, denied, denied}, judge.SourceReleased, false},
		{"denied without success, source has it", base(), []facts.Observation{observed(answered(facts.InfoDenied), at(west()), copies(facts.CopyPresent, facts.CopyPresent))}, judge.Running, false},
		{"denied without success, target proved active", base(), []facts.Observation{observed(answered(facts.InfoDenied), at(west()), copies(facts.CopyAbsent, facts.CopyActive)), observed(answered(facts.InfoDenied), at(west()), copies(facts.CopyAbsent, facts.CopyActive))}, judge.Moved, true},
		{"denied without success, target has some copy", base(), []facts.Observation{observed(answered(facts.InfoDenied), at(west()), copies(facts.CopyAbsent, facts.CopyPresent)), observed(answered(facts.InfoDenied), at(west()), copies(facts.CopyAbsent, facts.CopyPresent))}, judge.SourceReleased, false},
		{"denied twice after success, target imports", base(), []facts.Observation{seenSuccess, denied, observed(answered(facts.InfoDenied), at(west()), copies(facts.CopyUnknown, facts.CopyImporting))}, judge.SourceReleased, false},
		{"the source names the target, which imports", base(), []facts.Observation{observed(answered(facts.InfoDenied), at(west()), copies(facts.CopyMoved, facts.CopyImporting))}, judge.SourceReleased, false},
		{"broken twice after success", completes, []facts.Observation{seenSuccess, observed(answered(facts.InfoBroken), at(west()), nil), observed(answered(facts.InfoBroken), at(west()), nil)}, judge.Moved, true},
		{"unlisted does not reset denials", completes, []facts.Observation{seenSuccess, denied, observed(answered(facts.InfoUnlisted), at(west()), nil), denied}, judge.Moved, true},
		{"unlisted proves nothing", completes, []facts.Observation{seenSuccess, observed(answered(facts.InfoUnlisted), at(west()), nil), observed(answered(facts.InfoUnlisted), at(west()), nil)}, judge.NoAnswer, false},
		{"unlisted and logins refused", completes, []facts.Observation{seenSuccess, {Info: answered(facts.InfoUnlisted), Record: at(west()), Host: facts.Host{Kind: facts.HostRefused}}, observed(answered(facts.InfoUnlisted), at(west()), nil)}, judge.Moved, true},
		{"refused by JIMM proves nothing", base(), []facts.Observation{seenSuccess, observed(answered(facts.InfoRefused), at(west()), nil), observed(answered(facts.InfoRefused), at(west()), nil)}, judge.NoAnswer, false},
		{"no answer, source has it", base(), []facts.Observation{observed(answered(facts.InfoUnavailable), facts.Record{}, copies(facts.CopyPresent, facts.CopyPresent))}, judge.Running, false},
		{"no answer, source redirects", base(), []facts.Observation{observed(answered(facts.InfoUnavailable), facts.Record{}, copies(facts.CopyMoved, facts.CopyPresent))}, judge.Moved, true},
		{"no answer, source does not have it", base(), []facts.Observation{observed(answered(facts.InfoUnavailable), facts.Record{}, copies(facts.CopyAbsent, facts.CopyPresent))}, judge.SourceReleased, false},
		{"recorded, released", base(), []facts.Observation{observed(onTarget("available", ""), at(east()), copies(facts.CopyMoved, facts.CopyPresent))}, judge.Migrated, false},
		{"recorded, redirected before", base(), []facts.Observation{observed(answered(facts.InfoRedirected), at(west()), nil), observed(onTarget("available", ""), at(east()), nil)}, judge.Migrated, false},
		{"recorded, source has it", base(), []facts.Observation{observed(onTarget("available", ""), at(east()), copies(facts.CopyPresent, facts.CopyPresent))}, judge.SourceRetains, false},
		{"recorded, source unknown", base(), []facts.Observation{observed(onTarget("available", ""), at(east()), nil)}, judge.SourceRetains, false},
		{"recorded by a JIMM that completes", completes, []facts.Observation{observed(onTarget("available", ""), at(east()), nil)}, judge.Migrated, false},
		{"recorded by hand", byHand, []facts.Observation{observed(onTarget("available", ""), at(east()), nil)}, judge.SourceRetains, false},
		{"recorded too early", base(), []facts.Observation{observed(onTarget("busy", "importing"), at(east()), copies(facts.CopyPresent, facts.CopyPresent))}, judge.Running, false},
		{"recorded, target denies", base(), []facts.Observation{observed(answered(facts.InfoDenied), at(east()), nil)}, judge.Misrecorded, false},
		{"recorded on a third", base(), []facts.Observation{observed(answered(facts.InfoDenied), at(north()), nil)}, judge.Elsewhere, false},
		{"lost once", completes, []facts.Observation{{Record: facts.Record{State: facts.RecordLost}}}, judge.NoAnswer, false},
		{"lost twice", completes, []facts.Observation{{Record: facts.Record{State: facts.RecordLost}}, {Record: facts.Record{State: facts.RecordLost}}}, judge.Lost, false},
		{"two active once", base(), []facts.Observation{observed(answered(facts.InfoUnavailable), at(west()), copies(facts.CopyActive, facts.CopyActive))}, judge.Waiting, false},
		{"two active twice", base(), []facts.Observation{observed(answered(facts.InfoUnavailable), at(west()), copies(facts.CopyActive, facts.CopyActive)), observed(answered(facts.InfoUnavailable), at(west()), copies(facts.CopyActive, facts.CopyActive))}, judge.Conflict, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p judge.Progress
			for _, o := range c.observations {
				p = p.Observe(c.base, o)
			}
			got := judge.Judge(c.base, p, c.observations[len(c.observations)-1])
			if got.Kind != c.want || got.Proof.Valid() != c.proof {
				t.Errorf("verdict %d, proof %v; want %d, %v", got.Kind, got.Proof.Valid(), c.want, c.proof)
			}
			if got.Proof.Valid() && got.Proof.Controller().UUID != east().UUID {
				t.Errorf("proof for %s", got.Proof.Controller())
			}
		})
	}
}

// decoded makes a sequence of observations from bytes, four bytes each.
func decoded(data []byte) []facts.Observation {
	texts := []string{"", "starting", "importing model into target controller", "successful, removing model from source controller", "aborted, removing model from target controller: x", "removing exported model failed: x", "new words"}
	hosts := []facts.Controller{west(), east(), north()}
	var out []facts.Observation
	for len(data) >= 4 {
		var o facts.Observation
		o.Info.Kind = facts.InfoKind(data[0] % 9)
		o.Info.Controller = hosts[data[0]/8%3].UUID
		if data[0] > 200 {
			o.Info.Status, o.Info.StatusText = "busy", "importing"
		}
		if text := texts[int(data[1])%len(texts)]; text != "" && o.Info.Described() {
			o.Info.Attempt = facts.Attempt{Text: redact.Raw(text), Start: time.Unix(int64(data[1]/64), 0)}
			if data[1]%2 == 1 {
				o.Info.Attempt.End = time.Unix(1000, 0)
			}
		}
		o.Record = facts.Record{State: facts.RecordState(data[2] % 3), Controller: hosts[data[2]/3%3].UUID}
		o.Host.Kind = facts.HostKind(data[2] / 64)
		o.Copies = map[facts.ControllerUUID]facts.Copy{
			west().UUID: {State: facts.CopyState(data[3] % 6), To: hosts[data[3]/36%3].UUID},
			east().UUID: {State: facts.CopyState(data[3] / 6 % 6), To: hosts[data[3]/36%3].UUID},
		}
		out = append(out, o)
		data = data[4:]
	}
	return out
}

// FuzzJudge judges any sequence of observations and checks what must hold for all of them: no proof while a migration
// is reported to run, none for a controller that denies the model, none for a controller other than the target, and no
// success without an active copy on the target that JIMM records.
func FuzzJudge(f *testing.F) {
	f.Add([]byte{1, 3, 1, 0, 3, 0, 1, 0, 3, 0, 1, 0}, true, true, true)
	f.Add([]byte{1, 1, 1, 2, 2, 0, 1, 27, 9, 0, 4, 27}, false, true, false)
	f.Fuzz(func(t *testing.T, data []byte, completes, proved, byHand bool) {
		b := base()
		b.AutoRecords, b.TargetProved = completes, proved
		if byHand {
			b.RecordedBy = judge.ByHand
		}
		var p judge.Progress
		success, redirected := false, false
		for _, o := range decoded(data) {
			p = p.Observe(b, o)
			v := judge.Judge(b, p, o)
			target, source := o.Copies[east().UUID], o.Copies[west().UUID]
			success = success || o.Info.Described() && (o.Info.Kind == facts.InfoListed || o.Info.Controller == west().UUID) && facts.ParseText(o.Info.Attempt.Text).PastReturn()
			redirected = redirected || o.Info.Kind == facts.InfoRedirected || source.State == facts.CopyMoved
			if v.Proof.Valid() {
				running := o.Info.Kind == facts.InfoLive && o.Info.Attempt.Running() && o.Info.Controller == west().UUID
				if p.Superseded && (source.State != facts.CopyMoved || source.To != east().UUID) {
					t.Fatalf("proof %q after another migration has begun", v.Proof.Ground())
				}
				if running || target.State == facts.CopyAbsent || target.State == facts.CopyMoved || target.State == facts.CopyImporting {
					t.Fatalf("proof %q against %+v", v.Proof.Ground(), o)
				}
				if v.Proof.Controller().UUID != east().UUID {
					t.Fatalf("proof for %s", v.Proof.Controller())
				}
				named := source.State == facts.CopyMoved && source.To == east().UUID
				if !proved && !named {
					t.Fatalf("proof %q for a target that is not known: %+v", v.Proof.Ground(), o)
				}
				if source.State == facts.CopyMoved && source.To != east().UUID && source.To != "" {
					t.Fatalf("proof %q although the source names another", v.Proof.Ground())
				}
				if !success && !redirected && target.State != facts.CopyActive {
					t.Fatalf("proof %q without success or redirect", v.Proof.Ground())
				}
			}
			if v.Kind == judge.Migrated {
				active := o.Info.Kind == facts.InfoLive && o.Info.Controller == east().UUID && !o.Info.Importing() || target.State == facts.CopyActive
				if !active || source.State == facts.CopyPresent || source.State == facts.CopyActive || source.State == facts.CopyImporting {
					t.Fatalf("migrated against %+v", o)
				}
			}
		}
	})
}
