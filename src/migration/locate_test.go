package migration_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"jimm-migrator/src/migration"
)

// places is a JAAS in memory for looking only: what each witness says is set.
type places struct {
	models []migration.Model
	info   migration.Info
	host   migration.Host
	copies map[string]migration.Copy
	asked  map[string]int // Copies asked for, by controller name.
	infos  int
	hosts  int
	lists  int
	later  []migration.Model // What a second list has.
	gaps   error
	log    []migration.Request
	logErr error
}

func (p *places) jaas(completes bool) migration.JAAS {
	p.asked, p.lists = map[string]int{}, 0
	return migration.JAAS{Fleet: p, Witness: oneAtATime{p, make(chan struct{}, 1)}, Auditor: p, Traits: migration.Traits{Completes: completes, CLI: "jimmctl"}}
}

func (p *places) Controllers(context.Context) ([]migration.Controller, error) {
	return []migration.Controller{east(), north(), west()}, nil
}

func (p *places) Audit(context.Context, migration.Model) (migration.Audit, error) {
	return migration.Audit{Now: time.Now(), Requests: p.log}, p.logErr
}

func (p *places) Models(context.Context) ([]migration.Model, error) {
	p.lists++
	if p.lists > 1 && p.later != nil {
		return p.later, nil
	}
	return p.models, p.gaps
}

// oneAtATime serves the concurrent questions of the engine one by one.
type oneAtATime struct {
	*places
	free chan struct{}
}

func (o oneAtATime) Record(context.Context, string) migration.Record { return migration.Record{} }

func (o oneAtATime) Info(context.Context, string) migration.Info {
	o.infos++
	return o.info
}

func (o oneAtATime) Summary(context.Context, string) migration.Info { return migration.Info{} }

func (o oneAtATime) Host(context.Context, string) migration.Host {
	o.hosts++
	return o.host
}

func (o oneAtATime) Copy(_ context.Context, c migration.Controller, _ string) migration.Copy {
	o.free <- struct{}{}
	defer func() { <-o.free }()
	o.asked[c.Name]++
	return o.copies[c.Name]
}

func onWest(names ...string) []migration.Model {
	var out []migration.Model
	for _, full := range names {
		owner, name, _ := strings.Cut(full, "/")
		out = append(out, migration.Model{UUID: modelUUID, Name: name, Owner: owner, Recorded: west().UUID, Life: "alive"})
	}
	return out
}

func is(s migration.CopyState) migration.Copy { return migration.Copy{State: s} }

func to(c migration.Controller) migration.Copy {
	return migration.Copy{State: migration.CopyMoved, To: c.UUID}
}

// requests is an audit log with one entry, made when the migrations of TestLocate
// had just begun.
func requests(kind migration.RequestKind, target string) []migration.Request {
	return []migration.Request{{Kind: kind, Target: target, At: time.Unix(2, 0)}}
}

