package realjuju_test

import (
	"errors"

	"github.com/juju/juju/core/instance"
	"github.com/juju/juju/core/network"
	"github.com/juju/juju/core/permission"
	"github.com/juju/juju/core/status"
	"github.com/juju/juju/state"
	"github.com/juju/mgo/v3/bson"
	"github.com/juju/names/v5"
	"github.com/juju/version/v2"

	"jimm-migrator/tests/realjuju/controller"
)

// without removes the version of an entity's agent, as if the agent had not reported it yet.
func (s *spoiled) without(collection, id string) {
	s.Helper()
	s.set(s.west, collection, s.model+":"+id, bson.M{"tools": nil})
}

// onContainer adds a container and changes it.
func onContainer(change func(*state.Machine) error) func(*spoiled) {
	return func(s *spoiled) { s.ok(change(s.addContainer(ubuntu("22.04")))) }
}

// secondUnit relates two units of pg to an application; those who join are named.
func secondUnit(joining ...string) func(*spoiled) {
	return func(s *spoiled) {
		s.addUnit()
		s.ok(s.relate(joining...).SetStatus(since(status.Joined, "")))
	}
}

// secondPrincipal deploys a second principal of the subordinate and relates both.
func (s *spoiled) secondPrincipal(join bool) {
	s.Helper()
	s.subordinate()
	_, err := s.west.Deploy(s.model, "web", charmFiles("web", ""))
	s.ok(err)
	relation := s.addRelation("web:juju-info", "sub:host")
	s.enterScope(relation, "web/0")
	s.settle(s.unit("sub/1"))
	if join {
		s.enterScope(relation, "sub/1")
	}
	s.ok(relation.SetStatus(since(status.Joined, "")))
}

