package migration_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/locate"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

// places is a JAAS in memory that is only read. The answer of each witness is set.
type places struct {
	models []facts.Model
	info   facts.Info
	host   facts.Host
	hostAt func() facts.Host // The answer to a login at that time, if it is set.
	copies map[string]facts.Copy
	asked  map[string]int // Copies asked for, by controller name.
	infos  int
	hosts  int
	lists  int
	later  []facts.Model // What a second list has.
	gaps   error
	log    []facts.Request
	logErr error
	west   string // Its release, if it is not the usual one.
}

func (p *places) jaas(completes bool) survey.JAAS {
	p.asked, p.lists = map[string]int{}, 0
	return survey.JAAS{Fleet: p, Witness: oneAtATime{p, make(chan struct{}, 1)}, Auditor: p, Traits: facts.Traits{AutoRecords: completes, CLI: "jimmctl"}}
}

func (p *places) Controllers(context.Context) ([]facts.Controller, error) {
	source := west()
	source.AgentVersion = cmp.Or(p.west, source.AgentVersion)
	return []facts.Controller{east(), north(), source}, nil
}

func (p *places) Audit(context.Context, facts.Model) (facts.Audit, error) {
	return facts.Audit{Now: time.Now(), Requests: p.log}, p.logErr
}

func (p *places) Models(context.Context) (facts.ModelList, error) {
	p.lists++
	if p.lists > 1 && p.later != nil {
		return facts.ModelList{Models: p.later}, nil
	}
	if len(p.models) == 0 && p.gaps != nil {
		return facts.ModelList{}, p.gaps
	}
	return facts.ModelList{Models: p.models, Gaps: p.gaps}, nil
}

// oneAtATime serves the concurrent questions of the engine one by one.
type oneAtATime struct {
	*places
	free chan struct{}
}

func (o oneAtATime) Record(context.Context, string) facts.Record { return facts.Record{} }

func (o oneAtATime) Info(context.Context, string) facts.Info {
	o.infos++
	return o.info
}

func (o oneAtATime) Summary(context.Context, string) facts.Entry { return facts.Entry{} }

func (o oneAtATime) Host(context.Context, string, facts.ControllerUUID) facts.Host {
	o.hosts++
	if o.hostAt != nil {
		return o.hostAt()
	}
	return o.host
}

func (o oneAtATime) Copy(_ context.Context, c facts.Controller, _ string) facts.Copy {
	o.free <- struct{}{}
	defer func() { <-o.free }()
	o.asked[c.Name]++
	return o.copies[c.Name]
}

func onWest(names ...string) []facts.Model {
	var out []facts.Model
	for _, full := range names {
		owner, name, _ := strings.Cut(full, "/")
		out = append(out, facts.Model{UUID: modelUUID, Name: name, Owner: owner, Recorded: west().UUID, Life: "alive"})
	}
	return out
}

func is(s facts.CopyState) facts.Copy { return facts.Copy{State: s} }

func to(c facts.Controller) facts.Copy {
	return facts.Copy{State: facts.CopyMoved, To: c.UUID}
}

// requests is an audit log with one entry, made when the migrations of TestLocate
// had just begun.
func requests(kind facts.RequestKind, target string) []facts.Request {
	return []facts.Request{{Kind: kind, Target: target, At: time.Unix(2, 0)}}
}

