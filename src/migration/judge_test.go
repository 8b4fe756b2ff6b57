package migration_test

import (
	"testing"
	"time"

	"jimm-migrator/src/migration"
)

func base() migration.Baseline {
	return migration.Baseline{Model: migration.Model{UUID: modelUUID}, Source: west(), Target: east(), TargetProved: true}
}

// live is the source's answer with a migration.
func live(text string, ended bool) migration.Info {
	a := migration.Attempt{Text: text, Start: time.Unix(100, 0)}
	if ended {
		a.End = time.Unix(200, 0)
	}
	return migration.Info{Kind: migration.InfoLive, Controller: west().UUID, Status: "busy", Attempt: a}
}

func onTarget(status, text string) migration.Info {
	return migration.Info{Kind: migration.InfoLive, Controller: east().UUID, Status: status, StatusText: text}
}

func answered(kind migration.InfoKind) migration.Info { return migration.Info{Kind: kind} }

func copies(source, target migration.CopyState) map[string]migration.Copy {
	s := migration.Copy{State: source}
	if source == migration.CopyMoved {
		s.To = east().UUID
	}
	return map[string]migration.Copy{west().UUID: s, east().UUID: {State: target}}
}

func at(c migration.Controller) migration.Record {
	return migration.Record{State: migration.RecordAt, Controller: c.UUID}
}

