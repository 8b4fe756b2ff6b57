package migration_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/migration"
)

// fleetOf replaces what JIMM lists.
type fleetOf struct {
	migration.Fleet
	change func(cs []migration.Controller, ms []migration.Model) ([]migration.Controller, []migration.Model)
}

func (f fleetOf) Controllers(ctx context.Context) ([]migration.Controller, error) {
	cs, err := f.Fleet.Controllers(ctx)
	cs, _ = f.change(cs, nil)
	return cs, err
}

func (f fleetOf) Models(ctx context.Context) ([]migration.Model, error) {
	ms, err := f.Fleet.Models(ctx)
	_, ms = f.change(nil, ms)
	return ms, err
}

// target changes the target on JIMM's record, model the model.
type targetCase struct {
	name      string
	completes bool
	id        migration.CheckID
	world     func(*fake, *glass)
	target    func(*migration.Controller)
	source    func(*migration.Controller)
	model     func(*migration.Model)
	noProbe   bool
	jimm      string
	level     migration.Level
	says      string
}

func targetCases() []targetCase {
	inCloud := func(cloud, region string) func(*migration.Controller) {
		return func(c *migration.Controller) { c.Cloud, c.Region = cloud, region }
	}
	lives := func(m *migration.Model) { m.Cloud, m.Region = "aws", "us-east-1" }
	at := func(addresses ...string) func(*migration.Controller) {
		return func(c *migration.Controller) { c.Addresses = addresses }
	}
	return []targetCase{
		{name: "JIMM lists the target", completes: true, id: migration.CheckCloud, model: lives, level: migration.Pass, says: `"aws" region "us-east-1"`},
		{name: "JIMM does not list it", completes: true, id: migration.CheckCloud, world: func(_ *fake, g *glass) { g.targets = []string{north().UUID} }, model: lives, level: migration.Fail, says: "does not have cloud"},
		{name: "JIMM does not list it as it is old", completes: true, id: migration.CheckCloud, world: func(_ *fake, g *glass) { g.targets = nil }, target: func(c *migration.Controller) { c.AgentVersion = "3.6.13" }, model: lives, level: migration.Skip, says: "older"},
		{name: "JIMM's list fails", completes: true, id: migration.CheckCloud, world: func(_ *fake, g *glass) { g.listErr = migration.ErrNotOffered }, model: lives, target: inCloud("aws", "us-east-1"), level: migration.Pass, says: "itself"},
		{name: "same cloud", id: migration.CheckCloud, model: lives, target: inCloud("aws", "us-east-1"), level: migration.Pass, says: "itself"},
		{name: "other region", id: migration.CheckCloud, model: lives, target: inCloud("aws", "eu-west-1"), level: migration.Warn, says: `runs in "aws" "eu-west-1"`},
		{name: "cloud not told", id: migration.CheckCloud, target: inCloud("aws", "eu-west-1"), level: migration.Skip, says: "does not tell"},

		{name: "target answers", id: migration.CheckTargetAnswers, level: migration.Pass},
		{name: "probe off", id: migration.CheckTargetAnswers, noProbe: true, level: migration.Skip, says: "probe-controllers"},
		{name: "target is silent", id: migration.CheckTargetAnswers, world: func(f *fake, _ *glass) { f.probe = false }, level: migration.Warn, says: "connection lost"},

		{name: "private like the source", id: migration.CheckTargetAddresses, level: migration.Pass},
		{name: "no address", id: migration.CheckTargetAddresses, target: at(), level: migration.Fail, says: "no address"},
		{name: "loopback", id: migration.CheckTargetAddresses, target: at("127.0.0.1:17070", "[::1]:17070", "localhost:17070"), level: migration.Warn, says: "itself"},
		{name: "one is better", id: migration.CheckTargetAddresses, target: at("127.0.0.1:17070", "10.0.0.2:17070"), level: migration.Pass},
		{name: "cluster", id: migration.CheckTargetAddresses, target: at("controller-service.controller-k8s.svc.cluster.local:17070"), level: migration.Warn, says: "own cluster"},
		{name: "one cluster", id: migration.CheckTargetAddresses, target: func(c *migration.Controller) { at("controller-service.controller-k8s.svc:17070")(c); c.Cloud = "k8s" }, source: inCloud("k8s", ""), level: migration.Pass},
		{name: "from public to private", id: migration.CheckTargetAddresses, source: at("203.0.113.7:17070"), level: migration.Warn, says: "private"},
		{name: "public", id: migration.CheckTargetAddresses, target: at("east.example.com:17070"), level: migration.Pass},

		{name: "name free", id: migration.CheckTargetName, level: migration.Skip, says: "Juju looks"},
		{name: "revoked credential", id: migration.CheckCredential, world: func(f *fake, _ *glass) { f.details = func(i *migration.Info) { i.Credential = migration.Invalid } }, level: migration.Fail, says: "not valid"},
		{name: "valid credential", id: migration.CheckCredential, world: func(f *fake, _ *glass) { f.details = func(i *migration.Info) { i.Credential = migration.Valid } }, level: migration.Pass},
		{name: "only JIMM's users", id: migration.CheckUsers, level: migration.Skip, says: "not to be seen"},
		{name: "a user of the source", id: migration.CheckUsers, world: func(f *fake, _ *glass) {
			f.details = func(i *migration.Info) { i.Users = []string{"admin=admin", "bob=read", "alice@example.com=admin"} }
		}, level: migration.Warn, says: "to the model: bob"},
		{name: "backends not told", id: migration.CheckSecretBackends, level: migration.Skip},
		{name: "built-in backend", id: migration.CheckSecretBackends, world: func(f *fake, _ *glass) {
			f.details = func(i *migration.Info) {
				i.BackendsTold, i.Backends = true, []migration.Backend{{Name: "internal", Type: "controller", Secrets: 3}}
			}
		}, level: migration.Pass},
		{name: "vault backend", id: migration.CheckSecretBackends, world: func(f *fake, _ *glass) {
			f.details = func(i *migration.Info) {
				i.BackendsTold, i.Backends = true, []migration.Backend{{Name: "myvault", Type: "vault", Secrets: 3}}
			}
		}, level: migration.Warn, says: "myvault (vault, 3 secrets)"},

		{name: "no mode", id: migration.CheckMode, level: migration.Pass},
		{name: "mode not shown", completes: true, id: migration.CheckMode, level: migration.Skip},
		{name: "somebody did not wait", completes: true, id: migration.CheckMode, world: func(f *fake, _ *glass) {
			f.requests = []migration.Request{{Kind: migration.RequestMigrate, Target: "east", At: time.Now().Add(-time.Hour)}}
		}, level: migration.Warn, says: "did not wait"},
		{name: "somebody was answered", completes: true, id: migration.CheckMode, world: func(f *fake, _ *glass) {
			f.requests = []migration.Request{{Kind: migration.RequestMigrate, Target: "east", At: time.Now().Add(-time.Hour), Answered: true}}
		}, level: migration.Skip},
		{name: "hosts JIMM", id: migration.CheckHostsJIMM, jimm: modelUUID, level: migration.Fail, says: "has to record it"},
		{name: "JIMM is in another model", id: migration.CheckHostsJIMM, jimm: ownUUID, level: migration.Pass, says: "another model"},
	}
}