func TestLocate(t *testing.T) {
	absent := is(facts.CopyAbsent)
	present := is(facts.CopyPresent)
	silent := facts.Copy{Err: errors.New("no route")}
	inUse := facts.Info{Kind: facts.InfoLive, Controller: west().UUID, Status: "available"}
	running := inUse
	running.Attempt = facts.Attempt{Text: "exporting model", Start: time.Unix(1, 0)}
	anyList := inUse
	anyList.Kind = facts.InfoListed
	reap := inUse
	reap.Attempt = facts.Attempt{Text: "removing exported model failed: x", Start: time.Unix(1, 0), End: time.Unix(2, 0)}
	anyRuns, anyReap := running, reap
	anyRuns.Kind, anyReap.Kind = facts.InfoListed, facts.InfoListed
	unlisted := facts.Info{Kind: facts.InfoUnlisted}
	success, idle := running, running
	success.Attempt.Text = "successful, removing model from source controller"
	idle.Attempt.Text = "aborted, removing model from target controller: x"

	for _, c := range []struct {
		name     string
		info     facts.Info
		host     facts.Host
		copies   map[string]facts.Copy
		noProbe  bool
		log      []facts.Request
		logErr   error
		state    locate.State
		holder   string
		drift    bool
		complete bool
		repair   string
		others   string
	}{
		{name: "where it is recorded", info: inUse, copies: map[string]facts.Copy{"west": present, "east": absent, "north": absent}, state: locate.StateActive, holder: "west", complete: true},
		{name: "one controller does not answer", info: inUse, copies: map[string]facts.Copy{"west": present, "east": silent, "north": absent}, state: locate.StateActive, holder: "west"},
		{name: "migrating", info: running, copies: map[string]facts.Copy{"west": present, "east": present, "north": absent}, state: locate.StateMigrating, holder: "west", complete: true},
		{name: "moved, redirected", copies: map[string]facts.Copy{"west": to(east()), "east": present, "north": absent}, state: locate.StateMoved, holder: "east", drift: true, complete: true, repair: "jimmctl update-migrated-model east " + modelUUID},
		{name: "moved twice", copies: map[string]facts.Copy{"west": to(east()), "east": to(north()), "north": present}, state: locate.StateMoved, holder: "north", drift: true, complete: true, repair: "jimmctl update-migrated-model north " + modelUUID},
		{name: "redirects in a circle", copies: map[string]facts.Copy{"west": to(east()), "east": to(west()), "north": absent}, state: locate.StateUnknown, drift: true},
		{name: "redirected to a stranger", copies: map[string]facts.Copy{"west": to(facts.Controller{UUID: "dddddddd-0000-4000-8000-000000000004"}), "east": absent, "north": absent}, state: locate.StateUnknown, drift: true},
		{name: "redirected, the other does not answer", copies: map[string]facts.Copy{"west": to(east()), "east": silent, "north": absent}, state: locate.StateUnknown, drift: true},
		{name: "never was where it is recorded", info: facts.Info{Kind: facts.InfoDenied}, copies: map[string]facts.Copy{"west": absent, "east": present, "north": absent}, state: locate.StateMoved, holder: "east", drift: true, complete: true, repair: "jimmctl update-migrated-model east " + modelUUID},
		{name: "nowhere", info: facts.Info{Kind: facts.InfoDenied}, copies: map[string]facts.Copy{"west": absent, "east": absent, "north": absent}, state: locate.StateAbsent, drift: true, complete: true},
		{name: "perhaps nowhere", info: facts.Info{Kind: facts.InfoDenied}, copies: map[string]facts.Copy{"west": absent, "east": silent, "north": absent}, state: locate.StateUnknown, drift: true},
		{name: "left over by a reap that failed", info: reap, copies: map[string]facts.Copy{"west": present, "east": present, "north": absent}, state: locate.StateMoved, holder: "east", drift: true, complete: true, repair: "jimmctl update-migrated-model east " + modelUUID},
		{name: "left over, and the other does not answer", info: reap, copies: map[string]facts.Copy{"west": present, "east": silent, "north": absent}, state: locate.StateUnknown, drift: true},
		{name: "left over, without probe", info: reap, noProbe: true, state: locate.StateUnknown, drift: true},
		{name: "migrating, past the point of no return", info: success, copies: map[string]facts.Copy{"west": present, "east": present, "north": absent}, state: locate.StateMigrating, holder: "east", complete: true},
		{name: "migrating, past the point of no return, without probe", info: success, noProbe: true, state: locate.StateMigrating, complete: true},
		{name: "aborted without an end", info: idle, copies: map[string]facts.Copy{"west": present, "east": absent, "north": absent}, state: locate.StateActive, holder: "west", complete: true},
		{name: "the source denies and still has a copy", info: facts.Info{Kind: facts.InfoDenied}, copies: map[string]facts.Copy{"west": present, "east": present, "north": absent}, state: locate.StateUnknown},
		{name: "redirected through JIMM, one other has it", info: facts.Info{Kind: facts.InfoRedirected}, copies: map[string]facts.Copy{"west": silent, "east": present, "north": absent}, state: locate.StateMoved, holder: "east", drift: true, repair: "jimmctl update-migrated-model east " + modelUUID},
		{name: "redirected through JIMM, another is silent", info: facts.Info{Kind: facts.InfoRedirected}, copies: map[string]facts.Copy{"west": silent, "east": present, "north": silent}, state: locate.StateUnknown, drift: true},
		{name: "its own answers contradict each other", info: inUse, copies: map[string]facts.Copy{"west": absent, "east": present, "north": absent}, state: locate.StateUnknown},
		{name: "redirected, target unknown", copies: map[string]facts.Copy{"west": is(facts.CopyMoved), "east": absent, "north": absent}, state: locate.StateUnknown, drift: true},
		{name: "a left-over elsewhere is still reported", copies: map[string]facts.Copy{"west": to(east()), "east": present, "north": present}, state: locate.StateMoved, holder: "east", drift: true, complete: true, repair: "jimmctl update-migrated-model east " + modelUUID, others: "north"},
		{name: "a copy elsewhere, in a list of any controller", info: anyList, copies: map[string]facts.Copy{"west": present, "east": present, "north": absent}, state: locate.StateUnknown, others: "east"},
		{name: "migrating, in a list of any controller", info: anyRuns, copies: map[string]facts.Copy{"west": present, "east": absent, "north": absent}, state: locate.StateMigrating, holder: "west", complete: true},
		{name: "migrating, in a list of any controller, not by the recorded one", info: anyRuns, copies: map[string]facts.Copy{"west": absent, "east": present, "north": absent}, state: locate.StateMigrating, holder: "east", drift: true, complete: true},
		{name: "migrating, listed by either of two, the record never changed", info: anyRuns, copies: map[string]facts.Copy{"west": present, "east": present, "north": absent}, state: locate.StateMigrating, holder: "west", complete: true},
		{name: "migrating, listed by either of two, asked to go away", info: anyRuns, copies: map[string]facts.Copy{"west": present, "east": present, "north": absent}, log: requests(facts.RequestMigrate, "east"), state: locate.StateMigrating, holder: "west", complete: true},
		{name: "migrating, listed by either of two, recorded too early", info: anyRuns, copies: map[string]facts.Copy{"west": present, "east": present, "north": absent}, log: requests(facts.RequestRecord, "west"), state: locate.StateMigrating, complete: true},
		{name: "migrating, listed by either of two, asked to come", info: anyRuns, copies: map[string]facts.Copy{"west": present, "east": present, "north": absent}, log: requests(facts.RequestMigrate, "west"), state: locate.StateMigrating, complete: true},
		{name: "migrating, listed by either of two, JIMM does not show what it was asked", info: anyRuns, copies: map[string]facts.Copy{"west": present, "east": present, "north": absent}, logErr: errors.New("timeout"), state: locate.StateMigrating, complete: true},
		{name: "migrating, in a list of any controller, another is silent", info: anyRuns, copies: map[string]facts.Copy{"west": present, "east": silent, "north": absent}, state: locate.StateMigrating, holder: "west"},
		{name: "migrating, in a list of any controller, another is silent, recorded too early", info: anyRuns, copies: map[string]facts.Copy{"west": present, "east": silent, "north": absent}, log: requests(facts.RequestRecord, "west"), state: locate.StateMigrating},
		{name: "migrating, in a list of any controller, without probe", info: anyRuns, host: facts.Host{Kind: facts.HostServes, Controller: west().UUID}, noProbe: true, state: locate.StateMigrating, complete: true},
		{name: "left over, listed by another", info: anyReap, copies: map[string]facts.Copy{"west": absent, "east": present, "north": absent}, state: locate.StateUnknown, drift: true},
		{name: "listed by any controller, without probe, a login says", info: anyList, host: facts.Host{Kind: facts.HostServes, Controller: west().UUID, Info: facts.InfoOfStatus(west().UUID, "available", "", time.Time{})}, noProbe: true, state: locate.StateActive, holder: "west", complete: true},
		{name: "listed by any controller, without probe or login", info: anyList, noProbe: true, state: locate.StateUnknown},
		{name: "in a list of any controller, moved", info: anyList, copies: map[string]facts.Copy{"west": absent, "east": present, "north": absent}, state: locate.StateMoved, holder: "east", drift: true, complete: true, repair: "jimmctl update-migrated-model east " + modelUUID},
		{name: "not listed, and not all answer", info: unlisted, copies: map[string]facts.Copy{"west": present, "east": silent, "north": absent}, state: locate.StateUnknown},
		{name: "not listed, and no other controller has it", info: unlisted, copies: map[string]facts.Copy{"west": present, "east": absent, "north": absent}, state: locate.StateActive, holder: "west", complete: true},
		{name: "a login is answered by another than the recorded one", info: facts.Info{Kind: facts.InfoUnavailable}, host: facts.Host{Kind: facts.HostServes, Controller: east().UUID}, noProbe: true, state: locate.StateUnknown, holder: "east"},
		{name: "two in use", info: inUse, copies: map[string]facts.Copy{"west": is(facts.CopyActive), "east": is(facts.CopyActive), "north": absent}, state: locate.StateConflict, complete: true},
		{name: "the recorded one is silent, no drift is claimed", info: facts.Info{Kind: facts.InfoUnavailable}, copies: map[string]facts.Copy{"west": silent, "east": present, "north": absent}, state: locate.StateUnknown},
		{name: "without probe", info: inUse, noProbe: true, state: locate.StateActive, holder: "west", complete: true},
		{name: "without probe, a login says", info: facts.Info{Kind: facts.InfoUnavailable}, host: facts.Host{Kind: facts.HostServes, Controller: west().UUID}, noProbe: true, state: locate.StateActive, holder: "west", complete: true},
		{name: "without probe, logins are refused", info: facts.Info{Kind: facts.InfoDenied}, host: facts.Host{Kind: facts.HostRefused}, noProbe: true, state: locate.StateUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &places{models: onWest("alice@example.com/prod"), info: c.info, host: c.host, copies: c.copies, log: c.log, logErr: c.logErr}
				if c.info.Kind == facts.InfoListed || c.info.Kind == facts.InfoUnlisted {
					p.models[0].Entry = entryOf(c.info, c.info.Controller)
				}
				if c.info.Kind == facts.InfoListed {
					p.info.Kind = facts.InfoLive
				}
				got, err := locate.Locate(t.Context(), p.jaas(false), locate.Options{Model: "prod", Probe: !c.noProbe})
				if err != nil || len(got.Locations) != 1 {
					t.Fatalf("Locate: %+v, %v", got, err)
				}
				l := got.Locations[0]
				if l.State != c.state || l.Holder.Name != c.holder || l.Drift != c.drift || l.Complete() != c.complete || l.Repair != c.repair {
					t.Errorf("got %s on %q, drift %v, complete %v, repair %q; proof: %s", l.State, l.Holder.Name, l.Drift, l.Complete(), l.Repair, l.Proof)
				}
				if c.others != "" && (len(l.Copies) != 1 || l.Copies[0].Name != c.others) {
					t.Errorf("other copies %v, want %s", l.Copies, c.others)
				}
				if l.Proof == "" {
					t.Error("no proof is given")
				}
				if p.hosts > 2 || p.hosts > 1 && p.host.Info.Kind == facts.InfoNotAsked {
					t.Errorf("%d logins to the model", p.hosts)
				}
			})
		})
	}
}