func TestLocate(t *testing.T) {
	absent := is(migration.CopyAbsent)
	present := is(migration.CopyPresent)
	silent := migration.Copy{Err: errors.New("no route")}
	inUse := migration.Info{Kind: migration.InfoLive, Controller: west().UUID, Status: "available"}
	running := inUse
	running.Attempt = migration.Attempt{Text: "exporting model", Start: time.Unix(1, 0)}
	anyList := inUse
	anyList.Listed = true
	reap := inUse
	reap.Attempt = migration.Attempt{Text: "removing exported model failed: x", Start: time.Unix(1, 0), End: time.Unix(2, 0)}
	anyRuns, anyReap := running, reap
	anyRuns.Listed, anyReap.Listed = true, true
	unlisted := migration.Info{Kind: migration.InfoUnlisted}
	success, idle := running, running
	success.Attempt.Text = "successful, removing model from source controller"
	idle.Attempt.Text = "aborted, removing model from target controller: x"

	for _, c := range []struct {
		name     string
		info     migration.Info
		host     migration.Host
		copies   map[string]migration.Copy
		noProbe  bool
		log      []migration.Request
		logErr   error
		state    migration.State
		holder   string
		drift    bool
		complete bool
		repair   string
		others   string
	}{
		{name: "where it is recorded", info: inUse, copies: map[string]migration.Copy{"west": present, "east": absent, "north": absent}, state: migration.StateActive, holder: "west", complete: true},
		{name: "one controller does not answer", info: inUse, copies: map[string]migration.Copy{"west": present, "east": silent, "north": absent}, state: migration.StateActive, holder: "west"},
		{name: "migrating", info: running, copies: map[string]migration.Copy{"west": present, "east": present, "north": absent}, state: migration.StateMigrating, holder: "west", complete: true},
		{name: "moved, redirected", copies: map[string]migration.Copy{"west": to(east()), "east": present, "north": absent}, state: migration.StateMoved, holder: "east", drift: true, complete: true, repair: "jimmctl update-migrated-model east " + modelUUID},
		{name: "moved twice", copies: map[string]migration.Copy{"west": to(east()), "east": to(north()), "north": present}, state: migration.StateMoved, holder: "north", drift: true, complete: true, repair: "jimmctl update-migrated-model north " + modelUUID},
		{name: "redirects in a circle", copies: map[string]migration.Copy{"west": to(east()), "east": to(west()), "north": absent}, state: migration.StateUnknown, drift: true},
		{name: "redirected to a stranger", copies: map[string]migration.Copy{"west": to(migration.Controller{UUID: "dddddddd-0000-4000-8000-000000000004"}), "east": absent, "north": absent}, state: migration.StateUnknown, drift: true},
		{name: "redirected, the other does not answer", copies: map[string]migration.Copy{"west": to(east()), "east": silent, "north": absent}, state: migration.StateUnknown, drift: true},
		{name: "never was where it is recorded", info: migration.Info{Kind: migration.InfoDenied}, copies: map[string]migration.Copy{"west": absent, "east": present, "north": absent}, state: migration.StateMoved, holder: "east", drift: true, complete: true, repair: "jimmctl update-migrated-model east " + modelUUID},
		{name: "nowhere", info: migration.Info{Kind: migration.InfoDenied}, copies: map[string]migration.Copy{"west": absent, "east": absent, "north": absent}, state: migration.StateAbsent, drift: true, complete: true},
		{name: "perhaps nowhere", info: migration.Info{Kind: migration.InfoDenied}, copies: map[string]migration.Copy{"west": absent, "east": silent, "north": absent}, state: migration.StateUnknown, drift: true},
		{name: "left over by a reap that failed", info: reap, copies: map[string]migration.Copy{"west": present, "east": present, "north": absent}, state: migration.StateMoved, holder: "east", drift: true, complete: true, repair: "jimmctl update-migrated-model east " + modelUUID},
		{name: "left over, and the other does not answer", info: reap, copies: map[string]migration.Copy{"west": present, "east": silent, "north": absent}, state: migration.StateUnknown, drift: true},
		{name: "left over, without probe", info: reap, noProbe: true, state: migration.StateUnknown, drift: true},
		{name: "migrating, past the point of no return", info: success, copies: map[string]migration.Copy{"west": present, "east": present, "north": absent}, state: migration.StateMigrating, holder: "east", complete: true},
		{name: "migrating, past the point of no return, without probe", info: success, noProbe: true, state: migration.StateMigrating, complete: true},
		{name: "aborted without an end", info: idle, copies: map[string]migration.Copy{"west": present, "east": absent, "north": absent}, state: migration.StateActive, holder: "west", complete: true},
		{name: "the source denies and still has a copy", info: migration.Info{Kind: migration.InfoDenied}, copies: map[string]migration.Copy{"west": present, "east": present, "north": absent}, state: migration.StateUnknown},
		{name: "redirected through JIMM, one other has it", info: migration.Info{Kind: migration.InfoRedirected}, copies: map[string]migration.Copy{"west": silent, "east": present, "north": absent}, state: migration.StateMoved, holder: "east", drift: true, repair: "jimmctl update-migrated-model east " + modelUUID},
		{name: "redirected through JIMM, another is silent", info: migration.Info{Kind: migration.InfoRedirected}, copies: map[string]migration.Copy{"west": silent, "east": present, "north": silent}, state: migration.StateUnknown, drift: true},
		{name: "its own answers contradict each other", info: inUse, copies: map[string]migration.Copy{"west": absent, "east": present, "north": absent}, state: migration.StateUnknown},
		{name: "redirected to nobody knows where", copies: map[string]migration.Copy{"west": is(migration.CopyMoved), "east": absent, "north": absent}, state: migration.StateUnknown, drift: true},
		{name: "a left-over elsewhere stays on show", copies: map[string]migration.Copy{"west": to(east()), "east": present, "north": present}, state: migration.StateMoved, holder: "east", drift: true, complete: true, repair: "jimmctl update-migrated-model east " + modelUUID, others: "north"},
		{name: "a copy elsewhere, listed by anybody", info: anyList, copies: map[string]migration.Copy{"west": present, "east": present, "north": absent}, state: migration.StateUnknown, others: "east"},
		{name: "migrating, listed by anybody", info: anyRuns, copies: map[string]migration.Copy{"west": present, "east": absent, "north": absent}, state: migration.StateMigrating, holder: "west", complete: true},
		{name: "migrating, listed by anybody, not by the recorded one", info: anyRuns, copies: map[string]migration.Copy{"west": absent, "east": present, "north": absent}, state: migration.StateMigrating, holder: "east", drift: true, complete: true},
		{name: "migrating, listed by either of two, the record never changed", info: anyRuns, copies: map[string]migration.Copy{"west": present, "east": present, "north": absent}, state: migration.StateMigrating, holder: "west", complete: true},
		{name: "migrating, listed by either of two, asked to go away", info: anyRuns, copies: map[string]migration.Copy{"west": present, "east": present, "north": absent}, log: requests(migration.RequestMigrate, "east"), state: migration.StateMigrating, holder: "west", complete: true},
		{name: "migrating, listed by either of two, recorded too early", info: anyRuns, copies: map[string]migration.Copy{"west": present, "east": present, "north": absent}, log: requests(migration.RequestRecord, "west"), state: migration.StateMigrating, complete: true},
		{name: "migrating, listed by either of two, asked to come", info: anyRuns, copies: map[string]migration.Copy{"west": present, "east": present, "north": absent}, log: requests(migration.RequestMigrate, "west"), state: migration.StateMigrating, complete: true},
		{name: "migrating, listed by either of two, JIMM does not tell what it was asked", info: anyRuns, copies: map[string]migration.Copy{"west": present, "east": present, "north": absent}, logErr: errors.New("timeout"), state: migration.StateMigrating, complete: true},
		{name: "migrating, listed by anybody, without probe", info: anyRuns, host: migration.Host{Kind: migration.HostServes, Controller: west().UUID}, noProbe: true, state: migration.StateMigrating, complete: true},
		{name: "left over, listed by another", info: anyReap, copies: map[string]migration.Copy{"west": absent, "east": present, "north": absent}, state: migration.StateUnknown, drift: true},
		{name: "listed by anybody, without probe, a login tells", info: anyList, host: migration.Host{Kind: migration.HostServes, Controller: west().UUID}, noProbe: true, state: migration.StateActive, holder: "west", complete: true},
		{name: "listed by anybody, without probe, nobody tells", info: anyList, noProbe: true, state: migration.StateUnknown},
		{name: "listed by anybody, moved", info: anyList, copies: map[string]migration.Copy{"west": absent, "east": present, "north": absent}, state: migration.StateMoved, holder: "east", drift: true, complete: true, repair: "jimmctl update-migrated-model east " + modelUUID},
		{name: "not listed, and not all tell", info: unlisted, copies: map[string]migration.Copy{"west": present, "east": silent, "north": absent}, state: migration.StateUnknown},
		{name: "not listed, and nobody else has it", info: unlisted, copies: map[string]migration.Copy{"west": present, "east": absent, "north": absent}, state: migration.StateActive, holder: "west", complete: true},
		{name: "a login is answered by another than the recorded one", info: migration.Info{Kind: migration.InfoUnavailable}, host: migration.Host{Kind: migration.HostServes, Controller: east().UUID}, noProbe: true, state: migration.StateUnknown, holder: "east"},
		{name: "two in use", info: inUse, copies: map[string]migration.Copy{"west": is(migration.CopyActive), "east": is(migration.CopyActive), "north": absent}, state: migration.StateConflict, complete: true},
		{name: "the recorded one is silent, no drift is claimed", info: migration.Info{Kind: migration.InfoUnavailable}, copies: map[string]migration.Copy{"west": silent, "east": present, "north": absent}, state: migration.StateUnknown},
		{name: "without probe", info: inUse, noProbe: true, state: migration.StateActive, holder: "west", complete: true},
		{name: "without probe, a login tells", info: migration.Info{Kind: migration.InfoUnavailable}, host: migration.Host{Kind: migration.HostServes, Controller: west().UUID}, noProbe: true, state: migration.StateActive, holder: "west", complete: true},
		{name: "without probe, logins are refused", info: migration.Info{Kind: migration.InfoDenied}, host: migration.Host{Kind: migration.HostRefused}, noProbe: true, state: migration.StateUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &places{models: onWest("alice@example.com/prod"), info: c.info, host: c.host, copies: c.copies, log: c.log, logErr: c.logErr}
			if c.info.Listed || c.info.Kind == migration.InfoUnlisted {
				p.models[0].Live = c.info
			}
			got, err := migration.Locate(t.Context(), p.jaas(false), migration.LocateOptions{Model: "prod", Probe: !c.noProbe})
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
			if p.hosts > 1 {
				t.Errorf("%d logins to the model", p.hosts)
			}
		})
	}
}

