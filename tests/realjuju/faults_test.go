package realjuju_test

import (
	"testing"
	"time"

	"github.com/juju/charm/v12"
	"github.com/juju/juju/cloud"
	"github.com/juju/juju/core/constraints"
	"github.com/juju/juju/core/crossmodel"
	"github.com/juju/juju/core/instance"
	"github.com/juju/juju/core/permission"
	"github.com/juju/juju/core/secrets"
	"github.com/juju/juju/core/status"
	"github.com/juju/juju/state"
	"github.com/juju/names/v5"

	"jimm-migrator/tests/realjuju/controller"
)

// spoiled is a model of west that a fault changes. Its methods end the test if Juju does not allow the change.
type spoiled struct {
	*testing.T
	west, east *controller.Controller
	model      string
	st         *state.State
}

func (s *spoiled) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatalf("cannot spoil the model: %v", err)
	}
}

func (s *spoiled) unit(name string) *state.Unit {
	s.Helper()
	u, err := s.st.Unit(name)
	s.ok(err)
	return u
}

func (s *spoiled) machine() *state.Machine {
	s.Helper()
	m, err := s.st.Machine("0")
	s.ok(err)
	return m
}

func (s *spoiled) app() *state.Application {
	s.Helper()
	a, err := s.st.Application("pg")
	s.ok(err)
	return a
}

func (s *spoiled) charm(url, name string) *state.Charm {
	s.Helper()
	c, err := controller.PutCharm(s.st, url, name)
	s.ok(err)
	return c
}

// relate relates pg to another application; the caller decides whether its units join.
func (s *spoiled) relate(joining ...string) *state.Relation {
	s.Helper()
	_, err := s.west.Deploy(s.model, "app", nil)
	s.ok(err)
	endpoints, err := s.st.InferEndpoints("pg:server", "app:db")
	s.ok(err)
	relation, err := s.st.AddRelation(endpoints...)
	s.ok(err)
	for _, name := range joining {
		unit, err := relation.Unit(s.unit(name))
		s.ok(err)
		s.ok(unit.EnterScope(nil))
	}
	return relation
}

// addMachine adds a healthy machine of a base.
func (s *spoiled) addMachine(base state.Base) *state.Machine {
	s.Helper()
	m, err := s.st.AddOneMachine(state.MachineTemplate{Base: base, Jobs: []state.MachineJob{state.JobHostUnits}, InstanceId: "i-extra", Nonce: "n"})
	s.ok(err)
	s.ok(controller.Settle(m, "password-of-the-extra-machine"))
	return m
}

// addContainer adds a healthy container.
func (s *spoiled) addContainer(base state.Base) *state.Machine {
	s.Helper()
	m, err := s.st.AddMachineInsideMachine(state.MachineTemplate{Base: base, Jobs: []state.MachineJob{state.JobHostUnits}}, "0", instance.LXD)
	s.ok(err)
	s.ok(m.SetProvisioned("juju-0-lxd-0", "", "n", nil))
	s.ok(controller.Settle(m, containerPassword))
	return m
}

const containerPassword = "password-of-the-container-123"

// addUser gives a user access to the model; a local user exists on the named controllers.
func (s *spoiled) addUser(name string, on ...*controller.Controller) {
	s.Helper()
	for _, c := range on {
		_, err := c.State.AddUser(name, name, "password-of-"+name, "admin")
		s.ok(err)
	}
	m, err := s.st.Model()
	s.ok(err)
	_, err = m.AddUser(state.UserAccessSpec{User: names.NewUserTag(name), CreatedBy: names.NewUserTag("admin"), Access: permission.ReadAccess})
	s.ok(err)
}

func since(now status.Status, message string) status.StatusInfo {
	at := time.Now()
	return status.StatusInfo{Status: now, Message: message, Since: &at}
}

// credential is the content of the models' cloud credential.
func credential(revoked bool) cloud.Credential {
	c := cloud.NewCredential(cloud.UserPassAuthType, map[string]string{"username": "dummy", "password": "secret"})
	c.Revoked = revoked
	return c
}

// fault is a way to spoil a model, or a controller, which undo repairs.
type fault struct {
	name string
	do   func(*spoiled)
	undo func(*spoiled)
}

func healthy(*spoiled) {}

