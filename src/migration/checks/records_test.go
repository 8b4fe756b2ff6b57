package checks_test

import (
	"testing"

	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
)

func TestRecordsAloneAnswerSomeChecks(t *testing.T) {
	west := facts.Controller{Name: "west", UUID: "w", AgentVersion: "3.6.14", Status: "available", Cloud: "aws", Region: "eu"}
	east := facts.Controller{Name: "east", UUID: "e", AgentVersion: "3.6.28", Status: "available", Cloud: "aws", Region: "eu"}
	model := facts.Model{UUID: "m", Name: "prod", Owner: "alice", Recorded: "w", Type: "iaas", Life: "alive", AgentVersion: "3.6.14", Cloud: "aws", Region: "eu"}
	for name, test := range map[string]struct {
		change  func(r *checks.Records, m *facts.Model, target *facts.Controller)
		targets []facts.ControllerUUID
		check   checks.ID
		want    checks.Level
	}{
		"all is well":         {nil, []facts.ControllerUUID{"e"}, checks.Cloud, checks.Pass},
		"no list of targets":  {nil, nil, checks.Cloud, checks.Pass},
		"left out by JIMM":    {nil, []facts.ControllerUUID{}, checks.Cloud, checks.Fail},
		"another cloud":       {func(_ *checks.Records, m *facts.Model, _ *facts.Controller) { m.Cloud = "lxd" }, nil, checks.Cloud, checks.Warn},
		"own model":           {func(r *checks.Records, _ *facts.Model, _ *facts.Controller) { r.OwnModel = "m" }, nil, checks.OwnModel, checks.Fail},
		"JIMM's model":        {func(r *checks.Records, _ *facts.Model, _ *facts.Controller) { r.JIMMModel = "m" }, nil, checks.HostsJIMM, checks.Fail},
		"dying":               {func(_ *checks.Records, m *facts.Model, _ *facts.Controller) { m.Life = "dying" }, nil, checks.ModelLife, checks.Fail},
		"a controller's":      {func(_ *checks.Records, m *facts.Model, _ *facts.Controller) { m.IsController = true }, nil, checks.ControllerModel, checks.Fail},
		"target is older":     {func(_ *checks.Records, _ *facts.Model, c *facts.Controller) { c.AgentVersion = "3.5.7" }, nil, checks.Versions, checks.Fail},
		"target is away":      {func(_ *checks.Records, _ *facts.Model, c *facts.Controller) { c.Status = "unavailable" }, nil, checks.TargetAvailable, checks.Fail},
		"target is cordoned":  {func(_ *checks.Records, _ *facts.Model, c *facts.Controller) { c.Status = "deprecated" }, nil, checks.TargetAvailable, checks.Warn},
		"versions do not hop": {func(_ *checks.Records, _ *facts.Model, c *facts.Controller) { c.AgentVersion = "4.0-beta8" }, nil, checks.VersionHop, checks.Fail},
	} {
		t.Run(name, func(t *testing.T) {
			m, target := model, east
			r := checks.Records{Controllers: []facts.Controller{east, west}}
			if test.change != nil {
				test.change(&r, &m, &target)
			}
			for _, f := range r.Check(m, target, test.targets) {
				if f.Check == test.check {
					if f.Level != test.want || f.Evidence == "" {
						t.Errorf("got %s %q, want %s", f.Level, f.Evidence, test.want)
					}
					return
				}
			}
			t.Errorf("check %s was not run", test.check)
		})
	}
}