// A copy reports for 50 ms that it is available when its import begins. JIMM records it, its
// controller is not asked or does not answer, and the login is answered within that time.
func TestLocateDoesNotTakeTheBeginOfAnImportForAModelInUse(t *testing.T) {
	listed := facts.Entry{Kind: facts.InfoListed, Recorded: west().UUID, Status: "available"}
	left := facts.Attempt{Text: "removing exported model failed: x", Start: time.Unix(1, 0), End: time.Unix(2, 0)}
	for name, c := range map[string]struct {
		entry  facts.Entry
		copies map[string]facts.Copy
		probe  bool
	}{
		"not asked":                   {entry: listed},
		"no answer":                   {entry: listed, copies: map[string]facts.Copy{"west": {Err: errors.New("no route")}}, probe: true},
		"the entry is another's":      {facts.Entry{Kind: facts.InfoListed, Recorded: west().UUID, Status: "available", Attempt: left}, map[string]facts.Copy{"west": is(facts.CopyPresent), "east": is(facts.CopyPresent)}, true},
		"the entry is another's, too": {facts.Entry{Kind: facts.InfoListed, Recorded: west().UUID, Status: "available", Attempt: left}, map[string]facts.Copy{"west": is(facts.CopyPresent), "east": is(facts.CopyExporting)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				p := &places{models: onWest("alice@example.com/prod"), copies: c.copies}
				p.models[0].Entry = c.entry
				p.hostAt = func() facts.Host {
					status, text := "available", redact.Raw("")
					if time.Since(began) > 50*time.Millisecond {
						status, text = "busy", "importing"
					}
					return facts.Host{Kind: facts.HostServes, Controller: west().UUID, Info: facts.InfoOfStatus(west().UUID, status, text, time.Time{})}
				}
				got, err := locate.Locate(t.Context(), p.jaas(true), locate.Options{Model: "prod", Probe: c.probe})
				if err != nil {
					t.Fatal(err)
				}
				if l := got.Locations[0]; l.State == locate.StateActive || l.Holder.Name == "west" || p.hosts == 0 {
					t.Errorf("%s on %q: %s", l.State, l.Holder, l.Proof)
				}
			})
		})
	}
}