func ubuntu(version string) state.Base { return state.UbuntuBase(version) }

func onMachine(change func(*state.Machine) error) func(*spoiled) {
	return func(s *spoiled) { s.ok(change(s.machine())) }
}

func onUnit(change func(*state.Unit) error) func(*spoiled) {
	return func(s *spoiled) { s.ok(change(s.unit("pg/0"))) }
}

func unitAgent(now status.Status) func(*spoiled) {
	return onUnit(func(u *state.Unit) error { return u.Agent().SetStatus(since(now, "as the test wants it")) })
}

func workload(now status.Status) func(*spoiled) {
	return onUnit(func(u *state.Unit) error { return u.SetStatus(since(now, "as the test wants it")) })
}

func instanceStatus(now status.Status) func(*spoiled) {
	return onMachine(func(m *state.Machine) error { return m.SetInstanceStatus(since(now, "as the test wants it")) })
}

func machineStatus(now status.Status) func(*spoiled) {
	return onMachine(func(m *state.Machine) error { return m.SetStatus(since(now, "as the test wants it")) })
}

func extraMachine(base state.Base) func(*spoiled) { return func(s *spoiled) { s.addMachine(base) } }

func block(kind state.BlockType) func(*spoiled) {
	return func(s *spoiled) { s.ok(s.st.SwitchBlockOn(kind, "do not")) }
}

func restoreCredential(s *spoiled) {
	s.ok(s.west.State.UpdateCloudCredential(controller.Credential(), credential(false)))
}

// upgrade starts an upgrade of a controller.
func upgrade(c *controller.Controller) error {
	from := controller.AgentBinary().Number
	to := from
	to.Patch++
	_, err := c.State.EnsureUpgradeInfo("0", from, to)
	return err
}

// noToken is a leader's token for a state that does not check it.
type noToken struct{}

func (noToken) Check() error { return nil }

func addSecret(s *spoiled) {
	_, err := state.NewSecrets(s.st).CreateSecret(secrets.NewURI(), state.CreateSecretParams{
		Version: 1, Owner: names.NewModelTag(s.model),
		UpdateSecretParams: state.UpdateSecretParams{LeaderToken: noToken{}, Data: map[string]string{"k": "dg=="}},
	})
	s.ok(err)
}

func addOffer(s *spoiled) {
	_, err := state.NewApplicationOffers(s.st).AddOffer(crossmodel.AddApplicationOfferArgs{
		OfferName: "pg", Owner: "admin", ApplicationName: "pg", ApplicationDescription: "a charm", Endpoints: map[string]string{"server": "server"},
	})
	s.ok(err)
}

func consumeOffer(s *spoiled) *state.RemoteApplication {
	s.Helper()
	remote, err := s.st.AddRemoteApplication(state.AddRemoteApplicationParams{
		Name: "loki", OfferUUID: "offer-uuid-1", URL: "admin/infra.loki", SourceModel: names.NewModelTag(s.west.ModelUUID), Token: "t",
		Endpoints: []charm.Relation{{Name: "server", Role: charm.RoleProvider, Interface: "x", Scope: charm.ScopeGlobal}},
	})
	s.ok(err)
	return remote
}

