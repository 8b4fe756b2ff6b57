package fleet_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration/facts"
)

func asked(targets ...string) []facts.Request {
	var out []facts.Request
	for _, target := range targets {
		out = append(out, facts.Request{Kind: facts.RequestMigrate, Target: target, At: now.Add(-time.Hour)})
	}
	return out
}

// TestDepartureNeedsBothWitnesses tries everything that the log and the controllers can report about a model that JIMM
// records on the old controller, or on another.
func TestDepartureNeedsBothWitnesses(t *testing.T) {
	var copies []facts.Copy
	for state := facts.CopyUnknown; state <= facts.CopyExporting; state++ {
		for _, target := range []string{"", "east", "north", "west", "gone"} {
			if target == "" || state == facts.CopyMoved {
				copies = append(copies, facts.Copy{State: state, To: map[bool]facts.ControllerUUID{false: controllerUUID(target)}[target == ""]})
			}
		}
	}
	logs := [][]facts.Request{nil, asked("east"), asked("north"), asked("north", "east"), asked("west"), {{Kind: facts.RequestRecord, Target: "east"}}}
	reasons := map[fleet.Reason]int{}
	for _, recorded := range []string{"east", "west", "gone"} {
		s := jaas(model("a", recorded, 4))
		west, _ := s.Controller("west")
		for n, log := range logs {
			for _, old := range copies {
				for _, other := range copies {
					said := fleet.Testimony{Model: uuid("a"), Asked: log, Said: map[facts.ControllerUUID]facts.Copy{controllerUUID("west"): old, controllerUUID("north"): other}}
					got := said.Departed(s, west)
					reasons[got.Reason]++
					proved := recorded == "east" && (n == 1 || n == 3) && old.State == facts.CopyMoved && old.To == controllerUUID("east") &&
						(other.State == facts.CopyAbsent || other.State == facts.CopyMoved && other.To != "" && other.To != controllerUUID("east"))
					if (got.Reason == "") != proved || (got.Detail == "") != proved || got.Model != uuid("a") || got.From != "west" {
						t.Fatalf("on %s, log %d, west %+v, north %+v: %+v", recorded, n, old, other, got)
					}
				}
			}
		}
	}
	for _, r := range []fleet.Reason{"", fleet.LeftAmbiguous, fleet.LeftMovedOn, fleet.LeftNoAnswer, fleet.LeftNoRedirect, fleet.LeftNotInLog, fleet.LeftStillThere} {
		if reasons[r] == 0 {
			t.Errorf("nothing is %q", r)
		}
	}
	s := jaas()
	west, _ := s.Controller("west")
	if got := (fleet.Testimony{Model: uuid("a")}).Departed(s, west); got.Reason != fleet.LeftStillThere {
		t.Errorf("a model that JIMM does not know: %+v", got)
	}
	silent := fleet.Testimony{Model: uuid("a"), Said: map[facts.ControllerUUID]facts.Copy{controllerUUID("west"): {Err: errors.New("connection refused")}}}
	if got := silent.Departed(jaas(model("a", "east", 4)), west); !strings.Contains(got.Detail, "connection refused") {
		t.Errorf("why it did not say so: %+v", got)
	}
}

// TestDepartureIsTheLastOne plays all histories of four moves between three controllers, with and without JIMM, of
// which the log has the end: the last move of the model is proved.
func TestDepartureIsTheLastOne(t *testing.T) {
	names := []string{"east", "north", "west"}
	const moves = 4
	proofs, missed := 0, 0
	for code := range 3 * 1 << (2 * moves) {
		at, redirects, last := code%3, map[int]int{}, -1
		var log []string
		for i := range moves {
			bits := code / 3 >> (2 * i) & 3
			to := (at + 1 + bits&1) % 3
			delete(redirects, to)
			redirects[at], last, at = to, at, to
			if bits&2 == 0 {
				log = append(log, names[to])
			}
		}
		s := jaas(model("a", names[at], 4))
		for keep := range len(log) + 1 {
			for silent := -1; silent < 3; silent++ {
				said := fleet.Testimony{Model: uuid("a"), Asked: asked(log[len(log)-keep:]...), Said: map[facts.ControllerUUID]facts.Copy{}}
				for c, name := range names {
					to, left := redirects[c]
					switch {
					case c == silent:
					case c == at:
						said.Said[controllerUUID(name)] = facts.Copy{State: facts.CopyPresent}
					case left:
						said.Said[controllerUUID(name)] = facts.Copy{State: facts.CopyMoved, To: controllerUUID(names[to])}
					default:
						said.Said[controllerUUID(name)] = facts.Copy{State: facts.CopyAbsent}
					}
				}
				for c, name := range names {
					from, _ := s.Controller(name)
					switch got := said.Departed(s, from); {
					case got.Reason == "" && c != last:
						t.Fatalf("it left %s last; %s is said: redirects %v, log %v, silent %d", names[last], name, redirects, log, silent)
					case got.Reason == "":
						proofs++
					case c == last:
						missed++
					}
				}
			}
		}
	}
	if proofs == 0 || missed == 0 {
		t.Errorf("%d proofs, %d departures without", proofs, missed)
	}
}