func TestLocateDoesNotAskAJIMMThatForgets(t *testing.T) {
	p := &places{models: onWest("alice@example.com/prod"), copies: map[string]facts.Copy{"west": to(east()), "east": is(facts.CopyPresent)}}
	p.models[0].Entry = facts.Entry{Kind: facts.InfoUnlisted}
	if _, err := locate.Locate(t.Context(), p.jaas(true), locate.Options{Model: "prod", Probe: true}); err != nil || p.infos != 0 {
		t.Errorf("asked %d times, %v", p.infos, err)
	}
}

func TestLocateManyAsksEachRecordedControllerOnce(t *testing.T) {
	p := &places{models: onWest("alice@example.com/prod", "bob@example.com/prod", "bob@example.com/test"), copies: map[string]facts.Copy{"west": is(facts.CopyPresent)}}
	got, err := locate.Locate(t.Context(), p.jaas(false), locate.Options{Model: "prod", Probe: true})
	if err != nil || got.Matches != 2 || got.Known != 3 || len(got.Locations) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	if p.asked["west"] != 2 || p.asked["east"] != 0 || p.infos != 0 {
		t.Errorf("asked %v, infos %d", p.asked, p.infos)
	}
	page, err := locate.Locate(t.Context(), p.jaas(false), locate.Options{Model: "*", Probe: true, Skip: 2, Limit: 2})
	if err != nil || page.Matches != 3 || len(page.Locations) != 1 || page.Locations[0].Model.FullName() != "bob@example.com/test" {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestLocateErrors(t *testing.T) {
	p := &places{models: onWest("alice@example.com/prod")}
	if _, err := locate.Locate(t.Context(), p.jaas(false), locate.Options{Model: "staging"}); err == nil || !strings.Contains(err.Error(), `"staging"`) {
		t.Errorf("unknown model: %v", err)
	}
	if _, err := locate.Locate(t.Context(), p.jaas(false), locate.Options{Model: "[a"}); err == nil || !strings.Contains(err.Error(), `"[a"`) {
		t.Errorf("bad pattern: %v", err)
	}
}

func TestSelect(t *testing.T) {
	models := []facts.Model{
		{UUID: modelUUID, Name: "prod", Owner: "alice@example.com"},
		{UUID: "11111111-0000-4000-8000-000000000001", Name: "prod", Owner: "bob@example.com"},
		{UUID: "11111111-0000-4000-8000-000000000002", Name: "test", Owner: "bob@example.com"},
	}
	for selector, want := range map[string]string{
		modelUUID: "alice@example.com/prod", "bob@example.com/prod": "bob@example.com/prod", "test": "bob@example.com/test",
		"prod": "", "pro": "", "*": "", "": "", "alice@example.com/": "", modelUUID[1:]: "",
		// As Juju's client and JIMM print them.
		strings.ToUpper(modelUUID): "alice@example.com/prod", "jaas:bob@example.com/prod": "bob@example.com/prod", "jaas:test": "bob@example.com/test",
		"bob/prod": "bob@example.com/prod", "jaas:alice/prod": "alice@example.com/prod", " test ": "bob@example.com/test",
	} {
		got, err := facts.Select(models, selector)
		if want == "" {
			if _, ok := errors.AsType[*facts.SelectError](err); !ok {
				t.Errorf("Select(%q) = %v, %v", selector, got, err)
			}
			continue
		}
		if err != nil || got.FullName() != want {
			t.Errorf("Select(%q) = %v, %v", selector, got, err)
		}
	}
	_, err := facts.Select(models, "prod")
	if err == nil || !strings.Contains(err.Error(), "alice@example.com/prod ("+modelUUID+"), bob@example.com/prod") {
		t.Errorf("an ambiguous name must list the candidates: %v", err)
	}
}

// JIMM, or another run, corrects the record while the controllers are asked.
func TestLocateReadsTheRecordAgainBeforeItClaimsDrift(t *testing.T) {
	for record, want := range map[facts.ControllerUUID]locate.State{east().UUID: locate.StateActive, north().UUID: locate.StateUnknown} {
		p := &places{models: onWest("alice@example.com/prod"), copies: map[string]facts.Copy{"west": to(east()), "east": is(facts.CopyPresent), "north": is(facts.CopyAbsent)}}
		p.later = onWest("alice@example.com/prod")
		p.later[0].Recorded = record
		got, err := locate.Locate(t.Context(), p.jaas(false), locate.Options{Model: "prod", Probe: true})
		if err != nil {
			t.Fatal(err)
		}
		if l := got.Locations[0]; l.State != want || l.Drift || l.Repair != "" || l.Recorded.UUID != record || l.Holder.Known() != (want == locate.StateActive) {
			t.Errorf("%s: %s on %q, recorded on %q, drift %v, repair %q", record, l.State, l.Holder, l.Recorded, l.Drift, l.Repair)
		}
	}
}

func TestLocateAsksADeadControllerOnce(t *testing.T) {
	var names []string
	for i := range 100 {
		names = append(names, fmt.Sprintf("alice@example.com/m%03d", i))
	}
	p := &places{models: onWest(names...), copies: map[string]facts.Copy{"west": {Err: errors.New("no route"), Unreachable: true}}}
	got, err := locate.Locate(t.Context(), p.jaas(false), locate.Options{Model: "*", Probe: true})
	if err != nil || len(got.Locations) != locate.DefaultLimit || got.Matches != 100 {
		t.Fatalf("%d locations, %v", len(got.Locations), err)
	}
	if p.asked["west"] > 16 || p.asked["east"] != 0 {
		t.Errorf("asked %v", p.asked)
	}
	for i, l := range got.Locations {
		if l.Model.Name != fmt.Sprintf("m%03d", i) || l.State != locate.StateUnknown || l.Drift || len(l.Silent) != 1 {
			t.Errorf("%d: %s is %s, drift %v", i, l.Model.Name, l.State, l.Drift)
		}
	}
}

// A list with gaps proves only what it contains.
func TestAListWithGaps(t *testing.T) {
	p := &places{models: onWest("alice@example.com/prod"), gaps: errors.New("cannot list 1 of 2 models"), info: facts.Info{Kind: facts.InfoLive, Controller: west().UUID, Life: "alive"}}
	for selector, good := range map[string]bool{modelUUID: true, "alice@example.com/prod": true, "prod": false, "staging": false} {
		_, err := migration.Check(t.Context(), p.jaas(false), migration.Options{Options: survey.Options{Model: selector, Target: "east"}})
		if (err == nil) != good {
			t.Errorf("Check %q: %v", selector, err)
		}
	}
	if got, err := locate.Locate(t.Context(), p.jaas(false), locate.Options{Model: "prod"}); err != nil || got.Gaps == nil {
		t.Errorf("Locate: %+v, %v", got, err)
	}
	if _, err := locate.Locate(t.Context(), p.jaas(false), locate.Options{Model: "staging"}); !errors.Is(err, p.gaps) {
		t.Errorf("Locate of what is not in the list: %v", err)
	}
	p.models = nil
	if _, err := locate.Locate(t.Context(), p.jaas(false), locate.Options{Model: "prod"}); !errors.Is(err, p.gaps) {
		t.Errorf("Locate without a list: %v", err)
	}
}

// A copy that could not be removed also answers logins, and JIMM's list may have the entry of the
// controller that the model has moved to.
func TestLocateIsNotTakenInByALeftOver(t *testing.T) {
	list := facts.Entry{Kind: facts.InfoListed, Recorded: west().UUID, Status: "available"}
	says := func(status string, text redact.Raw) facts.Info {
		return facts.InfoOfStatus(west().UUID, status, text, time.Unix(2, 0))
	}
	for _, c := range []struct {
		name   string
		word   facts.Info
		state  locate.State
		holder string
		drift  bool
	}{
		{"left over", says("available", "migrating: removing exported model failed: x"), locate.StateUnknown, "", true},
		{"migrating", says("busy", "migrating: exporting model"), locate.StateMigrating, "west", false},
		{"aborted", says("available", "migrating: aborted, removing model from target controller: x"), locate.StateActive, "west", false},
		{"importing", says("busy", "importing"), locate.StateUnknown, "", false},
		{"no answer", facts.Info{Kind: facts.InfoUnavailable}, locate.StateUnknown, "", false},
		{"a status that hides migrations", says("suspended", "the credential is not valid"), locate.StateUnknown, "", false},
		{"in use", says("available", ""), locate.StateActive, "west", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				host := facts.Host{Kind: facts.HostServes, Controller: west().UUID, Info: c.word}
				p := &places{models: onWest("alice@example.com/prod"), host: host}
				p.models[0].Entry = list
				got, err := locate.Locate(t.Context(), p.jaas(true), locate.Options{Model: "prod"})
				if err != nil {
					t.Fatal(err)
				}
				if l := got.Locations[0]; l.State != c.state || l.Holder.Name != c.holder || l.Drift != c.drift {
					t.Errorf("%s on %q, drift %v: %s", l.State, l.Holder, l.Drift, l.Proof)
				}
			})
		})
	}
}