func TestLocateDoesNotAskAJIMMThatForgets(t *testing.T) {
	p := &places{models: onWest("alice@example.com/prod"), copies: map[string]migration.Copy{"west": to(east()), "east": is(migration.CopyPresent)}}
	p.models[0].Live = migration.Info{Kind: migration.InfoUnlisted}
	if _, err := migration.Locate(t.Context(), p.jaas(true), migration.LocateOptions{Model: "prod", Probe: true}); err != nil || p.infos != 0 {
		t.Errorf("asked %d times, %v", p.infos, err)
	}
}

func TestLocateManyAsksEachRecordedControllerOnce(t *testing.T) {
	p := &places{models: onWest("alice@example.com/prod", "bob@example.com/prod", "bob@example.com/test"), copies: map[string]migration.Copy{"west": is(migration.CopyPresent)}}
	got, err := migration.Locate(t.Context(), p.jaas(false), migration.LocateOptions{Model: "prod", Probe: true})
	if err != nil || got.Matches != 2 || got.Known != 3 || len(got.Locations) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	if p.asked["west"] != 2 || p.asked["east"] != 0 || p.infos != 0 {
		t.Errorf("asked %v, infos %d", p.asked, p.infos)
	}
	page, err := migration.Locate(t.Context(), p.jaas(false), migration.LocateOptions{Model: "*", Probe: true, Skip: 2, Limit: 2})
	if err != nil || page.Matches != 3 || len(page.Locations) != 1 || page.Locations[0].Model.FullName() != "bob@example.com/test" {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestLocateErrors(t *testing.T) {
	p := &places{models: onWest("alice@example.com/prod")}
	if _, err := migration.Locate(t.Context(), p.jaas(false), migration.LocateOptions{Model: "staging"}); err == nil || !strings.Contains(err.Error(), `"staging"`) {
		t.Errorf("unknown model: %v", err)
	}
	if _, err := migration.Locate(t.Context(), p.jaas(false), migration.LocateOptions{Model: "[a"}); err == nil || !strings.Contains(err.Error(), `"[a"`) {
		t.Errorf("bad pattern: %v", err)
	}
}

func TestSelect(t *testing.T) {
	models := []migration.Model{
		{UUID: modelUUID, Name: "prod", Owner: "alice@example.com"},
		{UUID: "11111111-0000-4000-8000-000000000001", Name: "prod", Owner: "bob@example.com"},
		{UUID: "11111111-0000-4000-8000-000000000002", Name: "test", Owner: "bob@example.com"},
	}
	for selector, want := range map[string]string{
		modelUUID: "alice@example.com/prod", "bob@example.com/prod": "bob@example.com/prod", "test": "bob@example.com/test",
		"prod": "", "pro": "", "*": "", "": "", "alice@example.com/": "", strings.ToUpper(modelUUID): "",
	} {
		got, err := migration.Select(models, selector)
		if want == "" {
			if _, ok := errors.AsType[*migration.SelectError](err); !ok {
				t.Errorf("Select(%q) = %v, %v", selector, got, err)
			}
			continue
		}
		if err != nil || got.FullName() != want {
			t.Errorf("Select(%q) = %v, %v", selector, got, err)
		}
	}
	_, err := migration.Select(models, "prod")
	if err == nil || !strings.Contains(err.Error(), "alice@example.com/prod ("+modelUUID+"), bob@example.com/prod") {
		t.Errorf("an ambiguous name must list the candidates: %v", err)
	}
}

// JIMM, or another run, puts the record right while the controllers are asked.
func TestLocateReadsTheRecordAgainBeforeItClaimsDrift(t *testing.T) {
	for record, want := range map[string]migration.State{east().UUID: migration.StateActive, north().UUID: migration.StateUnknown} {
		p := &places{models: onWest("alice@example.com/prod"), copies: map[string]migration.Copy{"west": to(east()), "east": is(migration.CopyPresent), "north": is(migration.CopyAbsent)}}
		p.later = onWest("alice@example.com/prod")
		p.later[0].Recorded = record
		got, err := migration.Locate(t.Context(), p.jaas(false), migration.LocateOptions{Model: "prod", Probe: true})
		if err != nil {
			t.Fatal(err)
		}
		if l := got.Locations[0]; l.State != want || l.Drift || l.Repair != "" || l.Recorded.UUID != record || l.Holder.Known() != (want == migration.StateActive) {
			t.Errorf("%s: %s on %q, recorded on %q, drift %v, repair %q", record, l.State, l.Holder, l.Recorded, l.Drift, l.Repair)
		}
	}
}

func TestLocateAsksADeadControllerOnce(t *testing.T) {
	var names []string
	for i := range 100 {
		names = append(names, fmt.Sprintf("alice@example.com/m%03d", i))
	}
	p := &places{models: onWest(names...), copies: map[string]migration.Copy{"west": {Err: errors.New("no route"), Unreachable: true}}}
	got, err := migration.Locate(t.Context(), p.jaas(false), migration.LocateOptions{Model: "*", Probe: true})
	if err != nil || len(got.Locations) != migration.DefaultLimit || got.Matches != 100 {
		t.Fatalf("%d locations, %v", len(got.Locations), err)
	}
	if p.asked["west"] > 16 || p.asked["east"] != 0 {
		t.Errorf("asked %v", p.asked)
	}
	for i, l := range got.Locations {
		if l.Model.Name != fmt.Sprintf("m%03d", i) || l.State != migration.StateUnknown || l.Drift || len(l.Silent) != 1 {
			t.Errorf("%d: %s is %s, drift %v", i, l.Model.Name, l.State, l.Drift)
		}
	}
}

// A list with gaps is good for what is in it, and for nothing else.
func TestAListWithGaps(t *testing.T) {
	p := &places{models: onWest("alice@example.com/prod"), gaps: errors.New("cannot list 1 of 2 models"), info: migration.Info{Kind: migration.InfoLive, Controller: west().UUID, Life: "alive"}}
	for selector, good := range map[string]bool{modelUUID: true, "alice@example.com/prod": true, "prod": false, "staging": false} {
		_, err := migration.Check(t.Context(), p.jaas(false), migration.Options{Model: selector, Target: "east"})
		if (err == nil) != good {
			t.Errorf("Check %q: %v", selector, err)
		}
	}
	if got, err := migration.Locate(t.Context(), p.jaas(false), migration.LocateOptions{Model: "prod"}); err != nil || got.Gaps == nil {
		t.Errorf("Locate: %+v, %v", got, err)
	}
	if _, err := migration.Locate(t.Context(), p.jaas(false), migration.LocateOptions{Model: "staging"}); !errors.Is(err, p.gaps) {
		t.Errorf("Locate of what is not in the list: %v", err)
	}
	p.models = nil
	if _, err := migration.Locate(t.Context(), p.jaas(false), migration.LocateOptions{Model: "prod"}); !errors.Is(err, p.gaps) {
		t.Errorf("Locate without a list: %v", err)
	}
}

// A copy that could not be removed serves logins, too, and JIMM's list may have the
// entry of the controller that the model went to.
func TestLocateIsNotTakenInByALeftOver(t *testing.T) {
	list := migration.Info{Kind: migration.InfoLive, Controller: west().UUID, Status: "available", Listed: true}
	reap := migration.Info{Kind: migration.InfoLive, Controller: west().UUID, Attempt: migration.Attempt{Text: "removing exported model failed: x", Start: time.Unix(1, 0), End: time.Unix(2, 0)}}
	runs := reap
	runs.Attempt = migration.Attempt{Text: "exporting model", Start: time.Unix(1, 0)}
	for _, c := range []struct {
		name    string
		details migration.Info
		state   migration.State
		holder  string
		drift   bool
	}{
		{"left over", reap, migration.StateUnknown, "", true},
		{"migrating", runs, migration.StateMigrating, "west", false},
		{"importing", migration.Info{Kind: migration.InfoLive, Controller: west().UUID, Status: "busy", StatusText: "importing"}, migration.StateUnknown, "", false},
		{"no answer", migration.Info{Kind: migration.InfoUnavailable}, migration.StateUnknown, "", false},
		{"in use", migration.Info{Kind: migration.InfoLive, Controller: west().UUID, Status: "available"}, migration.StateActive, "west", false},
	} {
		p := &places{models: onWest("alice@example.com/prod"), info: c.details, host: migration.Host{Kind: migration.HostServes, Controller: west().UUID}}
		p.models[0].Live = list
		got, err := migration.Locate(t.Context(), p.jaas(true), migration.LocateOptions{Model: "prod"})
		if err != nil {
			t.Fatal(err)
		}
		if l := got.Locations[0]; l.State != c.state || l.Holder.Name != c.holder || l.Drift != c.drift {
			t.Errorf("%s: %s on %q, drift %v: %s", c.name, l.State, l.Holder, l.Drift, l.Proof)
		}
	}
}
