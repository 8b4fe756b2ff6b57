package judge_test

import (
	"slices"
	"testing"
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/redact"
)

func TestPlaceReadsOneObservation(t *testing.T) {
	west, east := controller("west", "3.6.28"), controller("east", "3.6.28")
	live := facts.Info{Kind: facts.InfoLive, Controller: west.UUID, Status: "available"}
	with := func(text string, ended bool) facts.Info {
		i := live
		i.Status, i.Attempt = "busy", facts.Attempt{Text: redact.Raw(text), Start: time.Unix(1, 0)}
		if ended {
			i.Attempt.End = time.Unix(2, 0)
		}
		return i
	}
	listed := func(i facts.Info) facts.Info {
		i.Kind = facts.InfoListed
		return i
	}
	importing := live
	importing.Status, importing.StatusText = "busy", "importing"
	only := func(kind facts.InfoKind) facts.Info { return facts.Info{Kind: kind} }
	for _, c := range []struct {
		name     string
		info     facts.Info
		own, far facts.CopyState
		want     judge.Placement
	}{
		{"no controller answers", only(facts.InfoUnavailable), facts.CopyUnknown, facts.CopyUnknown, judge.Unplaced},
		{"two host it", only(facts.InfoUnavailable), facts.CopyActive, facts.CopyActive, judge.InUseTwice},
		{"two host it while it moves", with("successful, transferring logs", false), facts.CopyActive, facts.CopyActive, judge.Moving},
		{"a migration is running", with("exporting model", false), facts.CopyExporting, facts.CopyAbsent, judge.Moving},
		{"running, and the probe was redirected", with("exporting model", false), facts.CopyMoved, facts.CopyAbsent, judge.Moving},
		{"listed as running, and redirected", listed(with("exporting model", false)), facts.CopyMoved, facts.CopyAbsent, judge.Departed},
		{"listed as running, and absent", listed(with("exporting model", false)), facts.CopyAbsent, facts.CopyActive, judge.MovingElsewhere},
		{"listed as running", listed(with("exporting model", false)), facts.CopyUnknown, facts.CopyUnknown, judge.Moving},
		{"a copy could not be removed", with("removing exported model failed: x", true), facts.CopyExporting, facts.CopyActive, judge.LeftOver},
		{"it redirects", only(facts.InfoUnavailable), facts.CopyMoved, facts.CopyUnknown, judge.Departed},
		{"it redirects JIMM", only(facts.InfoRedirected), facts.CopyPresent, facts.CopyUnknown, judge.Redirected},
		{"it imports", only(facts.InfoUnavailable), facts.CopyImporting, facts.CopyActive, judge.HalfImported},
		{"it imports, as JIMM says", importing, facts.CopyUnknown, facts.CopyUnknown, judge.HalfImported},
		{"in use, and refused to JIMM", only(facts.InfoDenied), facts.CopyActive, facts.CopyAbsent, judge.Hosted},
		{"a copy, and refused to JIMM", only(facts.InfoBroken), facts.CopyPresent, facts.CopyAbsent, judge.Undescribed},
		{"refused to JIMM", only(facts.InfoDenied), facts.CopyUnknown, facts.CopyUnknown, judge.Undescribed},
		{"absent, and refused to JIMM", only(facts.InfoDenied), facts.CopyAbsent, facts.CopyUnknown, judge.Absent},
		{"described", live, facts.CopyUnknown, facts.CopyUnknown, judge.Hosted},
		{"an abort is over", with("aborted, removing model from target controller: x", true), facts.CopyPresent, facts.CopyAbsent, judge.Hosted},
		{"a copy", only(facts.InfoUnlisted), facts.CopyPresent, facts.CopyUnknown, judge.Copied},
		{"a copy, and an entry of the list", listed(live), facts.CopyPresent, facts.CopyPresent, judge.Copied},
		{"an entry of the list", listed(live), facts.CopyUnknown, facts.CopyUnknown, judge.Listed},
	} {
		o := facts.Observation{Info: c.info, Copies: map[facts.ControllerUUID]facts.Copy{west.UUID: {State: c.own}, east.UUID: {State: c.far}}}
		if got := judge.Place(west, o); got != c.want {
			t.Errorf("%s: placement %d, not %d", c.name, got, c.want)
		}
	}
}

func TestTrailFollowsRedirects(t *testing.T) {
	west := controller("west", "3.6.28")
	to := func(uuid facts.ControllerUUID) facts.Copy { return facts.Copy{State: facts.CopyMoved, To: uuid} }
	for name, c := range map[string]struct {
		copies map[facts.ControllerUUID]facts.Copy
		want   []facts.ControllerUUID
	}{
		"none":            {map[facts.ControllerUUID]facts.Copy{west.UUID: {State: facts.CopyActive}}, nil},
		"one":             {map[facts.ControllerUUID]facts.Copy{west.UUID: to("b"), "b": {State: facts.CopyActive}}, []facts.ControllerUUID{"b"}},
		"not named":       {map[facts.ControllerUUID]facts.Copy{west.UUID: to("")}, []facts.ControllerUUID{""}},
		"two":             {map[facts.ControllerUUID]facts.Copy{west.UUID: to("b"), "b": to("c")}, []facts.ControllerUUID{"b", "c"}},
		"in a circle":     {map[facts.ControllerUUID]facts.Copy{west.UUID: to("b"), "b": to(west.UUID)}, []facts.ControllerUUID{"b", west.UUID}},
		"further than 5":  {map[facts.ControllerUUID]facts.Copy{west.UUID: to("b"), "b": to("c"), "c": to("d"), "d": to("e"), "e": to("f"), "f": to("g")}, []facts.ControllerUUID{"b", "c", "d", "e", "f"}},
		"to what is gone": {map[facts.ControllerUUID]facts.Copy{west.UUID: to("b"), "b": to("c"), "c": {State: facts.CopyAbsent}}, []facts.ControllerUUID{"b", "c"}},
	} {
		if got := judge.Trail(west, facts.Observation{Copies: c.copies}); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, not %v", name, got, c.want)
		}
	}
}
