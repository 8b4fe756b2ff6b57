package fleet_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// checkedJAAS answers the questions of the checks from a snapshot. Models that are sick
// for a target have a half-imported copy there.
type checkedJAAS struct {
	survey.Witness
	snapshot fleet.Snapshot
	sick     map[string][]string
	fails    error
	open     *atomic.Int32 // views that were not ended
	asked    *atomic.Int32 // models that were checked
}

func (j checkedJAAS) Controllers(context.Context) ([]facts.Controller, error) {
	return j.snapshot.Controllers, j.fails
}

func (j checkedJAAS) Models(context.Context) (facts.ModelList, error) {
	return facts.ModelList{Models: j.snapshot.Models}, j.fails
}

func (checkedJAAS) Audit(context.Context, facts.Model) (facts.Audit, error) {
	return facts.Audit{}, nil
}

func (j checkedJAAS) Record(_ context.Context, model string) facts.Record {
	for _, m := range j.snapshot.Models {
		if m.UUID == model {
			return facts.Record{State: facts.RecordAt, Controller: m.Recorded}
		}
	}
	return facts.Record{}
}

func (checkedJAAS) Info(context.Context, string) facts.Info {
	return facts.Info{Kind: facts.InfoLive}
}

func (checkedJAAS) Summary(context.Context, string) facts.Entry {
	return facts.Entry{}
}

func (checkedJAAS) Host(context.Context, string, facts.ControllerUUID) facts.Host {
	return facts.Host{}
}

func (j checkedJAAS) Copy(_ context.Context, c facts.Controller, model string) facts.Copy {
	switch {
	case j.Record(context.Background(), model).Controller == c.UUID:
		return facts.Copy{State: facts.CopyActive}
	case slices.Contains(j.sick[model], c.Name):
		return facts.Copy{State: facts.CopyImporting}
	default:
		return facts.Copy{State: facts.CopyAbsent}
	}
}

func (j checkedJAAS) full() *fleet.FullChecks {
	return &fleet.FullChecks{
		View: func(string, bool) (survey.JAAS, func()) {
			j.asked.Add(1)
			j.open.Add(1)
			return survey.JAAS{Fleet: j, Witness: j, Auditor: j}, func() { j.open.Add(-1) }
		},
		Model: migration.Options{Options: survey.Options{Probe: true}},
	}
}

func newChecked(models ...facts.Model) checkedJAAS {
	j := checkedJAAS{snapshot: jaas(models...), sick: map[string][]string{}, open: &atomic.Int32{}, asked: &atomic.Int32{}}
	for i := range j.snapshot.Controllers {
		j.snapshot.Controllers[i].Addresses = []string{"10.0.0.1:17070"}
	}
	return j
}

func drainTo(targets ...string) func(fleet.Snapshot) (fleet.Plan, error) {
	return func(s fleet.Snapshot) (fleet.Plan, error) {
		return fleet.Make(s, fleet.Policy{Goal: fleet.Drain, From: "west", Targets: to(targets...)})
	}
}

// A model that a check refuses for one target goes to another; one that is refused for
// every target stays, with the check as the reason. No pair is checked twice.
func TestFullChecksPlanAround(t *testing.T) {
	j := newChecked(model("a", "west", 2), model("b", "west", 4), model("c", "west", 6))
	j.sick[uuid("a")] = []string{"east"}
	j.sick[uuid("b")] = []string{"east", "north"}
	full := j.full()
	last := 0
	full.Report = func(done, all int) {
		if done > all || done < last {
			t.Errorf("%d of %d are done, after %d", done, all, last)
		}
		last = done
	}
	p, err := full.Plan(t.Context(), j.snapshot, drainTo("east", "north"))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Moves) != 2 || len(p.Left) != 1 || p.Left[0].Reason != "target-copy" || !strings.Contains(p.Left[0].Detail, "east: ") {
		t.Errorf("%s; left %+v", routes(p), p.Left)
	}
	for _, e := range p.Moves {
		if slices.Contains(j.sick[e.Model], e.Target()) {
			t.Errorf("%s goes to %s, which a check forbids", e.Name, e.Target())
		}
	}
	if passed := full.Passed(p); len(passed) != 2 {
		t.Errorf("passed: %+v", passed)
	}
	var ofB []string
	for _, r := range full.Refused() {
		if r.Refusal.Check != "target-copy" || !slices.Contains(j.sick[r.Entry.Model], r.Entry.First()) {
			t.Errorf("refused: %s to %s, %+v", r.Entry.Name, r.Entry.First(), r.Refusal)
		}
		if r.Entry.Model == uuid("b") {
			ofB = append(ofB, r.Entry.First())
		}
	}
	if !slices.Equal(ofB, []string{"east", "north"}) {
		t.Errorf("b is refused on %v", ofB)
	}
	if n := int(j.asked.Load()); n != last || n < 4 || n > 6 {
		t.Errorf("%d pairs were checked, of 6; %d were reported", n, last)
	}
	if j.open.Load() != 0 {
		t.Errorf("%d views are open", j.open.Load())
	}
	read, err := fleet.Parse(p.Text())
	if err != nil || read.Checks != fleet.ChecksFull || !strings.Contains(p.Text(), "\nchecks full\n") {
		t.Errorf("the text says %q: %v", read.Checks, err)
	}
}

// A model that is already migrating is not checked, nor is one that is upgraded
// before it is migrated.
func TestFullChecksLeaveWhatMoves(t *testing.T) {
	j := newChecked(model("a", "west", 2), model("b", "west", 4))
	j.snapshot.Moving = []fleet.Flight{{Model: uuid("a"), Source: "west", Target: "east"}}
	full := j.full()
	p, err := full.Plan(t.Context(), j.snapshot, drainTo("east"))
	if err != nil || routes(p) != "a west>east, b west>east" || j.asked.Load() != 1 || len(full.Passed(p)) != 1 {
		t.Errorf("%s, %d checked, %v", routes(p), j.asked.Load(), err)
	}
	j = newChecked(model("a", "west", 2))
	for i := range j.snapshot.Controllers {
		if j.snapshot.Controllers[i].Name == "west" {
			j.snapshot.Controllers[i].AgentVersion = "3.6.20"
		}
	}
	p, err = j.full().Plan(t.Context(), j.snapshot, func(s fleet.Snapshot) (fleet.Plan, error) {
		return fleet.MakeUpgrade(s, fleet.Policy{Models: []string{"a"}}, "3.6.20")
	})
	if err != nil || len(p.Moves) != 1 || j.asked.Load() != 0 {
		t.Errorf("%+v, %d checked, %v", p.Moves, j.asked.Load(), err)
	}
}

// If JIMM stops listing, planning ends: a model that was not checked must not count as
// checked.
func TestFullChecksNeedTheLists(t *testing.T) {
	j := newChecked(model("a", "west", 2))
	j.fails = errors.New("JIMM is away")
	_, err := j.full().Plan(t.Context(), j.snapshot, drainTo("east"))
	if err == nil || !strings.Contains(err.Error(), "cannot check alice@example.com/a: ") || !strings.Contains(err.Error(), "JIMM is away") {
		t.Errorf("got %v", err)
	}
	if j.open.Load() != 0 {
		t.Error("a view is open")
	}
}