// look is one observation.
func look(i migration.Info, r migration.Record, c map[string]migration.Copy) migration.Observation {
	return migration.Observation{Info: i, Record: r, Copies: c}
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
	completes.Completes = true
	byHand := completes
	byHand.RecordedByHand = true
	denied := look(answered(migration.InfoDenied), at(west()), nil)
	seenSuccess := look(live(success, false), at(west()), nil)

	for _, c := range []struct {
		name  string
		base  migration.Baseline
		looks []migration.Observation
		want  migration.VerdictKind
		proof bool
	}{
		{"nothing known", base(), []migration.Observation{{}}, migration.VerdictBlind, false},
		{"no migration", base(), []migration.Observation{look(migration.Info{Kind: migration.InfoLive, Controller: west().UUID}, at(west()), nil)}, migration.VerdictWaiting, false},
		{"an old abort is history", old, []migration.Observation{look(live(aborted, true), at(west()), nil)}, migration.VerdictWaiting, false},
		{"runs", base(), []migration.Observation{look(live(importing, false), at(west()), nil)}, migration.VerdictRunning, false},
		{"runs though the source redirects", base(), []migration.Observation{look(live(importing, false), at(west()), copies(migration.CopyMoved, migration.CopyPresent))}, migration.VerdictRunning, false},
		{"unknown text runs", base(), []migration.Observation{look(live("doing new things", false), at(west()), nil)}, migration.VerdictRunning, false},
		{"aborting", base(), []migration.Observation{look(live(aborted, false), at(west()), nil)}, migration.VerdictAborting, false},
		{"aborted", base(), []migration.Observation{look(live(aborted, true), at(west()), nil)}, migration.VerdictAborted, false},
		{"unknown end", base(), []migration.Observation{look(live("over", true), at(west()), nil)}, migration.VerdictEnded, false},
		{"reap failed", base(), []migration.Observation{look(live(reap, true), at(west()), nil)}, migration.VerdictReapFailed, true},
		{"reap failed, target unknown", unproved, []migration.Observation{look(live(reap, true), at(west()), nil)}, migration.VerdictReapFailed, false},
		{"reap failed, target denies", base(), []migration.Observation{look(live(reap, true), at(west()), copies(migration.CopyPresent, migration.CopyAbsent))}, migration.VerdictReapFailed, false},
		{"redirect through JIMM", base(), []migration.Observation{look(answered(migration.InfoRedirected), at(west()), nil)}, migration.VerdictMoved, true},
		{"redirect through JIMM, target unknown", unproved, []migration.Observation{look(answered(migration.InfoRedirected), at(west()), nil)}, migration.VerdictLetGo, false},
		{"the source names the target", unproved, []migration.Observation{look(answered(migration.InfoDenied), at(west()), copies(migration.CopyMoved, migration.CopyPresent))}, migration.VerdictMoved, true},
		{"the source names another", base(), []migration.Observation{look(answered(migration.InfoDenied), at(west()), map[string]migration.Copy{west().UUID: {State: migration.CopyMoved, To: north().UUID}})}, migration.VerdictElsewhere, false},
		{"the source names the target, which denies", base(), []migration.Observation{look(answered(migration.InfoDenied), at(west()), copies(migration.CopyMoved, migration.CopyAbsent))}, migration.VerdictLetGo, false},
		{"denied once after success", base(), []migration.Observation{seenSuccess, denied}, migration.VerdictLetGo, false},
		{"denied twice after success", base(), []migration.Observation{seenSuccess, denied, denied}, migration.VerdictMoved, true},
		{"a gap does not reset denials", base(), []migration.Observation{seenSuccess, denied, {}, denied}, migration.VerdictMoved, true},
		{"an answer between resets denials", base(), []migration.Observation{seenSuccess, denied, seenSuccess, denied}, migration.VerdictLetGo, false},
		{"denied twice without success", base(), []migration.Observation{look(live(importing, false), at(west()), nil), denied, denied, denied}, migration.VerdictLetGo, false},
		{"denied without success, source has it", base(), []migration.Observation{look(answered(migration.InfoDenied), at(west()), copies(migration.CopyPresent, migration.CopyPresent))}, migration.VerdictRunning, false},
		{"denied without success, target proved active", base(), []migration.Observation{look(answered(migration.InfoDenied), at(west()), copies(migration.CopyAbsent, migration.CopyActive)), look(answered(migration.InfoDenied), at(west()), copies(migration.CopyAbsent, migration.CopyActive))}, migration.VerdictMoved, true},
		{"denied without success, target has some copy", base(), []migration.Observation{look(answered(migration.InfoDenied), at(west()), copies(migration.CopyAbsent, migration.CopyPresent)), look(answered(migration.InfoDenied), at(west()), copies(migration.CopyAbsent, migration.CopyPresent))}, migration.VerdictLetGo, false},
		{"denied twice after success, target imports", base(), []migration.Observation{seenSuccess, denied, look(answered(migration.InfoDenied), at(west()), copies(migration.CopyUnknown, migration.CopyImporting))}, migration.VerdictLetGo, false},
		{"the source names the target, which imports", base(), []migration.Observation{look(answered(migration.InfoDenied), at(west()), copies(migration.CopyMoved, migration.CopyImporting))}, migration.VerdictLetGo, false},
		{"broken twice after success", completes, []migration.Observation{seenSuccess, look(answered(migration.InfoBroken), at(west()), nil), look(answered(migration.InfoBroken), at(west()), nil)}, migration.VerdictMoved, true},
		{"unlisted does not reset denials", completes, []migration.Observation{seenSuccess, denied, look(answered(migration.InfoUnlisted), at(west()), nil), denied}, migration.VerdictMoved, true},
		{"unlisted proves nothing", completes, []migration.Observation{seenSuccess, look(answered(migration.InfoUnlisted), at(west()), nil), look(answered(migration.InfoUnlisted), at(west()), nil)}, migration.VerdictBlind, false},
		{"unlisted and logins refused", completes, []migration.Observation{seenSuccess, {Info: answered(migration.InfoUnlisted), Record: at(west()), Host: migration.Host{Kind: migration.HostRefused}}, look(answered(migration.InfoUnlisted), at(west()), nil)}, migration.VerdictMoved, true},
		{"refused by JIMM proves nothing", base(), []migration.Observation{seenSuccess, look(answered(migration.InfoRefused), at(west()), nil), look(answered(migration.InfoRefused), at(west()), nil)}, migration.VerdictBlind, false},
		{"no answer, source has it", base(), []migration.Observation{look(answered(migration.InfoUnavailable), migration.Record{}, copies(migration.CopyPresent, migration.CopyPresent))}, migration.VerdictRunning, false},
		{"no answer, source redirects", base(), []migration.Observation{look(answered(migration.InfoUnavailable), migration.Record{}, copies(migration.CopyMoved, migration.CopyPresent))}, migration.VerdictMoved, true},
		{"no answer, source does not have it", base(), []migration.Observation{look(answered(migration.InfoUnavailable), migration.Record{}, copies(migration.CopyAbsent, migration.CopyPresent))}, migration.VerdictLetGo, false},
		{"recorded, let go", base(), []migration.Observation{look(onTarget("available", ""), at(east()), copies(migration.CopyMoved, migration.CopyPresent))}, migration.VerdictMigrated, false},
		{"recorded, redirected before", base(), []migration.Observation{look(answered(migration.InfoRedirected), at(west()), nil), look(onTarget("available", ""), at(east()), nil)}, migration.VerdictMigrated, false},
		{"recorded, source has it", base(), []migration.Observation{look(onTarget("available", ""), at(east()), copies(migration.CopyPresent, migration.CopyPresent))}, migration.VerdictHeld, false},
		{"recorded, source unknown", base(), []migration.Observation{look(onTarget("available", ""), at(east()), nil)}, migration.VerdictHeld, false},
		{"recorded by a JIMM that completes", completes, []migration.Observation{look(onTarget("available", ""), at(east()), nil)}, migration.VerdictMigrated, false},
		{"recorded by hand", byHand, []migration.Observation{look(onTarget("available", ""), at(east()), nil)}, migration.VerdictHeld, false},
		{"recorded too early", base(), []migration.Observation{look(onTarget("busy", "importing"), at(east()), copies(migration.CopyPresent, migration.CopyPresent))}, migration.VerdictRunning, false},
		{"recorded, target denies", base(), []migration.Observation{look(answered(migration.InfoDenied), at(east()), nil)}, migration.VerdictMisrecorded, false},
		{"recorded on a third", base(), []migration.Observation{look(answered(migration.InfoDenied), at(north()), nil)}, migration.VerdictElsewhere, false},
		{"lost once", completes, []migration.Observation{{Record: migration.Record{State: migration.RecordLost}}}, migration.VerdictBlind, false},
		{"lost twice", completes, []migration.Observation{{Record: migration.Record{State: migration.RecordLost}}, {Record: migration.Record{State: migration.RecordLost}}}, migration.VerdictLost, false},
		{"two active once", base(), []migration.Observation{look(answered(migration.InfoUnavailable), at(west()), copies(migration.CopyActive, migration.CopyActive))}, migration.VerdictRunning, false},
		{"two active twice", base(), []migration.Observation{look(answered(migration.InfoUnavailable), at(west()), copies(migration.CopyActive, migration.CopyActive)), look(answered(migration.InfoUnavailable), at(west()), copies(migration.CopyActive, migration.CopyActive))}, migration.VerdictConflict, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p migration.Progress
			for _, o := range c.looks {
				p = p.Observe(c.base, o)
			}
			got := migration.Judge(c.base, p, c.looks[len(c.looks)-1])
			if got.Kind != c.want || got.Proof.Valid() != c.proof {
				t.Errorf("verdict %d, proof %v; want %d, %v", got.Kind, got.Proof.Valid(), c.want, c.proof)
			}
			if got.Proof.Valid() && got.Proof.Controller().UUID != east().UUID {
				t.Errorf("proof for %s", got.Proof.Controller())
			}
		})
	}
}

