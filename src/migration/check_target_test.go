package migration_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// fleetOf replaces what JIMM lists.
type fleetOf struct {
	survey.Fleet
	change func(cs []facts.Controller, ms []facts.Model) ([]facts.Controller, []facts.Model)
}

func (f fleetOf) Controllers(ctx context.Context) ([]facts.Controller, error) {
	cs, err := f.Fleet.Controllers(ctx)
	cs, _ = f.change(cs, nil)
	return cs, err
}

func (f fleetOf) Models(ctx context.Context) (facts.ModelList, error) {
	ms, err := f.Fleet.Models(ctx)
	_, ms.Models = f.change(nil, ms.Models)
	return ms, err
}

// target changes the target on JIMM's record, model the model.
type targetCase struct {
	name      string
	completes bool
	id        checks.ID
	world     func(*fake, *inspector)
	target    func(*facts.Controller)
	source    func(*facts.Controller)
	model     func(*facts.Model)
	noProbe   bool
	jimm      string
	level     checks.Level
	says      string
}

func targetCases() []targetCase {
	inCloud := func(cloud, region string) func(*facts.Controller) {
		return func(c *facts.Controller) { c.Cloud, c.Region = cloud, region }
	}
	lives := func(m *facts.Model) { m.Cloud, m.Region = "aws", "us-east-1" }
	at := func(addresses ...string) func(*facts.Controller) {
		return func(c *facts.Controller) { c.Addresses = addresses }
	}
	return []targetCase{
		{name: "JIMM lists the target", completes: true, id: checks.Cloud, model: lives, level: checks.Pass, says: `"aws" region "us-east-1"`},
		{name: "JIMM does not list it", completes: true, id: checks.Cloud, world: func(_ *fake, g *inspector) { g.targets = []facts.ControllerUUID{north().UUID} }, model: lives, level: checks.Fail, says: "does not have cloud"},
		{name: "JIMM does not list it as it is old", completes: true, id: checks.Cloud, world: func(_ *fake, g *inspector) { g.targets = nil }, target: func(c *facts.Controller) { c.AgentVersion = "3.6.13" }, model: lives, level: checks.Skip, says: "older"},
		{name: "JIMM's list fails", completes: true, id: checks.Cloud, world: func(_ *fake, g *inspector) { g.listErr = survey.ErrNotOffered }, model: lives, target: inCloud("aws", "us-east-1"), level: checks.Pass, says: "itself"},
		{name: "same cloud", id: checks.Cloud, model: lives, target: inCloud("aws", "us-east-1"), level: checks.Pass, says: "itself"},
		{name: "other region", id: checks.Cloud, model: lives, target: inCloud("aws", "eu-west-1"), level: checks.Warn, says: `runs in "aws" "eu-west-1"`},
		{name: "cloud not reported", id: checks.Cloud, target: inCloud("aws", "eu-west-1"), level: checks.Skip, says: "does not report the cloud"},

		{name: "target answers", id: checks.TargetAnswers, level: checks.Pass},
		{name: "probe off", id: checks.TargetAnswers, noProbe: true, level: checks.Skip, says: "probe-controllers"},
		{name: "target is silent", id: checks.TargetAnswers, world: func(f *fake, _ *inspector) { f.probe = false }, level: checks.Warn, says: "connection lost"},

		{name: "private like the source", id: checks.TargetAddresses, level: checks.Pass},
		{name: "no address", id: checks.TargetAddresses, target: at(), level: checks.Fail, says: "no address"},
		{name: "loopback", id: checks.TargetAddresses, target: at("127.0.0.1:17070", "[::1]:17070", "localhost:17070"), level: checks.Warn, says: ", loopback addresses, which"},
		{name: "one loopback", id: checks.TargetAddresses, target: at("127.0.0.1:17070"), level: checks.Warn, says: ", a loopback address, which"},
		{name: "all on one machine", id: checks.TargetAddresses, source: at("127.0.0.1:17071"), target: at("127.0.0.1:17070"), level: checks.Pass},
		{name: "one is better", id: checks.TargetAddresses, target: at("127.0.0.1:17070", "10.0.0.2:17070"), level: checks.Pass},
		{name: "cluster", id: checks.TargetAddresses, target: at("controller-service.controller-k8s.svc.cluster.local:17070"), level: checks.Warn, says: "own cluster"},
		{name: "one cluster", id: checks.TargetAddresses, target: func(c *facts.Controller) { at("controller-service.controller-k8s.svc:17070")(c); c.Cloud = "k8s" }, source: inCloud("k8s", ""), level: checks.Pass},
		{name: "from public to private", id: checks.TargetAddresses, source: at("203.0.113.7:17070"), level: checks.Warn, says: ", a private address, although the source has a public one"},
		{name: "public", id: checks.TargetAddresses, target: at("east.example.com:17070"), level: checks.Pass},

		{name: "name free", id: checks.TargetName, level: checks.Skip, says: "Juju checks this before it starts"},
		{name: "credential not valid", id: checks.Credential, world: func(f *fake, _ *inspector) { f.details = func(i *facts.Info) { i.Credential = facts.Invalid } }, level: checks.Warn, says: "Juju refuses a revoked one"},
		{name: "valid credential", id: checks.Credential, world: func(f *fake, _ *inspector) { f.details = func(i *facts.Info) { i.Credential = facts.Valid } }, level: checks.Pass},
		{name: "only JIMM's users", id: checks.Users, level: checks.Skip, says: "can only be determined with an account on the source"},
		{name: "a user of the source", id: checks.Users, world: func(f *fake, _ *inspector) {
			f.details = func(i *facts.Info) { i.Users = []string{"admin=admin", "bob=read", "alice@example.com=admin"} }
		}, level: checks.Warn, says: "to the model: bob"},
		{name: "backends not reported", id: checks.SecretBackends, level: checks.Skip},
		{name: "no backend", id: checks.SecretBackends, world: func(f *fake, _ *inspector) {
			f.details = func(i *facts.Info) { i.BackendsReported = true }
		}, level: checks.Pass, says: "reports no secrets"},
		{name: "built-in backend", id: checks.SecretBackends, world: func(f *fake, _ *inspector) {
			f.details = func(i *facts.Info) {
				i.BackendsReported, i.Backends = true, []facts.Backend{{Name: "internal", Type: "controller", Secrets: 3}}
			}
		}, level: checks.Pass},
		{name: "vault backend", id: checks.SecretBackends, world: func(f *fake, _ *inspector) {
			f.details = func(i *facts.Info) {
				i.BackendsReported, i.Backends = true, []facts.Backend{{Name: "myvault", Type: "vault", Secrets: 3}}
			}
		}, level: checks.Warn, says: "whether it has them is not known: myvault (vault, 3 secrets)"},

		{name: "Juju 4, not probed", completes: true, id: checks.OtherMigration, noProbe: true, source: juju4, target: juju4, level: checks.Skip, says: "does not show"},
		{name: "Juju 4, not probed, requested before", completes: true, id: checks.EarlierAttempt, noProbe: true, source: juju4, target: juju4, world: func(f *fake, _ *inspector) {
			f.requests = []facts.Request{{Kind: facts.RequestMigrate, Target: "east", At: time.Now().Add(-time.Hour), Answered: true}}
		}, level: checks.Warn, says: "a request to migrate"},
		{name: "Juju 3, not probed, requested before", completes: true, id: checks.OtherMigration, noProbe: true, world: func(f *fake, _ *inspector) {
			f.requests = []facts.Request{{Kind: facts.RequestMigrate, Target: "east", At: time.Now().Add(-time.Hour), Answered: true}}
		}, level: checks.Pass, says: "no migration of the model is running"},

		{name: "no mode", id: checks.Mode, level: checks.Pass},
		{name: "mode not shown", completes: true, id: checks.Mode, level: checks.Skip},
		{name: "a client did not wait", completes: true, id: checks.Mode, world: func(f *fake, _ *inspector) {
			f.requests = []facts.Request{{Kind: facts.RequestMigrate, Target: "east", At: time.Now().Add(-time.Hour)}}
		}, level: checks.Warn, says: "did not wait"},
		{name: "a client was answered", completes: true, id: checks.Mode, world: func(f *fake, _ *inspector) {
			f.requests = []facts.Request{{Kind: facts.RequestMigrate, Target: "east", At: time.Now().Add(-time.Hour), Answered: true}}
		}, level: checks.Skip},
		{name: "hosts JIMM", id: checks.HostsJIMM, jimm: modelUUID, level: checks.Fail, says: "must record it"},
		{name: "JIMM is in another model", id: checks.HostsJIMM, jimm: ownUUID, level: checks.Pass, says: "another model"},
	}
}