// The error for a mistyped name contains the given name, the accepted forms, and the nearest names.
func TestAMistypedNameIsAnsweredWithTheNearest(t *testing.T) {
	models := []facts.Model{
		{UUID: modelUUID, Name: "prod", Owner: "alice@example.com"},
		{UUID: "11111111-0000-4000-8000-000000000002", Name: "staging", Owner: "bob@example.com"},
	}
	for selector, want := range map[string]string{
		"pord":                                 `JIMM has no model "pord"; did you mean alice@example.com/prod?`,
		"Prod":                                 `JIMM has no model "Prod"; did you mean alice@example.com/prod?`,
		"bob@example.com/stagin":               `JIMM has no model "bob@example.com/stagin"; did you mean bob@example.com/staging?`,
		"completely-different":                 `JIMM has no model "completely-different"`,
		modelUUID[:35]:                         `JIMM has no model "` + modelUUID[:35] + `"; a UUID has 36 characters, and this one has 35; did you mean alice@example.com/prod?`,
		modelUUID + "x":                        `JIMM has no model "` + modelUUID + `x"; a UUID has only digits, the letters a to f and hyphens, and this one has "x"; did you mean alice@example.com/prod?`,
		"model-" + modelUUID + "0":             `JIMM has no model "model-` + modelUUID + `0"; a UUID has 36 characters, and this one has 37; did you mean alice@example.com/prod?`,
		"11111111-OO00-4000-8000-000000000002": `JIMM has no model "11111111-OO00-4000-8000-000000000002"; a UUID has only digits, the letters a to f and hyphens, and this one has "OO"; did you mean bob@example.com/staging?`,
		strings.ReplaceAll(modelUUID, "-", ""): `JIMM has no model "` + strings.ReplaceAll(modelUUID, "-", "") + `"; a UUID has 36 characters, and this one has 32; did you mean alice@example.com/prod?`,
		"111111110-000-4000-8000-000000000002": `JIMM has no model "111111110-000-4000-8000-000000000002"; the hyphens of a UUID are in other places: 8-4-4-4-12 characters; did you mean bob@example.com/staging?`,
		"a-rather-long-name-for-production-1":  `JIMM has no model "a-rather-long-name-for-production-1"`,
		"pro*":                                 `"pro*" is a pattern, but one model is needed; did you mean alice@example.com/prod?`,
	} {
		if _, err := facts.Select(models, selector); err == nil || err.Error() != want {
			t.Errorf("Select(%q): %v\nwant %s", selector, err, want)
		}
	}
	controllers := facts.Controllers{{Name: "west", UUID: "AAAAAAAA-0000-4000-8000-000000000001"}, {Name: "east", UUID: "bbbbbbbb-0000-4000-8000-000000000002"}}
	for name, want := range map[string]string{"west": "west", " east": "east", "BBBBBBBB-0000-4000-8000-000000000002": "east", "East": "", "": ""} {
		if got, _ := controllers.Named(name); got.Name != want {
			t.Errorf("Named(%q) = %q, want %q", name, got.Name, want)
		}
	}
	if got := controllers.Nearest("Est"); len(got) == 0 || got[0] != "east" {
		t.Errorf("the nearest are %q", got)
	}
}