// decoded makes a sequence of looks from bytes, four bytes a look.
func decoded(data []byte) []migration.Observation {
	texts := []string{"", "starting", "importing model into target controller", "successful, removing model from source controller", "aborted, removing model from target controller: x", "removing exported model failed: x", "new words"}
	hosts := []migration.Controller{west(), east(), north()}
	var out []migration.Observation
	for len(data) >= 4 {
		var o migration.Observation
		o.Info.Kind = migration.InfoKind(data[0] % 8)
		o.Info.Controller = hosts[data[0]/8%3].UUID
		o.Info.Listed = data[0]/24%2 == 1
		if data[0] > 200 {
			o.Info.Status, o.Info.StatusText = "busy", "importing"
		}
		if text := texts[int(data[1])%len(texts)]; text != "" && o.Info.Kind == migration.InfoLive {
			o.Info.Attempt = migration.Attempt{Text: text, Start: time.Unix(int64(data[1]/64), 0)}
			if data[1]%2 == 1 {
				o.Info.Attempt.End = time.Unix(1000, 0)
			}
		}
		o.Record = migration.Record{State: migration.RecordState(data[2] % 3), Controller: hosts[data[2]/3%3].UUID}
		o.Host.Kind = migration.HostKind(data[2] / 64)
		o.Copies = map[string]migration.Copy{
			west().UUID: {State: migration.CopyState(data[3] % 6), To: hosts[data[3]/36%3].UUID},
			east().UUID: {State: migration.CopyState(data[3] / 6 % 6), To: hosts[data[3]/36%3].UUID},
		}
		out = append(out, o)
		data = data[4:]
	}
	return out
}