func TestTheTargetAndJIMMAreChecked(t *testing.T) {
	for _, c := range targetCases() {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(c.completes)
				jaas, g := withInspector(f)
				if c.world != nil {
					c.world(f, g)
				}
				jaas.Fleet = fleetOf{f, c.change}
				got := findingOf(t, jaas, migration.Options{Options: survey.Options{Probe: !c.noProbe, JIMMModel: c.jimm}}, c.id)
				if got.Level != c.level || !strings.Contains(got.Evidence, c.says) {
					t.Errorf("%s: %s, want %s: …%s…", got.Level, got.Evidence, c.level, c.says)
				}
				if got.Level == checks.Fail && !got.Check.Ignorable() {
					t.Errorf("a failure of %s cannot be ignored", got.Check)
				}
			})
		})
	}
}

// change sets JIMM's lists to those of the case.
func (c targetCase) change(cs []facts.Controller, ms []facts.Model) ([]facts.Controller, []facts.Model) {
	for i := range cs {
		switch {
		case cs[i].UUID == east().UUID && c.target != nil:
			c.target(&cs[i])
		case cs[i].UUID == west().UUID && c.source != nil:
			c.source(&cs[i])
		}
	}
	for i := range ms {
		if c.model != nil {
			c.model(&ms[i])
		}
	}
	return cs, ms
}

func TestAnotherModelOfThatNameIsInTheWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		jaas := f.jaas()
		jaas.Fleet = fleetOf{f, func(cs []facts.Controller, ms []facts.Model) ([]facts.Controller, []facts.Model) {
			if ms == nil {
				return cs, nil
			}
			other := ms[0]
			other.UUID, other.Recorded = ownUUID, east().UUID
			return cs, append(ms, other)
		}}
		res, err := migration.Check(t.Context(), jaas, migration.Options{Options: survey.Options{Model: modelUUID, Target: "east", Probe: true}})
		if err != nil || res.Outcome != facts.Refused {
			t.Fatalf("%s, %v", res.Outcome, err)
		}
		for _, finding := range res.Findings {
			if finding.Blocks() != (finding.Check == checks.TargetName) {
				t.Errorf("%s is %s: %s", finding.Check, finding.Level, finding.Evidence)
			}
		}
	})
}

// The new checks forbid nothing while a migration is running, and nothing that the user accepts.
func TestFailuresInsideCanBeAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		jaas, g := withInspector(f)
		g.change["west"] = func(_ int, i *facts.Inventory) {
			i.Machines["0"] = facts.Machine{Agent: "down", Instance: "running"}
		}
		res, err := migration.Migrate(t.Context(), jaas, f, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}})
		if err != nil || res.Outcome != facts.Refused || f.starts != 0 {
			t.Fatalf("%s after %d starts, %v", res.Outcome, f.starts, err)
		}
		res, err = migration.Migrate(t.Context(), jaas, f, migration.Options{
			Options: survey.Options{Model: "prod", Target: "east", Probe: true},
			Until:   migration.UntilRunning,
			Ignore:  []checks.ID{checks.Machines},
		})
		if err != nil || res.Outcome != facts.Started || f.starts != 1 {
			t.Fatalf("%s after %d starts, %v", res.Outcome, f.starts, err)
		}
		res, err = migration.Check(t.Context(), jaas, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}})
		if err != nil || res.Outcome != facts.ChecksPassed || res.Plan != migration.PlanFollow {
			t.Errorf("%s (%s), %v", res.Outcome, res.Plan, err)
		}
	})
}

func juju4(c *facts.Controller) { c.AgentVersion = "4.0.15" }