// answering answers for controllers.
type answering struct {
	said map[string]facts.Copy // by controller and model

	mu    sync.Mutex
	asked []string
}

func (w *answering) Copy(_ context.Context, c facts.Controller, model string) facts.Copy {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, c.Name+" "+model)
	if got, ok := w.said[c.Name+" "+model]; ok {
		return got
	}
	return facts.Copy{State: facts.CopyAbsent}
}

func TestTheWayBackByLogAndRedirects(t *testing.T) {
	s := jaas(model("moved", "east", 4), model("fromnorth", "east", 2), model("onward", "north", 2), model("behind", "east", 2), model("home", "west", 2), model("other", "east", 2))
	s.Controllers[2].AgentVersion = "3.6.28"
	log := &scribe{clock: now}
	for name, target := range map[string]string{"moved": "east", "fromnorth": "east", "onward": "east"} {
		log.list = append(log.list, fleet.Asked{Request: facts.Request{Kind: facts.RequestMigrate, Target: target, At: now.Add(-time.Hour)}, Model: uuid(name), Key: name})
	}
	book := fleet.NewBook(log, 24*time.Hour, time.Hour)
	if err := book.Refresh(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	to := facts.Copy{State: facts.CopyMoved, To: controllerUUID("east")}
	w := &answering{said: map[string]facts.Copy{"west " + uuid("moved"): to, "west " + uuid("onward"): to, "west " + uuid("behind"): to}}
	west, _ := s.Controller("west")
	plan := func(p fleet.Policy) (fleet.Plan, error) {
		heard, err := fleet.Testimonies(t.Context(), s, p, west, book, w)
		if err != nil {
			return fleet.Plan{}, err
		}
		var list []fleet.Departure
		for _, x := range heard {
			list = append(list, x.Departed(s, west))
		}
		return fleet.MakeReverse(s, p, list, nil)
	}
	p, err := plan(fleet.Policy{From: "west"})
	if err != nil || routes(p) != "moved east>west" || lefts(p) != "moved-on onward, no-redirect fromnorth" {
		t.Errorf("moves %q, leaves %q, %v", routes(p), lefts(p), err)
	}
	if n := len(w.asked); n != 4 {
		t.Errorf("asked %d times: %v; north only about the one that west redirects to where it is recorded", n, w.asked)
	}
	p, err = plan(fleet.Policy{From: "west", Models: []string{uuid("moved"), uuid("behind"), uuid("home"), "other"}})
	if err != nil || routes(p) != "moved east>west" || lefts(p) != "no-redirect other, not-in-log behind, still-there home" {
		t.Errorf("named: moves %q, leaves %q, %v", routes(p), lefts(p), err)
	}
	if _, err := plan(fleet.Policy{From: "west", Models: []string{"typo"}}); err == nil || !strings.Contains(err.Error(), `JIMM has no model "typo"`) {
		t.Errorf("a name misspelt: %v", err)
	}
	if _, err := plan(fleet.Policy{From: "west", Models: []string{"other*"}}); err == nil || !strings.Contains(err.Error(), "JIMM's audit log has no request") {
		t.Errorf("none: %v", err)
	}
	s.JIMMModel, s.Edges.List = uuid("jimm"), []fleet.Edge{{Offerer: uuid("jimm"), Consumer: uuid("moved")}}
	if p, err := plan(fleet.Policy{From: "west", Models: []string{"moved"}}); err != nil || lefts(p) != "jimm-neighbour moved" {
		t.Errorf("a neighbour of JIMM: moves %q, leaves %q, %v", routes(p), lefts(p), err)
	}
	s.Controllers[2].Status = "deprecated"
	if _, err := plan(fleet.Policy{From: "west"}); err == nil || !strings.Contains(err.Error(), "is cordoned") {
		t.Errorf("cordoned: %v", err)
	}
}

// scribe writes a log.
type scribe struct {
	clock time.Time
	list  []fleet.Asked
}

func (l *scribe) Clock(context.Context) (time.Time, error) { return l.clock, nil }

func (l *scribe) Asked(_ context.Context, since time.Time) ([]fleet.Asked, error) {
	var out []fleet.Asked
	for _, a := range l.list {
		if !a.At.Before(since) {
			out = append(out, a)
		}
	}
	return out, nil
}