func TestTheTargetAndJIMMAreChecked(t *testing.T) {
	for _, c := range targetCases() {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(c.completes)
				jaas, g := glassed(f)
				if c.world != nil {
					c.world(f, g)
				}
				jaas.Fleet = fleetOf{f, c.change}
				got := findingOf(t, jaas, migration.Options{Probe: !c.noProbe, JIMMModel: c.jimm}, c.id)
				if got.Level != c.level || !strings.Contains(got.Evidence, c.says) {
					t.Errorf("%s: %s, want %s: …%s…", got.Level, got.Evidence, c.level, c.says)
				}
				if got.Level == migration.Fail && !got.Check.Ignorable() {
					t.Errorf("a failure of %s cannot be ignored", got.Check)
				}
			})
		})
	}
}

// change makes JIMM's lists those of the case.
func (c targetCase) change(cs []migration.Controller, ms []migration.Model) ([]migration.Controller, []migration.Model) {
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
		jaas.Fleet = fleetOf{f, func(cs []migration.Controller, ms []migration.Model) ([]migration.Controller, []migration.Model) {
			if ms == nil {
				return cs, nil
			}
			other := ms[0]
			other.UUID, other.Recorded = ownUUID, east().UUID
			return cs, append(ms, other)
		}}
		res, err := migration.Check(t.Context(), jaas, migration.Options{Model: modelUUID, Target: "east", Probe: true})
		if err != nil || res.Outcome != migration.Refused {
			t.Fatalf("%s, %v", res.Outcome, err)
		}
		for _, finding := range res.Findings {
			if finding.Blocks() != (finding.Check == migration.CheckTargetName) {
				t.Errorf("%s is %s: %s", finding.Check, finding.Level, finding.Evidence)
			}
		}
	})
}

// The new checks forbid nothing once a migration runs, and nothing that the
// operator accepts.
func TestFailuresInsideCanBeAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		jaas, g := glassed(f)
		g.change["west"] = func(_ int, i *migration.Inventory) {
			i.Machines["0"] = migration.Machine{Agent: "down", Instance: "running"}
		}
		res, err := migration.Migrate(t.Context(), jaas, f, migration.Options{Model: "prod", Target: "east", Probe: true})
		if err != nil || res.Outcome != migration.Refused || f.starts != 0 {
			t.Fatalf("%s after %d starts, %v", res.Outcome, f.starts, err)
		}
		res, err = migration.Migrate(t.Context(), jaas, f, migration.Options{
			Model: "prod", Target: "east", Probe: true, Detach: true, Ignore: []migration.CheckID{migration.CheckMachines},
		})
		if err != nil || res.Outcome != migration.Started || f.starts != 1 {
			t.Fatalf("%s after %d starts, %v", res.Outcome, f.starts, err)
		}
		res, err = migration.Check(t.Context(), jaas, migration.Options{Model: "prod", Target: "east", Probe: true})
		if err != nil || res.Outcome != migration.ChecksPassed || res.Plan != migration.PlanFollow {
			t.Errorf("%s (%s), %v", res.Outcome, res.Plan, err)
		}
	})
}
