package migration_test

import (
	"testing"

	"jimm-migrator/src/migration"
)

func TestRecordsAloneAnswerSomeChecks(t *testing.T) {
	west := migration.Controller{Name: "west", UUID: "w", AgentVersion: "3.6.14", Status: "available", Cloud: "aws", Region: "eu"}
	east := migration.Controller{Name: "east", UUID: "e", AgentVersion: "3.6.28", Status: "available", Cloud: "aws", Region: "eu"}
	model := migration.Model{UUID: "m", Name: "prod", Owner: "alice", Recorded: "w", Type: "iaas", Life: "alive", AgentVersion: "3.6.14", Cloud: "aws", Region: "eu"}
	for name, test := range map[string]struct {
		change  func(r *migration.Records, m *migration.Model, target *migration.Controller)
		targets []string
		check   migration.CheckID
		want    migration.Level
	}{
		"all is well":         {nil, []string{"e"}, migration.CheckCloud, migration.Pass},
		"no list of targets":  {nil, nil, migration.CheckCloud, migration.Pass},
		"left out by JIMM":    {nil, []string{}, migration.CheckCloud, migration.Fail},
		"another cloud":       {func(_ *migration.Records, m *migration.Model, _ *migration.Controller) { m.Cloud = "lxd" }, nil, migration.CheckCloud, migration.Warn},
		"own model":           {func(r *migration.Records, _ *migration.Model, _ *migration.Controller) { r.OwnModel = "m" }, nil, migration.CheckOwnModel, migration.Fail},
		"JIMM's model":        {func(r *migration.Records, _ *migration.Model, _ *migration.Controller) { r.JIMMModel = "m" }, nil, migration.CheckHostsJIMM, migration.Fail},
		"dying":               {func(_ *migration.Records, m *migration.Model, _ *migration.Controller) { m.Life = "dying" }, nil, migration.CheckModelLife, migration.Fail},
		"a controller's":      {func(_ *migration.Records, m *migration.Model, _ *migration.Controller) { m.IsController = true }, nil, migration.CheckControllerModel, migration.Fail},
		"target is older":     {func(_ *migration.Records, _ *migration.Model, c *migration.Controller) { c.AgentVersion = "3.5.7" }, nil, migration.CheckVersions, migration.Fail},
		"target is away":      {func(_ *migration.Records, _ *migration.Model, c *migration.Controller) { c.Status = "unavailable" }, nil, migration.CheckTargetAvailable, migration.Fail},
		"target is cordoned":  {func(_ *migration.Records, _ *migration.Model, c *migration.Controller) { c.Status = "deprecated" }, nil, migration.CheckTargetAvailable, migration.Warn},
		"versions do not hop": {func(_ *migration.Records, _ *migration.Model, c *migration.Controller) { c.AgentVersion = "4.0-beta8" }, nil, migration.CheckVersionHop, migration.Fail},
	} {
		t.Run(name, func(t *testing.T) {
			m, target := model, east
			r := migration.Records{Controllers: []migration.Controller{east, west}}
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