// slowList is a JIMM of 2026 that waits two minutes for a controller that hangs before it lists
// models, and answers at once from its database.
type slowList struct {
	*places
	survey.Witness
	noLookup bool // JIMM has no call for the record of one model: it is read from the list.
}

func (s slowList) Models(ctx context.Context) (facts.ModelList, error) {
	select {
	case <-ctx.Done():
		return facts.ModelList{}, ctx.Err()
	case <-time.After(2 * time.Minute):
		return s.places.Models(ctx)
	}
}

func (s slowList) Record(ctx context.Context, _ string) facts.Record {
	if s.noLookup {
		_, err := s.Models(ctx)
		return facts.Record{Err: err}
	}
	return facts.Record{State: facts.RecordAt, Controller: west().UUID}
}

func TestLocateByUUIDDoesNotWaitForAListThatHangs(t *testing.T) {
	present := facts.Copy{State: facts.CopyActive}
	for name, c := range map[string]struct {
		copies map[string]facts.Copy
		want   locate.State
		holder string
		limit  time.Duration // Two lists are not waited for if the record seems wrong.
	}{
		"where it is recorded": {map[string]facts.Copy{"west": present, "east": {State: facts.CopyAbsent}}, locate.StateActive, "west", locate.TimeForList},
		"moved":                {map[string]facts.Copy{"west": {State: facts.CopyMoved, To: east().UUID}, "east": present}, locate.StateMoved, "east", 2 * locate.TimeForList},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &places{copies: c.copies}
				jaas := p.jaas(true)
				slow := slowList{p, jaas.Witness, false}
				jaas.Fleet, jaas.Witness = slow, slow
				began := time.Now()
				found, err := locate.Locate(t.Context(), jaas, locate.Options{Model: strings.ToUpper(modelUUID), Probe: true})
				if err != nil || len(found.Locations) != 1 || found.Gaps == nil {
					t.Fatalf("%+v, %v", found, err)
				}
				if got := found.Locations[0]; got.State != c.want || got.Holder.Name != c.holder || time.Since(began) > c.limit {
					t.Errorf("%s on %q after %v: %s", got.State, got.Holder.Name, time.Since(began), got.Proof)
				}
			})
		})
	}
	for name, c := range map[string]struct {
		completes bool
		info      facts.Info
		host      facts.Host
	}{
		"before JIMM records by itself": {info: facts.Info{Kind: facts.InfoLive, Controller: west().UUID, Status: "available"}},
		"before ModelControllerInfo":    {completes: true, host: facts.Host{Kind: facts.HostServes, Controller: west().UUID, Info: facts.Info{Kind: facts.InfoLive, Controller: west().UUID, Status: "available"}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &places{copies: map[string]facts.Copy{"west": present, "east": {State: facts.CopyAbsent}}, info: c.info, host: c.host}
				jaas := p.jaas(c.completes)
				slow := slowList{p, jaas.Witness, true}
				jaas.Fleet, jaas.Witness = slow, slow
				began := time.Now()
				found, err := locate.Locate(t.Context(), jaas, locate.Options{Model: modelUUID, Probe: true})
				if err != nil || len(found.Locations) != 1 || found.Gaps == nil || time.Since(began) > 2*locate.TimeForList {
					t.Fatalf("%+v, %v after %v", found, err, time.Since(began))
				}
				if got := found.Locations[0]; got.State != locate.StateActive || got.Holder.Name != "west" || c.completes && p.infos > 0 {
					t.Errorf("%s on %q, %d descriptions asked: %s", got.State, got.Holder.Name, p.infos, got.Proof)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) { // Of a name JIMM's record says nothing.
		p := &places{models: []facts.Model{{UUID: modelUUID, Name: "prod", Owner: "alice@example.com", Recorded: west().UUID}}, copies: map[string]facts.Copy{"west": present}}
		jaas := p.jaas(true)
		slow := slowList{p, jaas.Witness, false}
		jaas.Fleet, jaas.Witness = slow, slow
		if found, err := locate.Locate(t.Context(), jaas, locate.Options{Model: "prod", Probe: true}); err != nil || found.Gaps != nil || len(found.Locations) != 1 {
			t.Errorf("%+v, %v", found, err)
		}
	})
}