// agentFaults are faults of machines, units and relations in which several of them play a part.
func agentFaults() []fault {
	newer := controller.AgentBinary()
	newer.Patch++
	newest := controller.AgentBinary()
	newest.Minor++
	return []fault{
		{name: "instance stopped", do: instanceStatus(status.Stopped)},
		{name: "instance in maintenance", do: instanceStatus(status.Maintenance)},
		{name: "instance rebooting", do: instanceStatus(status.Rebooting)},
		{name: "machine that runs without having said its version", do: func(s *spoiled) { s.without("machines", "0") }},
		{name: "unit that runs without having said its version", do: func(s *spoiled) { s.without("units", "pg/0") }},
		{name: "subordinate that runs without having said its version", do: func(s *spoiled) {
			s.subordinate()
			s.without("units", "sub/0")
		}},
		{name: "container that runs without having said its version", do: func(s *spoiled) {
			s.addContainer(ubuntu("22.04"))
			s.without("machines", "0/lxd/0")
		}},
		{name: "container stopped", do: onContainer(func(m *state.Machine) error { return m.SetStatus(since(status.Stopped, "")) })},
		{name: "container whose instance is pending", do: onContainer(func(m *state.Machine) error { return m.SetInstanceStatus(since(status.Pending, "")) })},
		{name: "container with an address", do: onContainer(func(m *state.Machine) error { return m.SetProviderAddresses(network.NewSpaceAddress("10.0.3.7")) })},
		{name: "container dead", do: onContainer(func(m *state.Machine) error { return errors.Join(m.Destroy(), m.EnsureDead()) })},
		{name: "container on a virtual machine", do: func(s *spoiled) {
			for i, kind := range []instance.ContainerType{instance.KVM, instance.LXD} {
				parent, id := []string{"0", "0/kvm/0"}[i], []instance.Id{"juju-0-kvm-0", "juju-0-kvm-0-lxd-0"}[i]
				m, err := s.st.AddMachineInsideMachine(state.MachineTemplate{Base: ubuntu("22.04"), Jobs: []state.MachineJob{state.JobHostUnits}}, parent, kind)
				s.ok(err)
				s.ok(m.SetProvisioned(id, "", "n", nil))
				s.ok(controller.Settle(m, containerPassword))
			}
		}},
		{name: "unit on a container", do: func(s *spoiled) { s.addUnitOf(s.app(), s.addContainer(ubuntu("22.04"))) }},
		{name: "machine removed", do: func(s *spoiled) {
			m := s.addMachine(ubuntu("22.04"))
			s.ok(m.Destroy())
			s.ok(m.EnsureDead())
			s.ok(m.Remove())
		}},
		{name: "machine marked for removal", do: func(s *spoiled) {
			m := s.addMachine(ubuntu("22.04"))
			s.ok(m.Destroy())
			s.ok(m.EnsureDead())
			s.ok(m.MarkForRemoval())
		}},
		{name: "unit removed", do: func(s *spoiled) {
			u := s.addUnit()
			s.ok(errors.Join(u.Destroy(), u.EnsureDead(), u.Remove()))
		}},
		{name: "unit resolved without hooks", do: onUnit(func(u *state.Unit) error {
			return errors.Join(u.Agent().SetStatus(since(status.Error, "hook failed")), u.SetResolved(state.ResolvedNoHooks), u.Agent().SetStatus(since(status.Idle, "")))
		})},
		{name: "unit with ports of an endpoint", do: func(s *spoiled) {
			ranges, err := s.unit("pg/0").OpenedPortRanges()
			s.ok(err)
			ranges.Open("server", network.MustParsePortRange("5432-5440/tcp"))
			ranges.Open("", network.MustParsePortRange("icmp"))
			s.ok(s.st.ApplyOperation(ranges.Changes()))
		}},
		{name: "meter status amber", do: onUnit(func(u *state.Unit) error { return u.SetMeterStatus("AMBER", "almost") })},
		{name: "relation that two units have joined", do: secondUnit("pg/0", "pg/1", "app/0")},
		{name: "relation that the second unit has not joined", do: secondUnit("pg/0", "app/0")},
		{name: "relation that one side has not joined", do: secondUnit("app/0")},
		{name: "peer relation that the second unit has not joined", do: func(s *spoiled) {
			peers(true)(s)
			a, err := s.st.Application("db")
			s.ok(err)
			s.addUnitOf(a, s.addMachine(ubuntu("22.04")))
		}},
		{name: "subordinate on two principals", do: func(s *spoiled) { s.secondPrincipal(true) }},
		{name: "subordinate that has not joined its second principal", do: func(s *spoiled) { s.secondPrincipal(false) }},
		{name: "relation that is said to be broken", do: func(s *spoiled) { s.ok(s.relate("pg/0", "app/0").SetStatus(since(status.Broken, ""))) }},
		{name: "relation that is said to be suspending", do: func(s *spoiled) { s.ok(s.relate("pg/0", "app/0").SetStatus(since(status.Suspending, ""))) }},
		{name: "relation that was removed before anything joined", do: func(s *spoiled) { s.ok(s.relate().Destroy()) }},
		{name: "consumed offer, dying, with a relation", do: func(s *spoiled) {
			s.remoteRelation(true)
			remote, err := s.st.RemoteApplication("loki")
			s.ok(err)
			s.ok(remote.Destroy())
		}},
		{name: "consumed offer that waits", do: func(s *spoiled) { s.ok(consumeOffer(s).SetStatus(since(status.Waiting, "for the other side"))) }},
		{name: "application destroyed and its relation left", do: func(s *spoiled) {
			s.ok(s.relate("pg/0", "app/0").SetStatus(since(status.Joined, "")))
			s.ok(s.app().Destroy())
		}},
		{name: "model of a newer patch", do: newerModel(newer)},
		{name: "model of a newer minor version", do: newerModel(newest)},
		{name: "user who administers the model", do: func(s *spoiled) {
			s.addUser("oscar", s.west, s.east)
			m, err := s.st.Model()
			s.ok(err)
			_, err = s.st.SetUserAccess(names.NewUserTag("oscar"), m.ModelTag(), permission.AdminAccess)
			s.ok(err)
		}},
		{name: "user who has seen the model", do: func(s *spoiled) {
			s.addUser("quentin", s.west, s.east)
			m, err := s.st.Model()
			s.ok(err)
			s.ok(m.UpdateLastModelConnection(names.NewUserTag("quentin")))
		}},
		{name: "owner that the target lacks", do: func(s *spoiled) {
			s.addUser("zoe", s.west)
			s.set(s.west, "models", s.model, bson.M{"owner": "zoe"})
		}},
		{name: "two users that the target lacks", do: func(s *spoiled) {
			s.addUser("rupert", s.west)
			s.addUser("trudy", s.west)
		}},
		{name: "source controller with a second machine", do: func(s *spoiled) { secondMachine(s, s.west) }, undo: func(s *spoiled) { removeSecondMachine(s, s.west) }},
		{name: "target controller with a second machine down", do: func(s *spoiled) {
			m := secondMachine(s, s.east)
			s.east.Presence.SetDown(s.east.ModelUUID, m.Tag().String(), true)
		}, undo: func(s *spoiled) { removeSecondMachine(s, s.east) }},
		{name: "upgrade of the source controller that has ended", do: func(s *spoiled) { s.ok(errors.Join(upgrade(s.west), s.west.State.AbortCurrentUpgrade())) }},
		{name: "upgrade of the target controller that has ended", do: func(s *spoiled) { s.ok(errors.Join(upgrade(s.east), s.east.State.AbortCurrentUpgrade())) }},
	}
}

// newerModel makes a model, and its agents, newer than its controller, which Juju does not let a client do.
func newerModel(to version.Binary) func(*spoiled) {
	return func(s *spoiled) {
		s.set(s.west, "settings", s.model+":e", bson.M{"settings.agent-version": to.Number.String()})
		s.ok(errors.Join(s.machine().SetAgentVersion(to), s.unit("pg/0").SetAgentVersion(to)))
	}
}

// secondMachine adds a healthy machine to a controller.
func secondMachine(s *spoiled, of *controller.Controller) *state.Machine {
	s.Helper()
	m, err := of.State.AddOneMachine(state.MachineTemplate{Base: ubuntu("22.04"), Jobs: []state.MachineJob{state.JobHostUnits}, InstanceId: "i-second", Nonce: "n"})
	s.ok(err)
	s.ok(controller.Settle(m, "password-of-the-second-machine-1"))
	return m
}

func removeSecondMachine(s *spoiled, of *controller.Controller) {
	s.Helper()
	machines, err := of.State.AllMachines()
	s.ok(err)
	for _, m := range machines[1:] {
		s.ok(errors.Join(m.EnsureDead(), m.Remove()))
	}
}