// FuzzJudge feeds any sequence of looks and checks what must hold whatever was
// seen: no proof while a migration is reported to run, none for a controller
// that denies the model, none but for the target, and no success without an
// active copy on the target that JIMM records.
func FuzzJudge(f *testing.F) {
	f.Add([]byte{1, 3, 1, 0, 3, 0, 1, 0, 3, 0, 1, 0}, true, true, true)
	f.Add([]byte{1, 1, 1, 2, 2, 0, 1, 27, 9, 0, 4, 27}, false, true, false)
	f.Fuzz(func(t *testing.T, data []byte, completes, proved, byHand bool) {
		b := base()
		b.Completes, b.TargetProved, b.RecordedByHand = completes, proved, byHand
		var p migration.Progress
		success, redirected := false, false
		for _, o := range decoded(data) {
			p = p.Observe(b, o)
			v := migration.Judge(b, p, o)
			target, source := o.Copies[east().UUID], o.Copies[west().UUID]
			success = success || o.Info.Kind == migration.InfoLive && (o.Info.Listed || o.Info.Controller == west().UUID) && migration.ParseText(o.Info.Attempt.Text).PastReturn()
			redirected = redirected || o.Info.Kind == migration.InfoRedirected || source.State == migration.CopyMoved
			if v.Proof.Valid() {
				running := o.Info.Kind == migration.InfoLive && o.Info.Attempt.Running() && o.Info.Controller == west().UUID
				if p.Superseded && (source.State != migration.CopyMoved || source.To != east().UUID) {
					t.Fatalf("proof %q after another migration has begun", v.Proof.Ground())
				}
				if running || target.State == migration.CopyAbsent || target.State == migration.CopyMoved || target.State == migration.CopyImporting {
					t.Fatalf("proof %q against %+v", v.Proof.Ground(), o)
				}
				if v.Proof.Controller().UUID != east().UUID {
					t.Fatalf("proof for %s", v.Proof.Controller())
				}
				named := source.State == migration.CopyMoved && source.To == east().UUID
				if !proved && !named {
					t.Fatalf("proof %q for a target that is not known: %+v", v.Proof.Ground(), o)
				}
				if source.State == migration.CopyMoved && source.To != east().UUID && source.To != "" {
					t.Fatalf("proof %q although the source names another", v.Proof.Ground())
				}
				if !success && !redirected && target.State != migration.CopyActive {
					t.Fatalf("proof %q without success or redirect", v.Proof.Ground())
				}
			}
			if v.Kind == migration.VerdictMigrated {
				active := o.Info.Kind == migration.InfoLive && o.Info.Controller == east().UUID && !o.Info.Importing() || target.State == migration.CopyActive
				if !active || source.State == migration.CopyPresent || source.State == migration.CopyActive || source.State == migration.CopyImporting {
					t.Fatalf("migrated against %+v", o)
				}
			}
		}
	})
}

func TestParseTextKnowsJujusTexts(t *testing.T) {
	for text, want := range map[string]migration.Phase{
		"starting":                                        migration.PhaseStarting,
		"performing source prechecks":                     migration.PhaseQuiesce,
		"performing target prechecks":                     migration.PhaseQuiesce,
		"quiescing, waiting for agents to report back":    migration.PhaseQuiesce,
		"quiescing, no reports from agents yet":           migration.PhaseQuiesce,
		"quiescing, all agents reported success":          migration.PhaseQuiesce,
		"exporting model":                                 migration.PhaseImport,
		"importing model into target controller":          migration.PhaseImport,
		"uploading model binaries into target controller": migration.PhaseImport,
		"processing relations":                            migration.PhaseProcessRelations,
		"validating, waiting for agents to report back: 1 succeeded, 2 still to report": migration.PhaseValidation,
		"checking machines in migrated model":                                           migration.PhaseValidation,
		"activating model in target controller":                                         migration.PhaseValidation,
		"transferring ownership of cloud resources to target controller":                migration.PhaseSuccess,
		"successful, waiting for agents to report back":                                 migration.PhaseSuccess,
		"successful, some agents reported failure":                                      migration.PhaseSuccess,
		"successful, transferring logs to target controller (3 sent)":                   migration.PhaseLogTransfer,
		"successful, transferred logs to target controller (3 sent)":                    migration.PhaseLogTransfer,
		"successful, removing model from source controller":                             migration.PhaseReap,
		"removing exported model failed: x":                                             migration.PhaseReapFailed,
		"aborted, removing model from target controller: x":                             migration.PhaseAbort,
		"model data transfer failed, model export failed: x":                            migration.PhaseUnknown,
		"machine sanity check failed, 1 error found":                                    migration.PhaseUnknown,
		"model activation failed, x":                                                    migration.PhaseUnknown,
		"something of tomorrow":                                                         migration.PhaseUnknown,
		"":                                                                              migration.PhaseUnknown,
	} {
		for _, prefix := range []string{"", "migrating: "} {
			if got := migration.ParseText(prefix + text); got != want {
				t.Errorf("ParseText(%q) = %s, want %s", prefix+text, got, want)
			}
		}
	}
	if got := migration.AbortReason("aborted, removing model from target controller: no room"); got != "no room" {
		t.Errorf("reason %q", got)
	}
	if got := migration.AbortReason("aborted, removing model from target controller: "); got != "" {
		t.Errorf("empty reason %q", got)
	}
}