// faults are faults that Juju's prechecks find, and faults that they do not.
func faults() []fault {
	older := controller.AgentBinary()
	older.Patch--
	return []fault{
		{name: "healthy", do: healthy},
		{name: "machine down", do: func(s *spoiled) { s.west.Presence.SetDown(s.model, "machine-0", true) }},
		{name: "machine error", do: machineStatus(status.Error)},
		{name: "machine stopped", do: machineStatus(status.Stopped)},
		{name: "instance unknown", do: instanceStatus(status.Unknown)},
		{name: "instance provisioning error", do: instanceStatus(status.ProvisioningError)},
		{name: "instance empty", do: instanceStatus(status.Empty)},
		{name: "instance allocating", do: instanceStatus(status.Allocating)},
		{name: "machine of another agent version", do: onMachine(func(m *state.Machine) error { return m.SetAgentVersion(older) })},
		{name: "machine reboots", do: onMachine(func(m *state.Machine) error { return m.SetRebootFlag(true) })},
		{name: "machine without agent version", do: func(s *spoiled) {
			_, err := s.st.AddOneMachine(state.MachineTemplate{Base: ubuntu("22.04"), Jobs: []state.MachineJob{state.JobHostUnits}})
			s.ok(err)
		}},
		{name: "machine dying", do: func(s *spoiled) { s.ok(s.addMachine(ubuntu("22.04")).Destroy()) }},
		{name: "machine dead", do: func(s *spoiled) {
			m := s.addMachine(ubuntu("22.04"))
			s.ok(m.Destroy())
			s.ok(m.EnsureDead())
		}},
		{name: "machine of base 16.04", do: extraMachine(ubuntu("16.04"))},
		{name: "machine of base 18.04", do: extraMachine(ubuntu("18.04"))},
		{name: "machine of base 20.04", do: extraMachine(ubuntu("20.04"))},
		{name: "machine of base 23.10", do: extraMachine(ubuntu("23.10"))},
		{name: "machine of base 24.04", do: extraMachine(ubuntu("24.04"))},
		{name: "machine of base centos 7", do: extraMachine(state.Base{OS: "centos", Channel: "7/stable"})},
		{name: "container", do: func(s *spoiled) { s.addContainer(ubuntu("22.04")) }},
		{name: "container down", do: func(s *spoiled) {
			s.addContainer(ubuntu("22.04"))
			s.west.Presence.SetDown(s.model, "machine-0-lxd-0", true)
		}},
		{name: "container of base 18.04", do: func(s *spoiled) { s.addContainer(ubuntu("18.04")) }},
		{name: "container dying", do: func(s *spoiled) { s.ok(s.addContainer(ubuntu("22.04")).Destroy()) }},
		{name: "container of another agent version", do: func(s *spoiled) { s.ok(s.addContainer(ubuntu("22.04")).SetAgentVersion(older)) }},
		{name: "unit lost", do: func(s *spoiled) { s.west.Presence.SetDown(s.model, "unit-pg-0", true) }},
		{name: "unit executing", do: unitAgent(status.Executing)},
		{name: "unit agent error", do: unitAgent(status.Error)},
		{name: "unit agent failed", do: unitAgent(status.Failed)},
		{name: "unit agent rebooting", do: unitAgent(status.Rebooting)},
		{name: "workload blocked", do: workload(status.Blocked)},
		{name: "workload waiting", do: workload(status.Waiting)},
		{name: "workload in maintenance", do: workload(status.Maintenance)},
		{name: "workload terminated", do: workload(status.Terminated)},
		{name: "workload unknown", do: workload(status.Unknown)},
		{name: "unit dying", do: onUnit((*state.Unit).Destroy)},
		{name: "unit of another agent version", do: onUnit(func(u *state.Unit) error { return u.SetAgentVersion(older) })},
		{name: "unit upgrades its charm", do: func(s *spoiled) {
			s.ok(s.app().SetCharm(state.SetCharmConfig{Charm: s.charm("ch:amd64/pg-8", "pg"), ForceUnits: true, CharmOrigin: controller.Origin("pg", 8)}))
		}},
		{name: "unit without machine", do: func(s *spoiled) {
			_, err := s.app().AddUnit(state.AddUnitParams{})
			s.ok(err)
		}},
		{name: "unit with a resolved error", do: onUnit(func(u *state.Unit) error {
			if err := u.Agent().SetStatus(since(status.Error, "hook failed")); err != nil {
				return err
			}
			return u.SetResolved(state.ResolvedRetryHooks)
		})},
		{name: "application dying", do: func(s *spoiled) { s.ok(s.app().Destroy()) }},
		{name: "too few units", do: func(s *spoiled) { s.ok(s.app().SetMinUnits(3)) }},
		{name: "enough units", do: func(s *spoiled) { s.ok(s.app().SetMinUnits(1)) }},
		{name: "application without units", do: func(s *spoiled) {
			_, err := s.st.AddApplication(state.AddApplicationArgs{Name: "none", Charm: s.charm("ch:amd64/none-7", "none"), CharmOrigin: controller.Origin("none", 7)})
			s.ok(err)
		}},
		{name: "application with constraints", do: func(s *spoiled) { s.ok(s.app().SetConstraints(constraints.MustParse("mem=4G"))) }},
		{name: "relation not joined", do: func(s *spoiled) { s.relate() }},
		{name: "relation joined", do: func(s *spoiled) { s.ok(s.relate("pg/0", "app/0").SetStatus(since(status.Joined, ""))) }},
		{name: "relation said joined, one unit not in scope", do: func(s *spoiled) { s.ok(s.relate("pg/0").SetStatus(since(status.Joined, ""))) }},
		{name: "offer", do: addOffer},
		{name: "consumed offer", do: func(s *spoiled) { consumeOffer(s) }},
		{name: "consumed offer, dying", do: func(s *spoiled) { s.ok(consumeOffer(s).Destroy()) }},
		{name: "secret", do: addSecret},
		{name: "model dying", do: func(s *spoiled) {
			m, err := s.st.Model()
			s.ok(err)
			destroyStorage := true
			s.ok(m.Destroy(state.DestroyModelParams{DestroyStorage: &destroyStorage}))
		}},
		{name: "model constraints", do: func(s *spoiled) { s.ok(s.st.SetModelConstraints(constraints.MustParse("cores=2"))) }},
		{name: "credential revoked", do: func(s *spoiled) {
			s.ok(s.west.State.UpdateCloudCredential(controller.Credential(), credential(true)))
		}, undo: restoreCredential},
		{name: "credential invalid", do: func(s *spoiled) {
			s.ok(s.west.State.InvalidateCloudCredential(controller.Credential(), "wrong"))
		}, undo: restoreCredential},
		{name: "series lock", do: onMachine(func(m *state.Machine) error { return m.CreateUpgradeSeriesLock([]string{"pg/0"}, ubuntu("24.04")) })},
		{name: "cleanup needed", do: func(s *spoiled) {
			a, err := s.st.AddApplication(state.AddApplicationArgs{Name: "tmp", Charm: s.charm("ch:amd64/tmp-1", "tmp"), CharmOrigin: controller.Origin("tmp", 1)})
			s.ok(err)
			s.ok(a.Destroy())
		}},
		{name: "changes are blocked", do: block(state.ChangeBlock)},
		{name: "removals are blocked", do: block(state.RemoveBlock)},
		{name: "destruction is blocked", do: block(state.DestroyBlock)},
		{name: "local charm", do: func(s *spoiled) {
			origin := &state.CharmOrigin{Source: "local", Type: "charm", Platform: &state.Platform{Architecture: "amd64", OS: "ubuntu", Channel: "22.04/stable"}}
			_, err := s.st.AddApplication(state.AddApplicationArgs{Name: "loc", Charm: s.charm("local:amd64/loc-1", "loc"), CharmOrigin: origin})
			s.ok(err)
		}},
		{name: "local user that the target lacks", do: func(s *spoiled) { s.addUser("bob", s.west) }},
		{name: "local user that both know", do: func(s *spoiled) { s.addUser("dave", s.west, s.east) }},
		{name: "external user", do: func(s *spoiled) { s.addUser("carol@external") }},
		{name: "model of the same name on the target", do: func(s *spoiled) {
			m, err := s.st.Model()
			s.ok(err)
			_, err = s.east.AddModel(m.Name())
			s.ok(err)
		}},
		{name: "model migrates already", do: func(s *spoiled) {
			_, err := s.west.Initiate(s.model, s.east)
			s.ok(err)
		}},
		{
			name: "source controller upgrades", do: func(s *spoiled) { s.ok(upgrade(s.west)) },
			undo: func(s *spoiled) { s.ok(s.west.State.AbortCurrentUpgrade()) },
		},
		{
			name: "target controller upgrades", do: func(s *spoiled) { s.ok(upgrade(s.east)) },
			undo: func(s *spoiled) { s.ok(s.east.State.AbortCurrentUpgrade()) },
		},
		{
			name: "source controller machine down", do: func(s *spoiled) { s.west.Presence.SetDown(s.west.ModelUUID, "machine-0", true) },
			undo: func(s *spoiled) { s.west.Presence.SetDown(s.west.ModelUUID, "machine-0", false) },
		},
		{
			name: "target controller machine down", do: func(s *spoiled) { s.east.Presence.SetDown(s.east.ModelUUID, "machine-0", true) },
			undo: func(s *spoiled) { s.east.Presence.SetDown(s.east.ModelUUID, "machine-0", false) },
		},
	}
}
