package fleet_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"jimm-migrator/src/fleet"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/wire"
)

// wanted is the version that the agents of these stories are to run. West does not offer it: they migrate to east and
// are upgraded there, some after an upgrade on west.
const wanted = "3.6.28"

// newUpgrade is a story in which models are upgraded by way of a newer controller.
func newUpgrade(seed uint64) *story {
	s := newStory(seed)
	s.edges, s.resign, s.cordon, s.version = nil, 0, 0, wanted
	s.rules.Failures = s.IntN(4)
	s.accounts = s.world.JIMM.Version == "2024" || s.IntN(2) == 0 // JIMM of 2024 upgrades no model.
	s.world.Allowed = []string{"ModelUpgrader.UpgradeModel"}      // By the accounts on controllers.
	s.world.Controllers = []sim.Controller{{Name: "west", Version: "3.6.20"}, {Name: "east", Version: wanted}}
	for i := range s.world.Controllers {
		s.world.Controllers[i].Users = []controller.User{{Name: "admin", Password: "JIMM's own", Access: "superuser"}, {Name: "migrator", Password: "s3cr3t", Access: "superuser"}}
	}
	for i := range s.world.Models {
		m := &s.world.Models[i]
		m.Controller, m.Offers, m.RemoteApplications, m.Relations = "west", nil, nil, nil
		m.AgentVersion = []string{"3.6.14", "3.6.20"}[s.IntN(2)]
		m.AgentsStay = s.IntN(10) == 0
		if s.IntN(6) == 0 {
			m.Controller = "east"
		}
	}
	for i := range s.moves {
		s.moves[i].target = "east"
	}
	s.see = s.watchUpgrades
	return s
}

// watchUpgrades checks that no model is migrating when a request to upgrade it arrives.
func (s *story) watchUpgrades(e wire.Event) {
	if e.Kind != wire.Received || !strings.Contains(string(e.Data), `"UpgradeModel"`) {
		return
	}
	var message struct {
		Params struct {
			Model  string `json:"model-tag"`
			Target string `json:"target-version"`
			DryRun bool   `json:"dry-run"`
		} `json:"params"`
	}
	if err := json.Unmarshal(e.Data, &message); err != nil {
		s.blame("a request to upgrade cannot be read: %v", err)
		return
	}
	if message.Params.DryRun || e.Server != "jimm" && !s.accounts {
		return
	}
	s.count("upgrade of a model")
	uuid := strings.TrimPrefix(message.Params.Model, "model-")
	if slices.ContainsFunc(s.jaas.Where(uuid), func(p sim.Place) bool { return p.Migrating }) && !s.movedByOthers(uuid) {
		s.blame("%s is to be upgraded to %s while it moves%s", uuid, message.Params.Target, s.printed())
	}
}

// agents returns the versions of a model and of its machines, on the controller.
func (s *story) agents(uuid, on string) (out []string) {
	state, ok := s.jaas.Controller(on).Model(uuid)
	if !ok {
		return nil
	}
	out = append(out, state.Model.AgentVersion)
	for _, m := range state.Model.Machines {
		out = append(out, m.AgentVersion)
	}
	return out
}

// judgeUpgrades compares the versions that a run reports with the actual ones.
func (s *story) judgeUpgrades(plan fleet.Plan, l *life) {
	s.judge(plan, l)
	for _, m := range l.done.Moves {
		versions := s.agents(m.Entry.Model, m.Entry.Target())
		if m.State == fleet.Well && slices.ContainsFunc(versions, func(v string) bool { return v != wanted }) && !s.movedByOthers(m.Entry.Model) {
			s.blame("%s is said to be done; its agents run %v%s", m.Entry.Name, versions, s.printed())
		}
		if m.State == fleet.Well {
			s.count("upgraded")
		}
	}
}

// upgrade applies the plan with kills, and then again until nothing is left to do.
func (s *story) upgrade(ctx context.Context) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	plan := s.planTo(ctx, "*")
	if len(plan.Moves) == 0 {
		return
	}
	for _, f := range s.moves {
		go s.interfere(ctx, f)
	}
	rules := sim.Fleet{Parallel: s.caps.Parallel, PerSource: s.caps.Source, PerTarget: s.caps.Target, Once: true}
	for _, e := range plan.Moves {
		rules.Planned = append(rules.Planned, sim.PlannedStart{Model: e.Model, To: e.Target()})
	}
	for _, kill := range append(slices.Clone(s.kills), 0) {
		s.jaas.BeginRun(rules)
		if l := s.run(ctx, plan, kill); !l.dead() {
			s.judgeUpgrades(plan, l)
		}
		pause(ctx, 3*time.Minute)
	}
	pause(ctx, 30*time.Minute)
	last := s.untilIdle(ctx, func() *life {
		s.jaas.BeginRun(rules)
		l := s.run(ctx, plan, 0)
		s.judgeUpgrades(plan, l)
		return l
	})
	s.final(plan, last)
	for _, m := range last.done.Moves {
		stays := slices.ContainsFunc(s.world.Models, func(w sim.Model) bool {
			return s.jaas.UUID(w.Name) == m.Entry.Model && (w.AgentsStay || len(w.Migrations) > 0)
		})
		if m.State != fleet.Well && !stays && !s.movedByOthers(m.Entry.Model) && last.done.Stopped == "" {
			s.blame("%s is not upgraded: %d %s %s%s", m.Entry.Name, m.State, m.Reason, m.Detail, s.printed())
		}
	}
}

func playUpgrade(t *testing.T, shared sim.Options, seed uint64) *story {
	t.Helper()
	s := newUpgrade(seed)
	return s.play(t, shared, s.upgrade)
}

// TestUpgradeSeed repeats one seed of TestUpgrades.
func TestUpgradeSeed(t *testing.T) { again(t, playUpgrade) }

// TestUpgrades upgrades models by way of a newer controller, in many worlds: no upgrade is
// requested while the model migrates, and each model that is reported as upgraded runs the
// version.
func TestUpgrades(t *testing.T) { playMany(t, playUpgrade, "TestUpgradeSeed", number(t, "seeds")) }
